"""Keep what a model solves sometimes: a group whose answers are all right or all wrong teaches nothing."""

from typing import Literal

import polars as pl
from pydantic import Field, model_validator

from pipelines.histogram import pass_rate_histogram
from pipelines.steps.base import Context, StepParams, findings, step, together
from workbench.errors import UserError
from workbench.store import Store
from workbench.workspace import safe_name


class DifficultyParams(StepParams):
    """Keeps lower ≤ pass rate ≤ upper. `model` None pools the answers of all models.

    `missing` says what becomes of a problem without a pass rate: kept with a flag, or dropped.
    """

    lower: float = Field(0.1, ge=0, le=1)
    upper: float = Field(0.9, ge=0, le=1)
    model: str | None = None
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


@step("difficulty", DifficultyParams, explain)
def difficulty(problems: pl.DataFrame, params: DifficultyParams, context: Context) -> pl.DataFrame:
    """Reasons: too_hard, too_easy, no_pass_rate (a flag, or a drop where `missing` says so)."""
    rows = pass_rates(problems, params.model, context)
    figures = ("rate", "k", "n", "models")
    missing = findings(
        rows.filter(pl.col("rate").is_null()),
        "no_pass_rate",
        "stale",
        verdict="drop" if params.missing == "drop" else "flag",
    )
    return together(
        [
            findings(rows.filter(pl.col("rate") < params.lower), "too_hard", *figures),
            findings(rows.filter(pl.col("rate") > params.upper), "too_easy", *figures),
            missing,
        ]
    )


def pass_rates(problems: pl.DataFrame, model: str | None, context: Context) -> pl.DataFrame:
    """problem_id, rate, k of n, models, and how many judged responses are stale (made for other content).

    Responses are found by problem, whatever dataset they were sampled for. `rate` is null where n is 0.
    Raises UserError if there are responses, but none of `model`.
    """
    store = Store(context.workspace)
    files = store.responses(model=model)
    if model is not None and not files and (others := store.responses()):
        known = ", ".join(sorted({path.parent.name for path in others}))
        raise UserError(f"no responses of model {safe_name(model)!r} are stored; there are some of {known}")
    context.read.extend(files)
    counts = store.pass_rates(model=model).rename({"content_hash": "made_for"}).drop("rate", "low", "high")
    joined = problems.join(counts, on="problem_id", how="left", maintain_order="left")
    fresh = pl.col("made_for") == pl.col("content_hash")
    return (
        joined.group_by("problem_id", maintain_order=True)
        .agg(
            k=pl.col("k").filter(fresh).sum(),
            n=pl.col("n").filter(fresh).sum(),
            models=pl.col("model").filter(fresh).unique().sort(),
            stale=pl.col("n").filter(~fresh).sum(),
        )
        .with_columns(rate=pl.when(pl.col("n") > 0).then(pl.col("k") / pl.col("n")))
    )
