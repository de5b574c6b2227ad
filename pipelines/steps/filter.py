"""Keep what a filter shows, as on the Curate page; all that is given must hold, and one value of each list."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
from pydantic import ConfigDict, Field, model_validator

from pipelines.steps.base import Context, StepParams, findings, step
from pipelines.steps.difficulty import pass_rates, response_files
from workbench.annotations import PROBLEM_KINDS, TAGS, Annotations

# How a list names problems without a value, here and on the page.
NO_VALUE = "(none)"
_COLUMNS = {
    "sources": "source",
    "subjects": "subject",
    "topics": "topic",
    "grades": "grade",
    "levels": "level",
    "answer_types": "answer_type",
    "languages": "language",
    "licenses": "license",
    "splits": "split",
}


class FilterParams(StepParams):
    """Lists name values ("(none)" for no value); None lets all pass.

    `reasons` are those of decisions, of the inputs' or of earlier steps; `text` stands in question or answer in any
    case, or is an id. With `lower` or `upper` only problems with a pass rate stay. `annotated` asks whether anybody
    said something about the problem.
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), coerce_numbers_to_str=True)

    sources: list[str] | None = None
    subjects: list[str] | None = None
    topics: list[str] | None = None
    grades: list[str] | None = None
    levels: list[str] | None = None
    answer_types: list[str] | None = None
    languages: list[str] | None = None
    licenses: list[str] | None = None
    splits: list[str] | None = None
    reasons: list[str] | None = None
    tags: list[str] | None = None
    text: str | None = Field(None, min_length=1)
    lower: float = Field(0, ge=0, le=1)
    upper: float = Field(1, ge=0, le=1)
    model: str | list[str] | None = None
    annotated: bool | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "FilterParams":
        if self.lower > self.upper:
            raise ValueError(f"lower {self.lower} is above upper {self.upper}")
        return self

    @property
    def by_rate(self) -> bool:
        return self.lower > 0 or self.upper < 1


def reads(params: FilterParams, context: Context) -> Iterator[Path | str]:
    """Annotations, responses and earlier reasons, each where the filter asks for it."""
    notes = Annotations(context.workspace)
    if params.annotated is not None:
        yield from (notes.file(kind) for kind in PROBLEM_KINDS)
    if params.tags is not None:
        yield notes.file(TAGS)
    if params.by_rate:
        yield from response_files(context, params.model)
    if params.reasons is not None:
        yield from sorted(_with_reason(context, params.reasons))


@step("filter", FilterParams, reads=reads, strict=True)
def filter_(problems: pl.DataFrame, params: FilterParams, context: Context) -> pl.DataFrame:
    """Reason: filtered_out; `by` is the first parameter that the problem does not meet."""
    checks: dict[str, pl.Series] = {}
    for name, column in _COLUMNS.items():
        if (wanted := getattr(params, name)) is not None:
            checks[name] = problems[column].fill_null(NO_VALUE).is_in(wanted)
    if params.text is not None:
        checks["text"] = _holding(problems, params.text)
    if params.reasons is not None:
        checks["reasons"] = problems["problem_id"].is_in(list(_with_reason(context, params.reasons)))
    if params.tags is not None:
        checks["tags"] = problems["problem_id"].is_in(_tagged(context, params.tags).implode())
    if params.annotated is not None:
        notes = Annotations(context.workspace)
        said = pl.concat([notes.latest(kind)["target"] for kind in PROBLEM_KINDS])
        checks["annotated"] = problems["problem_id"].is_in(said.implode()) == params.annotated
    if params.by_rate:
        rates = pass_rates(problems, params.model, context).select("problem_id", "rate")
        rate = problems.select("problem_id").join(rates, on="problem_id", how="left", maintain_order="left")["rate"]
        # The bounds are typed decimals: 0.3 must let 3/10 through.
        inside = (rate >= params.lower - 1e-9) & (rate <= params.upper + 1e-9)
        checks["lower" if params.lower > 0 else "upper"] = inside.fill_null(False)
    failed = (
        pl.coalesce(pl.when(~check).then(pl.lit(name)) for name, check in checks.items()) if checks else pl.lit(None)
    )
    rows = problems.select("problem_id", by=failed)
    return findings(rows.filter(pl.col("by").is_not_null()), "filtered_out", "by")


def _holding(problems: pl.DataFrame, text: str) -> pl.Series:
    wanted = text.lower()
    columns = [
        pl.col(name).fill_null("").str.to_lowercase().str.contains(wanted, literal=True)
        for name in ("question", "answer")
    ]
    ids = [pl.col(name) == text for name in ("problem_id", "source_id")]
    return problems.select(pl.any_horizontal(*columns, *ids)).to_series()


def _with_reason(context: Context, reasons: list[str]) -> set[str]:
    """The problems with a decision of one of these reasons, in the inputs or in this run."""
    before = [pl.scan_parquet(path).select("problem_id", "reason") for path in context.decisions]
    now = [frame.lazy().select("problem_id", "reason") for frame in context.found]
    if not before and not now:
        return set()
    rows = pl.concat([*before, *now]).filter(pl.col("reason").is_in(reasons)).collect()
    return set(rows["problem_id"])


def _tagged(context: Context, tags: list[str]) -> pl.Series:
    held = Annotations(context.workspace).latest(TAGS)
    values = held["value"].str.json_decode(pl.List(pl.String))
    return held.filter(values.list.set_intersection(tags).list.len() > 0)["target"]
