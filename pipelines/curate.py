"""Curation: run a recipe's steps in order, give every problem exactly one decision, and keep the funnel."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.manifest import hashed, provenance
from pipelines.recipe import RecipeStep, load_recipe
from pipelines.steps import Context
from pipelines.steps.base import FINDINGS
from workbench.errors import UserError
from workbench.schema import DECISIONS, PROBLEMS
from workbench.workspace import DatasetVersion, Workspace, check_name, write_json, write_table


@dataclass(frozen=True)
class FunnelStep:
    """How many problems came into a step, left it by reason, were flagged by reason, and went on."""

    step: str
    n_in: int
    dropped: dict[str, int]
    flagged: dict[str, int]
    n_out: int

    def row(self) -> dict[str, Any]:
        return {"step": self.step, "in": self.n_in, "dropped": self.dropped, "flagged": self.flagged, "out": self.n_out}


@dataclass(frozen=True)
class CurationReport:
    """The new version and its funnel."""

    ref: str
    path: Path
    funnel: list[FunnelStep]


def curate(workspace: Workspace, recipe_name: str, inputs: list[str], output: str) -> CurationReport:
    """Run a recipe (a path or a bundled name) over datasets; the result is the next version of `output`.

    Raises UserError for a bad recipe or dataset, or where a step leaves nothing; then no version is made.
    """
    check_name("dataset", output)
    recipe = load_recipe(recipe_name)
    versions = [workspace.dataset(ref) for ref in inputs]
    if not versions:
        raise UserError("curate needs at least one --input dataset")
    context = Context(workspace)
    left, decisions, merged = merge(versions)
    funnel = [merged] if len(versions) > 1 else []
    for entry in recipe.steps:
        left, found, counted = run_step(left, entry, context)
        decisions.append(found)
        funnel.append(counted)
    kept = left.select(
        "problem_id",
        step=pl.lit(recipe.steps[-1].step.name),
        verdict=pl.lit("keep"),
        reason=pl.lit("kept"),
        detail=pl.lit("{}"),
    )
    manifest = {
        **provenance("curate"),
        "recipe": {
            "name": recipe.name,
            "sha256": recipe.sha256,
            "steps": [entry.resolved() for entry in recipe.steps],
        },
        "inputs": [{"dataset": v.ref, **hashed([v.problems], workspace.root)[0]} for v in versions],
        "responses": hashed(sorted(set(context.read)), workspace.root),
        "funnel": [item.row() for item in funnel],
        "counts": _counts(left, funnel),
    }
    with workspace.new_version(output) as version:
        table = pl.concat([*decisions, kept]).with_columns(dataset_version=pl.lit(version.ref))
        write_table(version.problems, left.to_arrow(), PROBLEMS)
        write_table(version.decisions, table.to_arrow(), DECISIONS)
        write_json(version.path / "manifest.json", manifest)
    return CurationReport(version.ref, workspace.dataset(version.ref).path, funnel)


def merge(versions: list[DatasetVersion]) -> tuple[pl.DataFrame, list[pl.DataFrame], FunnelStep]:
    """All inputs as one frame, the flags of merging, and how many rows came twice.

    A problem that several inputs hold (the same problem_id) counts once: the first input's row stays, with a flag.
    """
    frames = [
        pl.read_parquet(version.problems).with_columns(_from=pl.lit(version.ref)).select(*PROBLEMS.names, "_from")
        for version in versions
    ]
    rows = pl.concat(frames)
    copies = rows.with_columns(_first=pl.int_range(pl.len()).over("problem_id") == 0)
    first = copies.filter("_first")
    repeated = copies.filter(~pl.col("_first"))
    flags = (
        repeated.group_by("problem_id", maintain_order=True)
        .agg(inputs=pl.col("_from"))
        .select(
            "problem_id",
            step=pl.lit("merge"),
            verdict=pl.lit("flag"),
            reason=pl.lit("repeated"),
            detail=pl.struct("inputs").struct.json_encode(),
        )
    )
    dropped = {"repeated": repeated.height} if repeated.height else {}
    funnel = FunnelStep("merge", rows.height, dropped, {}, first.height)
    return first.select(PROBLEMS.names), [flags], funnel


def run_step(
    problems: pl.DataFrame, entry: RecipeStep, context: Context
) -> tuple[pl.DataFrame, pl.DataFrame, FunnelStep]:
    """What a step leaves, its decisions (without dataset_version) and its line of the funnel.

    Raises UserError if it leaves nothing.
    """
    name = entry.step.name
    found = entry.step.run(problems, entry.params, context)
    found = found.unique(["problem_id", "verdict", "reason"], keep="first", maintain_order=True)
    drops = found.filter(pl.col("verdict") == "drop").unique("problem_id", keep="first", maintain_order=True)
    flags = found.filter(pl.col("verdict") == "flag")
    left = problems.join(drops.select("problem_id"), on="problem_id", how="anti", maintain_order="left")
    dropped = dict(Counter(drops["reason"]).most_common())
    flagged = dict(Counter(flags["reason"]).most_common())
    if left.is_empty():
        reasons = ", ".join(f"{reason} {count}" for reason, count in dropped.items())
        lines = f"; {entry.step.explain(problems, entry.params, context)}" if entry.step.explain else ""
        raise UserError(f"step {name} leaves nothing of {problems.height} problems ({reasons}); no version made{lines}")
    decisions = pl.concat([drops, flags]).select("problem_id", pl.lit(name).alias("step"), *list(FINDINGS)[1:])
    return left, decisions, FunnelStep(name, problems.height, dropped, flagged, left.height)


def _counts(left: pl.DataFrame, funnel: list[FunnelStep]) -> dict[str, int]:
    return {
        "input": funnel[0].n_in,
        "kept": left.height,
        "dropped": sum(sum(item.dropped.values()) for item in funnel),
        "images": left["images"].explode().drop_nulls().n_unique(),
    }
