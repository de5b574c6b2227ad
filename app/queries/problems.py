"""Problems of a dataset version: where they lie, one of them in full, its decisions, its twins and its answers."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import scipy.stats  # noqa: F401  # for `wilson`: loaded with the first page, not while the first problem opens

from workbench.errors import UserError
from workbench.statistics import wilson
from workbench.store import Store
from workbench.workspace import DatasetVersion


def inputs(store: Store, version: DatasetVersion) -> list[Path]:
    """The problem tables of the versions this one was made from, and of theirs; removed ones are left out."""
    found: dict[Path, None] = {}
    waiting = _input_refs(version)
    while waiting:
        ref = waiting.pop(0)
        try:
            above = store.workspace.dataset(ref)
        except UserError:
            continue
        if above.problems not in found:
            found[above.problems] = None
            waiting += _input_refs(above)
    return list(found)


def _input_refs(version: DatasetVersion) -> list[str]:
    """A manifest's inputs are `NAME@vNNN`, or objects that hold it under `dataset`; files are no datasets."""
    entries = version.manifest().get("inputs", [])
    names = [entry.get("dataset") if isinstance(entry, dict) else entry for entry in entries]
    return [name for name in names if isinstance(name, str) and "@" in name and "/" not in name]


def files(store: Store, ref: str) -> list[Path]:
    """Every file a list of problems of this version is made from."""
    version = store.workspace.dataset(ref)
    return [version.problems, *store.decisions(ref), *inputs(store, version), *store.responses()]


def tables(store: Store, ref: str) -> dict[str, list[Path]]:
    """The tables `problems`, `inputs` and `decisions` of a version, for `Store.query`."""
    return {
        "problems": store.problems(ref),
        "inputs": inputs(store, store.workspace.dataset(ref)),
        "decisions": store.decisions(ref),
    }


_CLIPPED = "problem_id, left(question, 600) AS question, left(answer, 200) AS answer, choices, images"
_WHOLE = "problem_id, question, answer, choices, images, solution"


def texts(store: Store, ref: str, ids: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """question (its first 600 characters), answer (200), choices and images of problems of a list, by their ids."""
    return _columns(store, ref, ids, _CLIPPED)


def whole_texts(store: Store, ref: str, ids: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """question, answer, choices, images and solution of problems of a list, by their ids."""
    return _columns(store, ref, ids, _WHOLE)


def _columns(store: Store, ref: str, ids: tuple[str, ...], columns: str) -> dict[str, dict[str, Any]]:
    sql = f"SELECT {columns} FROM problems WHERE problem_id IN (SELECT unnest($ids::VARCHAR[]))"
    found: dict[str, dict[str, Any]] = {}
    for paths in (store.problems(ref), inputs(store, store.workspace.dataset(ref))):
        missing = [name for name in ids if name not in found]
        if missing and paths:
            rows = store.query(sql, {"ids": missing}, problems=paths).to_dicts()
            found |= {row["problem_id"]: row for row in rows}
    return found


def search(store: Store, ref: str, text: str) -> pl.DataFrame:
    """The problems of a list that hold `text` in any case: problem_id, and where: question, answer, id (all of it)."""
    sql = """, pool AS (SELECT * FROM problems UNION ALL SELECT * FROM inputs)
             SELECT * FROM (
                SELECT problem_id, contains(lower(question), lower($text)) AS question,
                       contains(lower(answer), lower($text)) AS answer, problem_id = $text OR source_id = $text AS id
                FROM pool
             ) WHERE question OR answer OR id"""
    found = tables(store, ref)
    rows = store.query(sql, {"text": text}, problems=found["problems"], inputs=found["inputs"])
    return rows.unique(subset="problem_id")


def problem(store: Store, problem_id: str, refs: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """One problem as one of the versions `refs` has it, else as the newest version that has it, else None.

    The row's `dataset` names that version.
    """
    for ref in dict.fromkeys([*refs, *newest_first(store)]):
        rows = store.query(_ONE, {"id": problem_id}, problems=store.problems(ref))
        if rows.height:
            return rows.row(0, named=True) | {"dataset": ref}
    return None


_ONE = "SELECT * FROM problems WHERE problem_id = $id LIMIT 1"


def questions(store: Store, ids: tuple[str, ...], refs: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """question (its first 300 characters) and images of several problems, by their ids."""
    sql = """SELECT problem_id, any_value(left(question, 300)) AS question, any_value(images) AS images
             FROM problems WHERE list_contains($ids::VARCHAR[], problem_id) GROUP BY problem_id"""
    rows = store.query(sql, {"ids": list(ids)}, problems=store.problems(*(refs or newest_first(store))))
    return {row["problem_id"]: row for row in rows.to_dicts()}


def newest_first(store: Store) -> list[str]:
    """All dataset versions of the workspace as NAME@vNNN, the last written first."""
    workspace = store.workspace
    found = [workspace.dataset(f"{name}@{v}") for name in workspace.dataset_names() for v in workspace.versions(name)]
    return [v.ref for v in sorted(found, key=lambda v: (-v.problems.stat().st_mtime_ns, v.ref))]


def chain(store: Store, problem_id: str) -> pl.DataFrame:
    """Every decision on a problem, oldest version first: dataset_version, step, verdict, reason, detail."""
    refs = newest_first(store)[::-1]
    sql = "SELECT dataset_version, step, verdict, reason, detail FROM decisions WHERE problem_id = $id"
    rows = store.query(sql, {"id": problem_id}, decisions=store.decisions(*refs))
    age = {ref: number for number, ref in enumerate(refs)}
    order = [age.get(ref, len(age)) for ref in rows["dataset_version"]]
    # A flag is put on while the steps run, keep or drop comes last.
    return (
        rows.with_columns(pl.Series("age", order, dtype=pl.Int64), last=pl.col("verdict") != "flag")
        .sort("age", "last", maintain_order=True)
        .drop("age", "last")
    )


def twins(store: Store, problem_id: str) -> list[str]:
    """The problems that a step named as this one's twin (same, or nearly so), whichever of the two it dropped."""
    sql = """SELECT problem_id, detail FROM decisions
             WHERE contains(detail, '"twin"') AND (problem_id = $id OR contains(detail, $id))"""
    rows = store.query(sql, {"id": problem_id}, decisions=store.decisions(*newest_first(store)))
    found: dict[str, None] = {}
    for owner, detail in rows.iter_rows():
        twin = json.loads(detail or "{}").get("twin")
        if isinstance(twin, str) and problem_id in (owner, twin):
            found[twin if owner == problem_id else owner] = None
    found.pop(problem_id, None)
    return list(found)


def models(store: Store) -> list[str]:
    """The models that have stored responses."""
    sql = "SELECT DISTINCT model FROM responses ORDER BY model"
    return store.query(sql, responses=store.responses())["model"].to_list()


def answers(store: Store, problem_id: str) -> pl.DataFrame:
    """All stored responses to one problem, by model, the content they were made for, and sample."""
    sql = "SELECT * FROM responses WHERE problem_id = $id ORDER BY model, content_hash, sample_index"
    return store.query(sql, {"id": problem_id}, responses=store.responses())


def pass_rates(answered: pl.DataFrame) -> list[dict[str, Any]]:
    """model, content_hash, n, k, interval (Wilson 95 %; None where n is 0) of the rows of `answers`."""
    counted = answered.group_by("model", "content_hash", maintain_order=True).agg(
        n=(pl.col("verdict") != "unscorable").sum(), k=(pl.col("verdict") == "correct").sum()
    )
    return [row | {"interval": wilson(row["k"], row["n"]) if row["n"] else None} for row in counted.to_dicts()]
