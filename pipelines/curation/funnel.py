"""One stage of curation: what its findings drop, flag and change, and its line of the funnel."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.curation.reviewed import ROWS, replaced
from pipelines.steps import FINDINGS, LONG
from workbench.errors import UserError

# What a step must not change: who a problem is, and what responses and verdicts were made for.
_FIXED = {"problem_id", "content_hash", "source", "source_id", "question", "images", "choices", "answer"}


@dataclass(frozen=True)
class FunnelStep:
    """How many problems came into a step, left it by reason, were flagged by reason, and went on.

    `unchanged`: the findings are those of an earlier run. `notes` are lines that the step said.
    """

    step: str
    n_in: int
    dropped: dict[str, int]
    flagged: dict[str, int]
    n_out: int
    unchanged: bool = False
    notes: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "in": self.n_in,
            "dropped": self.dropped,
            "flagged": self.flagged,
            "out": self.n_out,
            "unchanged": self.unchanged,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Stage:
    """What a stage leaves, its decisions (ROWS), and how many were dropped and flagged by reason."""

    left: pl.DataFrame
    rows: pl.DataFrame
    dropped: dict[str, int]
    flagged: dict[str, int]

    @property
    def drops(self) -> pl.Series:
        return self.rows.filter(pl.col("verdict") == "drop")["problem_id"]


def applied(
    problems: pl.DataFrame, name: str, findings: pl.DataFrame, columns: pl.DataFrame | None, accepted: pl.DataFrame
) -> Stage:
    """Apply a step's findings to the problems; the first drop of a problem counts.

    An `accepted` problem (problem_id, accepted_by) stays: its drop becomes a flag that names who accepted it.
    """
    found = findings.unique(["problem_id", "verdict", "reason"], keep="first", maintain_order=True)
    drops = found.filter(pl.col("verdict") == "drop").unique("problem_id", keep="first", maintain_order=True)
    flags = found.filter(pl.col("verdict") == "flag")
    spared = drops.join(accepted, on="problem_id", how="inner", maintain_order="left")
    if spared.height:
        drops = drops.join(spared, on="problem_id", how="anti", maintain_order="left")
        flags = pl.concat([flags, spared.select("problem_id", pl.lit("flag").alias("verdict"), "reason", _signed())])
    left = problems
    if drops.height:
        left = problems.join(drops.select("problem_id"), on="problem_id", how="anti", maintain_order="left")
    if columns is not None:
        left = replaced(left, columns)
    rows = pl.concat([drops, flags]).with_columns(step=pl.lit(name)).select(list(ROWS))
    counts = (dict(Counter(part["reason"]).most_common()) for part in (drops, flags))
    return Stage(left, rows, *counts)


def check_findings(step: str, found: pl.DataFrame, columns: pl.DataFrame | None, problems: pl.DataFrame) -> None:
    """UserError, which says what is amiss, unless a step returned findings about these problems, and fit columns."""
    wanted = ", ".join(FINDINGS.names())
    if not isinstance(found, pl.DataFrame) or found.columns != FINDINGS.names():
        columns_found = found.columns if isinstance(found, pl.DataFrame) else type(found).__name__
        raise UserError(f"step {step} returned {columns_found}, not findings with {wanted}; `findings(…)` makes them")
    if odd := sorted(set(found["verdict"].unique()) - {"drop", "flag"}, key=str):
        raise UserError(f"step {step} has the verdict {odd[0]!r}; there are drop and flag, and what has none is kept")
    unknown = found.join(problems.select("problem_id"), on="problem_id", how="anti")
    if unknown.height:
        raise UserError(f"step {step} has a finding about {unknown['problem_id'][0]!r}, which it was not given")
    if columns is None:
        return
    changeable = [name for name in problems.columns if name not in {*_FIXED, *LONG}]
    if columns.columns[:1] != ["problem_id"] or not set(columns.columns[1:]) <= set(changeable):
        raise UserError(
            f"step {step} returned new values with the columns {columns.columns}; they must be problem_id and then "
            f"some of {', '.join(changeable)}"
        )


def _signed() -> pl.Expr:
    """The detail with `accepted_by` added to its object."""
    name = pl.struct("accepted_by").struct.json_encode().str.strip_prefix("{")
    inner = pl.col("detail").str.strip_suffix("}")
    comma = pl.when(inner == "{").then(pl.lit("")).otherwise(pl.lit(","))
    return pl.concat_str(inner, comma, name).alias("detail")
