"""What a curation step is: it looks at the problems that are left and says which to drop or flag, and why.

It may also give columns new values (as `split` does). The problems it sees have all columns but the long ones,
`solution` and `extra`, which it gets if it asks for them.

A new step is a new file in this folder with a function registered by `@step(name, Params)`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
from pydantic import BaseModel, ConfigDict

from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.registry import Registry
from workbench.schema import PROBLEMS
from workbench.workspace import Workspace

# Long columns that few steps look at: they stay on disk until the result is written.
LONG = ("solution", "extra")
# What a step returns: one row a finding, at most one `drop` a problem counted (the first).
FINDINGS = pl.Schema({"problem_id": pl.String, "verdict": pl.String, "reason": pl.String, "detail": pl.String})


class StepParams(BaseModel):
    """A step's parameters as the recipe gives them; unknown ones are an error."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


@dataclass
class Context:
    """What a step may look at besides the problems. `read` collects the files its result depends on.

    `notes` are lines for the person who runs the recipe, such as "no responses are stored". `decisions` are the inputs'
    tables of decisions, `tables` their tables of problems, `found` the decisions of this run so far (problem_id, step,
    verdict, reason, detail).
    """

    workspace: Workspace
    read: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    decisions: list[Path] = field(default_factory=list)
    tables: list[Path] = field(default_factory=list)
    found: list[pl.DataFrame] = field(default_factory=list)

    def say(self, note: str) -> None:
        self.notes.append(note)

    @property
    def images(self) -> ImageStore:
        return ImageStore(self.workspace.images)


P = TypeVar("P", bound=StepParams)
# Findings, and optionally the new values of some columns: problem_id and those columns, for the problems that change.
StepResult = pl.DataFrame | tuple[pl.DataFrame, pl.DataFrame]
StepFunction = Callable[[pl.DataFrame, Any, Context], StepResult]
F = TypeVar("F", bound=StepFunction)


@dataclass(frozen=True)
class Step:
    """A step's function (problems, params, context) → findings or (findings, columns), and its parameters' model.

    `explain` gives lines for the error raised where the step drops everything. `reads` names what the result depends
    on besides problems and pictures, files or facts as texts, so that a change is noticed. A `strict` step also drops
    problems that a curator accepted: they are unusable, or not asked for. `columns` are those of LONG that it asks for.
    """

    name: str
    params: type[StepParams]
    run: StepFunction
    explain: Callable[[pl.DataFrame, Any, Context], str] | None = None
    reads: Callable[[Any, Context], Iterable[Path | str]] | None = None
    strict: bool = False
    columns: tuple[str, ...] = ()


STEPS: Registry[Step] = Registry("curation step")


def step(
    name: str,
    params: type[P],
    explain: Callable[[pl.DataFrame, P, Context], str] | None = None,
    reads: Callable[[P, Context], Iterable[Path | str]] | None = None,
    strict: bool = False,
    columns: Sequence[str] = (),
) -> Callable[[F], F]:
    """Register a step's function under its name in recipes. UserError for a column that problems do not have."""
    if unknown := [column for column in columns if column not in PROBLEMS.names]:
        raise UserError(f"step {name} asks for the column {unknown[0]!r}; problems have {', '.join(PROBLEMS.names)}")
    long = tuple(column for column in LONG if column in columns)

    def add(run: F) -> F:
        STEPS.register(name, by=run)(Step(name, params, run, explain, reads, strict, long))
        return run

    return add


def findings(rows: pl.DataFrame, reason: str | pl.Expr, *figures: str | pl.Expr, verdict: str = "drop") -> pl.DataFrame:
    """One finding for each row; `figures` are columns or expressions that become the detail's JSON object."""
    code = pl.lit(reason) if isinstance(reason, str) else reason
    detail = pl.struct(*figures).struct.json_encode() if figures else pl.lit("{}")
    return rows.select("problem_id", verdict=pl.lit(verdict), reason=code, detail=detail).cast(FINDINGS)


def together(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Several findings as one frame, the earlier ones first."""
    return pl.concat([FINDINGS.to_frame(), *parts])
