"""Curation: run a recipe's steps in order, give every problem exactly one decision, and keep the funnel."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from pipelines.curation.funnel import FunnelStep, applied
from pipelines.curation.recipe import RecipeStep, load_recipe
from pipelines.curation.results import digest_of, result_of
from pipelines.curation.reviewed import ROWS, STEP, accepted, replaced, reviews
from pipelines.manifest import hashed, provenance
from pipelines.steps import LONG, Context
from workbench.errors import UserError
from workbench.schema import DECISIONS, PROBLEMS
from workbench.workspace import DatasetVersion, Workspace, check_name, publish, write_json, write_table

_COLUMNS = [name for name in PROBLEMS.names if name not in LONG]
_ROWS_AT_ONCE = 65_536


@dataclass(frozen=True)
class CurationReport:
    """The new version and its funnel."""

    ref: str
    path: Path
    funnel: list[FunnelStep]


def curate(workspace: Workspace, recipe: str | Path, inputs: str | Sequence[str], output: str) -> CurationReport:
    """Run a recipe (a path or a bundled name) over one or several datasets; the result is the next version of `output`.

    What curators said (annotations) comes first, see `pipelines.curation.reviewed`. A step whose inputs, parameters
    and code are those of an earlier run is not computed again. Raises UserError for a bad recipe or dataset, or where
    a step leaves nothing; then no version is made.
    """
    check_name("dataset", output)
    loaded = load_recipe(str(recipe))
    versions = [workspace.dataset(ref) for ref in ([inputs] if isinstance(inputs, str) else inputs)]
    if not versions:
        raise UserError("curate needs at least one --input dataset")
    try:
        return _curate(workspace, loaded, versions, output)
    except OSError as error:
        raise UserError(f"the curation of {output} stopped, nothing was published: {error}") from error


def _curate(workspace: Workspace, recipe: Any, versions: list[DatasetVersion], output: str) -> CurationReport:
    decided = [v.decisions for v in versions if v.decisions.exists()]
    context = Context(workspace, decisions=decided, tables=[v.problems for v in versions])
    files = hashed([v.problems for v in versions], workspace.root)
    left, flags, merged = merge(versions)
    state = digest_of([file["sha256"] for file in files], _missing_pictures(left, workspace))
    left, reviewed_rows, reviewed_line, state = _reviewed(left, workspace, state)
    funnel = [merged] if len(versions) > 1 else []
    decisions = context.found = [flags, reviewed_rows]
    funnel += [reviewed_line] if reviewed_rows.height else []
    kept_whatever = accepted(workspace)
    for entry in recipe.steps:
        left, found, counted, state = run_step(left, entry, context, state, kept_whatever)
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
        "inputs": [{"dataset": v.ref, **file} for v, file in zip(versions, files, strict=True)],
        "responses": hashed(sorted(set(context.read)), workspace.root),
        "funnel": [item.row() for item in funnel],
        "counts": _counts(left, merged.n_in),
    }
    with workspace.new_version(output) as version:
        table = pl.concat([*decisions, kept]).with_columns(dataset_version=pl.lit(version.ref))
        write_problems(version.problems, left, versions)
        write_table(version.decisions, table.to_arrow(), DECISIONS)
        write_json(version.path / "manifest.json", manifest)
    return CurationReport(version.ref, workspace.dataset(version.ref).path, funnel)


def merge(versions: Sequence[DatasetVersion]) -> tuple[pl.DataFrame, pl.DataFrame, FunnelStep]:
    """All inputs as one frame, the flags of merging, and how many rows came twice.

    A problem that several inputs hold (the same problem_id) counts once: the first input's row stays, with a flag.
    The frame has the problems' columns but the long ones, and `_input` and `_row`: where a row's long ones lie.
    """
    frames = [
        pl.scan_parquet(version.problems)
        .select(*_COLUMNS, _input=pl.lit(number, pl.UInt16), _row=pl.int_range(pl.len(), dtype=pl.UInt32))
        .collect()
        for number, version in enumerate(versions)
    ]
    rows = pl.concat(frames, rechunk=False)
    del frames
    is_first = rows["problem_id"].is_first_distinct()
    repeated = rows.filter(~is_first).select("problem_id", input=pl.col("_input"))
    refs = [version.ref for version in versions]
    flags = (
        repeated.group_by("problem_id", maintain_order=True)
        .agg(inputs=pl.col("input").replace_strict(range(len(refs)), refs, return_dtype=pl.String))
        .select(
            "problem_id",
            step=pl.lit("merge"),
            verdict=pl.lit("flag"),
            reason=pl.lit("repeated"),
            detail=pl.struct("inputs").struct.json_encode(),
        )
    )
    first = rows.filter(is_first) if repeated.height else rows
    dropped = {"repeated": repeated.height} if repeated.height else {}
    return first, pl.concat([ROWS.to_frame(), flags]), FunnelStep("merge", rows.height, dropped, {}, first.height)


def _reviewed(
    problems: pl.DataFrame, workspace: Workspace, state: str
) -> tuple[pl.DataFrame, pl.DataFrame, FunnelStep, str]:
    """The first stage: what curators said."""
    changes, rows = reviews(problems, workspace)
    nobody = pl.DataFrame(schema={"problem_id": pl.String, "accepted_by": pl.String})
    stage = applied(problems, STEP, rows.drop("step"), None, nobody)
    if stage.left.is_empty():
        raise UserError(f"curators rejected all of {problems.height} problems; no version made")
    left = replaced(stage.left, changes)
    line = FunnelStep(STEP, problems.height, stage.dropped, stage.flagged, left.height)
    return left, stage.rows, line, digest_of(state, stage.drops, changes)


def run_step(
    problems: pl.DataFrame, entry: RecipeStep, context: Context, state: str, kept_whatever: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, FunnelStep, str]:
    """What a step leaves, its decisions (without dataset_version), its line of the funnel, and the next state.

    `kept_whatever` are the accepted problems. Raises UserError if the step leaves nothing.
    """
    name = entry.step.name
    seen = _with_long(problems, entry.step.columns, context).select(*_COLUMNS, *entry.step.columns)
    result = result_of(entry, seen, state, context)
    spared = kept_whatever.clear() if entry.step.strict else kept_whatever
    stage = applied(problems, name, result.findings, result.columns, spared)
    if stage.left.is_empty():
        reasons = ", ".join(f"{reason} {count}" for reason, count in stage.dropped.items())
        lines = f"; {entry.step.explain(seen, entry.params, context)}" if entry.step.explain else ""
        raise UserError(f"step {name} leaves nothing of {problems.height} problems ({reasons}); no version made{lines}")
    counts = (problems.height, stage.dropped, stage.flagged, stage.left.height)
    line = FunnelStep(name, *counts, result.unchanged, tuple(result.notes))
    changes = [] if result.columns is None else [result.columns]
    return stage.left, stage.rows, line, digest_of(state, stage.drops, *changes)


def _with_long(problems: pl.DataFrame, columns: Sequence[str], context: Context) -> pl.DataFrame:
    """The problems with some of their long columns, read from where their rows lie."""
    if not columns:
        return problems
    long = [
        pl.scan_parquet(path).select(
            *columns, _input=pl.lit(number, pl.UInt16), _row=pl.int_range(pl.len(), dtype=pl.UInt32)
        )
        for number, path in enumerate(context.tables)
    ]
    rows = pl.concat(long).collect()
    return problems.join(rows, on=["_input", "_row"], how="left", maintain_order="left")


def write_problems(path: Path, left: pl.DataFrame, versions: Sequence[DatasetVersion]) -> None:
    """Write what is left as a problems table, atomically; the long columns are read again piece by piece."""
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    with pq.ParquetWriter(temporary, PROBLEMS, compression="zstd") as writer:
        for number, version in enumerate(versions):
            mine = left.filter(pl.col("_input") == number)
            start = 0
            for batch in pq.ParquetFile(version.problems).iter_batches(_ROWS_AT_ONCE, columns=list(LONG)):
                long = pl.DataFrame(batch).with_columns(
                    _row=pl.int_range(start, start + batch.num_rows, dtype=pl.UInt32, eager=True)
                )
                here = mine.filter(pl.col("_row").is_between(start, start + batch.num_rows - 1))
                start += batch.num_rows
                if here.height:
                    rows = here.join(long, on="_row", how="left", maintain_order="left")
                    writer.write_table(rows.select(PROBLEMS.names).to_arrow().cast(PROBLEMS))
    publish(temporary, path)


def _missing_pictures(problems: pl.DataFrame, workspace: Workspace) -> list[str]:
    """The pictures that the store lacks: steps find other things when one comes or goes."""
    shas = problems["images"].explode().drop_nulls().unique()
    there = pl.Series([path.stem for path in workspace.images.glob("??/*")], dtype=pl.String)
    return sorted(shas.filter(~shas.is_in(there.implode())))


def _counts(left: pl.DataFrame, n_in: int) -> dict[str, int]:
    return {
        "input": n_in,
        "kept": left.height,
        "dropped": n_in - left.height,
        "images": left["images"].explode().drop_nulls().n_unique(),
    }
