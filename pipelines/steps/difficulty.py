"""Keep what a model solves sometimes: a group whose answers are all right or all wrong teaches nothing."""

from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import Field, model_validator

from pipelines.histogram import pass_rate_histogram
from pipelines.steps.base import Context, StepParams, findings, step, together
from workbench.errors import UserError
from workbench.store import Store, with_rates
from workbench.workspace import safe_name


class DifficultyParams(StepParams):
    """Keeps lower ≤ pass rate ≤ upper. `model` is one, or several whose answers are pooled; None pools all.

    With `bound: interval` a problem goes only where the whole Wilson 95 % interval of its rate lies outside.
    `missing` says what becomes of a problem without a pass rate where others have one: kept with a flag, or dropped.
    """

    lower: float = Field(0.1, ge=0, le=1)
    upper: float = Field(0.9, ge=0, le=1)
    bound: Literal["rate", "interval"] = "rate"
    model: str | list[str] | None = None
    missing: Literal["keep", "drop"] = "keep"

    @model_validator(mode="after")
    def _ordered(self) -> "DifficultyParams":
        if self.lower > self.upper:
            raise ValueError(f"lower {self.lower} is above upper {self.upper}")
        return self


def explain(problems: pl.DataFrame, params: DifficultyParams, context: Context) -> str:
    """The histogram of the pass rates that were too low or too high."""
    rates = pass_rates(problems, params.model, Context(context.workspace))["rate"].drop_nulls()
    return f"pass rates of {len(rates)} problems:\n{pass_rate_histogram(rates)}"


def reads(params: DifficultyParams, context: Context) -> list[Path]:
    """The response files of the models that count."""
    return response_files(context, params.model)


@step("difficulty", DifficultyParams, explain, reads)
def difficulty(problems: pl.DataFrame, params: DifficultyParams, context: Context) -> pl.DataFrame:
    """Reasons: too_hard, too_easy, no_pass_rate (a flag, or a drop where `missing` says so)."""
    rows = pass_rates(problems, params.model, context)
    unmeasured = rows["rate"].null_count()
    missing = params.missing
    if unmeasured == rows.height:
        stale = rows["stale"].sum()
        older = f"; {stale} that are stored were made for an older content" if stale else ""
        context.say(f"no responses to these problems are stored, so all pass{older}; `eureka difficulty` makes some")
        missing = "keep"
    elif unmeasured:
        context.say(f"{unmeasured} of {rows.height} problems have no pass rate")
    interval = params.bound == "interval"
    hardest, easiest = (pl.col("high"), pl.col("low")) if interval else (pl.col("rate"), pl.col("rate"))
    figures = ("rate", "k", "n", "low", "high", "models")
    return together(
        [
            findings(rows.filter(hardest < params.lower), "too_hard", *figures),
            findings(rows.filter(easiest > params.upper), "too_easy", *figures),
            findings(
                rows.filter(pl.col("rate").is_null()),
                "no_pass_rate",
                "stale",
                verdict="drop" if missing == "drop" else "flag",
            ),
        ]
    )


def response_files(context: Context, model: str | list[str] | None) -> list[Path]:
    """The files with answers of one model, of several, or of all (None).

    Raises UserError if there are responses, but none of a model that is named.
    """
    store = Store(context.workspace)
    if model is None:
        return store.responses()
    files: list[Path] = []
    for name in [model] if isinstance(model, str) else model:
        found = store.responses(model=name)
        if not found and (others := store.responses()):
            known = ", ".join(sorted({path.parent.name for path in others}))
            raise UserError(f"no responses of model {safe_name(name)!r} are stored; there are some of {known}")
        files += found
    return list(dict.fromkeys(files))


def pass_rates(problems: pl.DataFrame, model: str | list[str] | None, context: Context) -> pl.DataFrame:
    """problem_id, rate = k / n with its Wilson interval low, high, models, and how many judged responses are stale.

    Responses are found by problem, whatever dataset they were sampled for; stale ones were made for other content and
    count nowhere else. `rate`, `low` and `high` are null where n is 0.
    """
    files = response_files(context, model)
    context.read.extend(files)
    counts = Store(context.workspace).query(
        "SELECT problem_id, content_hash AS made_for, model, n, k FROM pass_rates ORDER BY problem_id, model",
        responses=files,
    )
    joined = problems.select("problem_id", "content_hash").join(
        counts, on="problem_id", how="left", maintain_order="left"
    )
    fresh = pl.col("made_for") == pl.col("content_hash")
    rows = joined.group_by("problem_id", maintain_order=True).agg(
        k=pl.col("k").filter(fresh).sum(),
        n=pl.col("n").filter(fresh).sum(),
        models=pl.col("model").filter(fresh & (pl.col("n") > 0)).unique().sort(),
        stale=pl.col("n").filter(~fresh).sum(),
    )
    return with_rates(rows)
