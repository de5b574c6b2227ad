"""Reflection in a run's rollouts: rates over steps, transitions from first to final answer, best candidates.

Reading every response and judging first answers takes time, so each step's findings are kept in the workspace's
cache and made once; a step whose files change, or another analysis, makes new ones.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from app.queries import problems, rollouts, runs
from workbench import reflection
from workbench.statistics import Interval, wilson, within_groups
from workbench.store import Store
from workbench.workspace import write_table

FOUND = pa.schema(
    [
        ("rollout_id", pa.string()),
        ("step", pa.int32()),
        ("group_id", pa.string()),
        ("problem_id", pa.string()),
        ("n_tokens", pa.int32()),
        ("cues", pa.int32()),
        ("right", pa.bool_()),  # null where the answer is unscorable
        ("used", pa.bool_()),
        ("advantage", pa.float32()),
        ("transition", pa.string()),  # one of reflection.TRANSITIONS, or null
    ]
)
WANTED = "wrong→right"


@dataclass(frozen=True)
class Overall:
    """What reflection did in a whole run. `within` is the accuracy of reflective minus that of other answers to the
    same prompt, a mean over the groups that have both."""

    rate: Interval
    per_thousand_tokens: float
    accuracy_with: Interval
    accuracy_without: Interval
    within: Interval
    transitions: dict[str, int]


def prepare(store: Store, run: str, progress: Callable[[int, int], Any]) -> tuple[Path, ...]:
    """The files of findings of a run's steps, made where they are missing; `progress(done, all)` after each."""
    steps = rollouts.steps(store, run)
    missing = [step for step in steps if not _file(store, run, step).exists()]
    for done, step in enumerate(missing, 1):
        write_table(_file(store, run, step), _findings(store, run, step), FOUND)
        progress(done, len(missing))
    return tuple(_file(store, run, step) for step in steps)


def _file(store: Store, run: str, step: int) -> Path:
    digest = hashlib.sha256(Path(reflection.__file__).read_bytes())
    for path in store.rollouts(run, step):
        status = path.stat()
        digest.update(f"{path.name} {status.st_mtime_ns} {status.st_size}".encode())
    return store.workspace.cache / "aha" / run / f"step={step:06d}-{digest.hexdigest()[:12]}.parquet"


def _findings(store: Store, run: str, step: int) -> list[dict[str, Any]]:
    rows = rollouts.answers(store, run, step).to_dicts()
    cues = [len(reflection.cue_spans(row["response"] or "")[0]) for row in rows]
    reflective = [row for row, n in zip(rows, cues, strict=True) if n]
    golds = _golds(store, run, tuple({row["problem_id"] for row in reflective}))
    judged = [row for row in reflective if row["problem_id"] in golds]
    answered = [reflection.Answered(row["response"], *golds[row["problem_id"]]) for row in judged]
    changes = reflection.transitions(answered)
    change = {row["rollout_id"]: what for row, what in zip(judged, changes, strict=True)}
    return [
        {name: row[name] for name in ("rollout_id", "step", "group_id", "problem_id", "n_tokens", "used", "advantage")}
        | {
            "cues": n,
            "right": None if row["verdict"] == "unscorable" else row["verdict"] == "correct",
            "transition": change.get(row["rollout_id"]),
        }
        for row, n in zip(rows, cues, strict=True)
    ]


def _golds(store: Store, run: str, ids: tuple[str, ...]) -> dict[str, tuple[str, tuple[str, ...] | None, str]]:
    """answer, choices and question of problems by their ids."""
    refs = runs.datasets(store, run) or problems.newest_first(store)
    sql = """SELECT problem_id, any_value(answer) AS answer, any_value(choices) AS choices,
                    any_value(question) AS question
             FROM problems WHERE list_contains($ids::VARCHAR[], problem_id) GROUP BY problem_id"""
    rows = store.query(sql, {"ids": list(ids)}, problems=store.problems(*refs))
    return {
        row["problem_id"]: (row["answer"], tuple(row["choices"] or ()) or None, row["question"])
        for row in rows.to_dicts()
    }


def by_step(store: Store, files: tuple[Path, ...]) -> pl.DataFrame:
    """step, n, rate, low, high (Wilson 95 %), per_thousand (strict cues per 1,000 tokens)."""
    table = (
        pl.scan_parquet(list(files))
        .group_by("step")
        .agg(n=pl.len(), k=(pl.col("cues") > 0).sum(), cues=pl.col("cues").sum(), tokens=pl.col("n_tokens").sum())
        .sort("step")
        .collect()
    )
    found = [wilson(k, n) for k, n in zip(table["k"], table["n"], strict=True)]
    return table.select(
        "step",
        "n",
        pl.Series("rate", [i.value for i in found]),
        pl.Series("low", [i.low for i in found]),
        pl.Series("high", [i.high for i in found]),
        per_thousand=1000 * pl.col("cues") / pl.col("tokens"),
    )


def overall(store: Store, files: tuple[Path, ...]) -> Overall:
    """The run's numbers over all its steps."""
    table = pl.scan_parquet(list(files))
    reflects = pl.col("cues") > 0
    sums = table.select(
        n=pl.len(),
        k=reflects.sum(),
        cues=pl.col("cues").sum(),
        tokens=pl.col("n_tokens").sum(),
        with_n=(reflects & pl.col("right").is_not_null()).sum(),
        with_k=(reflects & pl.col("right")).sum(),
        without_n=(~reflects & pl.col("right").is_not_null()).sum(),
        without_k=(~reflects & pl.col("right")).sum(),
    ).collect()
    row = sums.row(0, named=True)
    answers = table.select("group_id", "right", reflects=reflects).collect()
    changes = table.drop_nulls("transition").group_by("transition").len().collect()
    counts = dict(zip(changes["transition"], changes["len"], strict=True))
    return Overall(
        rate=wilson(row["k"], row["n"]),
        per_thousand_tokens=1000 * row["cues"] / row["tokens"] if row["tokens"] else 0.0,
        accuracy_with=wilson(row["with_k"], row["with_n"]),
        accuracy_without=wilson(row["without_k"], row["without_n"]),
        within=within_groups(answers["group_id"], answers["reflects"], answers["right"]),
        transitions={name: counts.get(name, 0) for name in reflection.TRANSITIONS},
    )


def candidates(store: Store, files: tuple[Path, ...], transition: str, offset: int, limit: int) -> pl.DataFrame:
    """One page of the reflective answers with this transition: used ones first, the highest advantage first."""
    order = pl.scan_parquet(list(files)).filter(pl.col("transition") == transition)
    return (
        order.sort(["used", "advantage", "rollout_id"], descending=[True, True, False]).slice(offset, limit).collect()
    )
