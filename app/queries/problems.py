"""Problems of a dataset version with their decisions and pass rates, filtered and paged.

A version's table holds what was kept; what it dropped is in the tables of the versions it was made from. Both are
read, so that every decision can be shown beside its problem.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from workbench.errors import UserError
from workbench.store import Store
from workbench.workspace import DatasetVersion

FACETS = ("source", "subject", "grade", "answer_type", "decision", "reason")
UNDECIDED = "undecided"
NO_VALUE = "(none)"


@dataclass(frozen=True)
class ProblemFilter:
    """What a list of problems is narrowed to; empty means everything. Rates are fractions of `model`'s samples."""

    source: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    grade: tuple[str, ...] = ()
    answer_type: tuple[str, ...] = ()
    decision: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    model: str = ""
    low: float = 0.0
    high: float = 1.0
    text: str = ""


# One row a problem: its fate in this version, and the pass rate of the chosen model on this very content.
_POOL = f"""
, pool AS (
    SELECT * FROM problems
    UNION ALL
    SELECT DISTINCT ON (problem_id) * FROM inputs
    WHERE problem_id NOT IN (SELECT problem_id FROM problems)
), fates AS (
    SELECT problem_id,
           max(verdict) FILTER (verdict <> 'flag') AS decision,
           max(reason) FILTER (verdict <> 'flag') AS reason,
           max(step) FILTER (verdict <> 'flag') AS step,
           list(DISTINCT reason) FILTER (verdict = 'flag') AS flags
    FROM decisions GROUP BY problem_id
), rates AS (
    SELECT problem_id, content_hash, n, k, rate FROM pass_rates WHERE model = $model
), listed AS (
    SELECT pool.problem_id, pool.source, pool.source_id, pool.question, pool.images, pool.answer,
           coalesce(pool.subject, '{NO_VALUE}') AS subject, coalesce(pool.grade, '{NO_VALUE}') AS grade,
           coalesce(pool.answer_type, '{NO_VALUE}') AS answer_type,
           coalesce(fates.decision, '{UNDECIDED}') AS decision, fates.reason, fates.step,
           coalesce(fates.flags, []) AS flags, rates.n, rates.k, rates.rate
    FROM pool LEFT JOIN fates USING (problem_id)
    LEFT JOIN rates ON rates.problem_id = pool.problem_id AND rates.content_hash = pool.content_hash
)
"""
_SEVERAL = " AND ".join(
    f"(len($f_{name}::VARCHAR[]) = 0 OR list_contains($f_{name}::VARCHAR[], {name}))"
    for name in ("source", "subject", "grade", "answer_type")
)
_WHERE = f"""
WHERE {_SEVERAL}
  AND (len($f_decision::VARCHAR[]) = 0 OR list_contains($f_decision::VARCHAR[], decision)
       OR (list_contains($f_decision::VARCHAR[], 'flag') AND len(flags) > 0))
  AND (len($f_reason::VARCHAR[]) = 0 OR list_contains($f_reason::VARCHAR[], reason)
       OR list_has_any($f_reason::VARCHAR[], flags))
  AND (($low <= 0 AND $high >= 1) OR rate BETWEEN $low AND $high)
  AND ($text = '' OR contains(lower(question), lower($text)) OR contains(lower(answer), lower($text))
       OR problem_id = $text OR source_id = $text)
"""


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


def _tables(store: Store, ref: str) -> dict[str, list[Path]]:
    return {
        "problems": store.problems(ref),
        "inputs": inputs(store, store.workspace.dataset(ref)),
        "decisions": store.decisions(ref),
        "responses": store.responses(),
    }


def _params(chosen: ProblemFilter) -> dict[str, Any]:
    lists = {f"f_{name}": list(getattr(chosen, name)) for name in FACETS}
    return lists | {"model": chosen.model, "low": chosen.low, "high": chosen.high, "text": chosen.text}


def facets(store: Store, ref: str) -> dict[str, dict[str, int]]:
    """For each of FACETS, its values in this version and how many problems have each, most frequent first.

    A flagged problem counts under `flag` and under its keep or drop; flags' reasons count among the reasons.
    """
    parts = [f"SELECT '{name}' AS facet, {name} AS value FROM listed" for name in FACETS]
    parts.append("SELECT 'decision', 'flag' FROM listed WHERE len(flags) > 0")
    parts.append("SELECT 'reason', unnest(flags) FROM listed")
    sql = f"""{_POOL} SELECT facet, value, count(*) AS n FROM ({" UNION ALL ".join(parts)})
              WHERE value IS NOT NULL GROUP BY facet, value ORDER BY facet, n DESC, value"""
    rows = store.query(sql, {"model": ""}, **_tables(store, ref))
    result: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    for facet, value, n in rows.iter_rows():
        result[facet][value] = n
    return result


def counts(store: Store, ref: str, chosen: ProblemFilter) -> dict[str, int]:
    """How many problems the filter leaves, in all (`total`) and by decision; `flag` counts on top."""
    sql = f"""{_POOL} SELECT count(*) AS total, count(*) FILTER (decision = 'keep') AS keep,
              count(*) FILTER (decision = 'drop') AS drop, count(*) FILTER (decision = '{UNDECIDED}') AS {UNDECIDED},
              count(*) FILTER (len(flags) > 0) AS flag FROM listed {_WHERE}"""
    return store.query(sql, _params(chosen), **_tables(store, ref)).row(0, named=True)


def problems(store: Store, ref: str, chosen: ProblemFilter, offset: int, limit: int) -> pl.DataFrame:
    """One page of the filtered problems in the order of their sources; questions are cut to 600 characters."""
    sql = f"""{_POOL} SELECT * REPLACE (left(question, 600) AS question, left(answer, 200) AS answer)
              FROM listed {_WHERE} ORDER BY source, length(source_id), source_id, problem_id
              LIMIT $limit OFFSET $offset"""
    return store.query(sql, _params(chosen) | {"limit": limit, "offset": offset}, **_tables(store, ref))


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


def models(store: Store) -> list[str]:
    """The models that have stored responses."""
    sql = "SELECT DISTINCT model FROM responses ORDER BY model"
    return store.query(sql, responses=store.responses())["model"].to_list()


def pass_rates(store: Store, problem_id: str) -> pl.DataFrame:
    """model, content_hash, n, k, rate, low, high of one problem."""
    sql = """SELECT model, content_hash, n, k, rate, low, high FROM pass_rates
             WHERE problem_id = $id ORDER BY model, content_hash"""
    return store.query(sql, {"id": problem_id}, responses=store.responses())


def responses(store: Store, problem_id: str, model: str, offset: int, limit: int) -> pl.DataFrame:
    """One page of a model's stored responses to a problem."""
    sql = """SELECT * FROM responses WHERE problem_id = $id AND model = $model
             ORDER BY content_hash, sample_index LIMIT $limit OFFSET $offset"""
    params = {"id": problem_id, "model": model, "limit": limit, "offset": offset}
    return store.query(sql, params, responses=store.responses())


def count_unscorable(store: Store, problem_id: str, model: str) -> int:
    """How many of a model's responses to a problem are outside its pass rate."""
    sql = "SELECT count(*) FROM responses WHERE problem_id = $id AND model = $model AND verdict = 'unscorable'"
    return int(store.query(sql, {"id": problem_id, "model": model}, responses=store.responses()).item())
