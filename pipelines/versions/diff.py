"""Two dataset versions beside each other: which problems came, went and changed, and why."""

import json
from dataclasses import dataclass
from typing import Any

import polars as pl

from workbench.schema import PROBLEMS
from workbench.workspace import DatasetVersion, Workspace, read_jsonl

# change: came, went or changed. why: the step and reason of the decision, or where the rows came from.
CHANGES = pl.Schema(
    {
        "change": pl.String(),
        "problem_id": pl.String(),
        "source": pl.String(),
        "source_id": pl.String(),
        "why": pl.String(),
        "columns": pl.List(pl.String()),  # of a changed problem
    }
)
_NAMES = ["problem_id", "source", "source_id"]
_COMPARED = [name for name in PROBLEMS.names if name not in (*_NAMES, "content_hash")]


@dataclass(frozen=True)
class Difference:
    """The changes from `one` to `two` (a row a problem, CHANGES), and how many problems both hold alike."""

    one: str
    two: str
    changes: pl.DataFrame
    same: int

    def counts(self) -> list[dict[str, Any]]:
        """A row for each change and reason: how many problems, and the first three by source_id."""
        why = pl.concat_str("why", pl.col("columns").list.join(", "), separator=": ", ignore_nulls=True)
        grouped = self.changes.with_columns(why=why).group_by("change", "why", maintain_order=True)
        found = grouped.agg(problems=pl.len(), such_as=pl.col("source_id").head(3).str.join(", "))
        return found.sort(["change", "problems", "why"], descending=[False, True, False]).to_dicts()


def difference(workspace: Workspace, one: str, two: str) -> Difference:
    """What became of the problems of version `one` in version `two`. Raises UserError for an unknown version."""
    old, new = workspace.dataset(one), workspace.dataset(two)
    before, after = _hashed(old), _hashed(new)
    came = after.join(before, on="problem_id", how="anti", maintain_order="left")
    went = before.join(after, on="problem_id", how="anti", maintain_order="left")
    both = after.join(before.select("problem_id", old="hash"), on="problem_id", how="inner", maintain_order="left")
    changed = both.filter(pl.col("hash") != pl.col("old"))
    parts = [
        _came(came, old, new),
        _went(went, old, new),
        _changed(changed, old, new),
    ]
    return Difference(old.ref, new.ref, pl.concat(parts), both.height - changed.height)


def _hashed(version: DatasetVersion) -> pl.DataFrame:
    """problem_id, source, source_id, and a hash of all other columns."""
    columns = pl.scan_parquet(version.problems)
    return columns.select(*_NAMES, hash=pl.struct(*_COMPARED).hash(0)).collect()


def _decided(version: DatasetVersion, verdict: str) -> pl.DataFrame:
    """problem_id, step, reason, detail of the decisions of one verdict, the first of a problem."""
    if not version.decisions.exists():
        return pl.DataFrame(schema=dict.fromkeys(("problem_id", "step", "reason", "detail"), pl.String))
    rows = pl.scan_parquet(version.decisions).filter(pl.col("verdict") == verdict)
    return rows.select("problem_id", "step", "reason", "detail").collect().unique("problem_id", keep="first")


def _rejected(version: DatasetVersion) -> pl.DataFrame:
    """source_id, reason of the rows that the import of a version rejected."""
    rows = read_jsonl(version.rejected)[0] if version.rejected.exists() else []
    pairs = [(row["source_id"], row["reason"]) for row in rows if row.get("source_id") is not None]
    frame = pl.DataFrame(pairs, schema={"source_id": pl.String, "reason": pl.String}, orient="row")
    return frame.unique("source_id", keep="first")


def _because(rows: pl.DataFrame, version: DatasetVersion, change: str, otherwise: str) -> pl.DataFrame:
    """CHANGES of problems that `version` lacks: by its decision, by its import's rejection, else `otherwise`."""
    dropped = _decided(version, "drop").select("problem_id", decided=pl.format("{}: {}", "step", "reason"))
    rejected = _rejected(version).select("source_id", refused=pl.format("rejected at import: {}", "reason"))
    named = rows.join(dropped, on="problem_id", how="left", maintain_order="left")
    named = named.join(rejected, on="source_id", how="left", maintain_order="left")
    why = pl.coalesce("decided", "refused", pl.lit(otherwise))
    return named.select(pl.lit(change).alias("change"), *_NAMES, why.alias("why"), _none()).cast(CHANGES)


def _went(rows: pl.DataFrame, old: DatasetVersion, new: DatasetVersion) -> pl.DataFrame:
    return _because(rows, new, "went", f"not among the inputs of {new.ref}")


def _came(rows: pl.DataFrame, old: DatasetVersion, new: DatasetVersion) -> pl.DataFrame:
    found = _because(rows, old, "came", f"not among the inputs of {old.ref}")
    inputs = f"not among the inputs of {old.ref}"
    before = pl.when(pl.col("why") == inputs).then("why").otherwise(pl.format(f"{old.ref} had dropped it, {{}}", "why"))
    return found.with_columns(why=before)


def _changed(rows: pl.DataFrame, old: DatasetVersion, new: DatasetVersion) -> pl.DataFrame:
    ids = rows.select("problem_id")
    one, two = (
        ids.join(
            pl.scan_parquet(version.problems).join(ids.lazy(), on="problem_id", how="semi").collect(),
            on="problem_id",
            how="left",
            maintain_order="left",
        )
        for version in (old, new)
    )
    differs = [pl.Series(name, one[name].ne_missing(two[name])) for name in _COMPARED]
    flags = pl.DataFrame(differs) if rows.height else pl.DataFrame(schema=dict.fromkeys(_COMPARED, pl.Boolean))
    columns = pl.concat_list(pl.when(pl.col(name)).then(pl.lit(name)) for name in _COMPARED).list.drop_nulls()
    edited = _decided_edits(new).join(rows, on="problem_id", how="semi")
    named = rows.with_columns(flags.select(columns=columns)).join(
        edited, on="problem_id", how="left", maintain_order="left"
    )
    why = pl.when(pl.col("who").is_not_null()).then(pl.format("edited by {}", "who")).otherwise(pl.lit("other values"))
    return named.select(pl.lit("changed").alias("change"), *_NAMES, why.alias("why"), "columns").cast(CHANGES)


def _decided_edits(version: DatasetVersion) -> pl.DataFrame:
    """problem_id, who: the problems that were edited on the way to a version."""
    flags = pl.DataFrame(schema={"problem_id": pl.String, "who": pl.String})
    if not version.decisions.exists():
        return flags
    rows = pl.scan_parquet(version.decisions).filter(pl.col("reason") == "edited").collect()
    who = [str(json.loads(detail).get("who")) for detail in rows["detail"]]
    return pl.concat([flags, rows.select("problem_id", who=pl.Series(who, dtype=pl.String))]).unique("problem_id")


def _none() -> pl.Expr:
    return pl.lit(None, pl.List(pl.String)).alias("columns")
