"""Numbers out of what the commands left in the workspace: curves, held-out answers, and what reflection did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import polars as pl

from train.config import load_config
from workbench import reflection
from workbench.statistics import Interval, PairedDifference, mean, paired_difference, within_groups
from workbench.store import Store
from workbench.workspace import Workspace


@dataclass(frozen=True)
class Curve:
    """One metric of one run over its steps."""

    steps: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Cost:
    """What a run spent: optimizer `updates`, `responses` learned from and their `tokens`, seconds of all its steps."""

    updates: int
    responses: int
    tokens: int
    sampled_tokens: int
    seconds: float


# (right, all) before the first step and after the last one.
BeforeAfter = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Band:
    """Several runs' curves over the steps that all of them have: their mean, the lowest and the highest."""

    steps: tuple[int, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def curve(workspace: Workspace, run: str, key: str, scale: float = 1.0) -> Curve:
    """A metric where the run has it, times `scale`."""
    table = Store(workspace).metrics(run)
    if key not in table.columns:
        return Curve((), ())
    rows = table.select("step", pl.col(key) * scale).drop_nulls()
    return Curve(tuple(rows["step"]), tuple(rows[key]))


def band(curves: Sequence[Curve]) -> Band:
    """Over the steps that every curve has."""
    tables = [dict(zip(one.steps, one.values, strict=True)) for one in curves]
    steps = sorted(set.intersection(*(set(table) for table in tables)))
    values = [[table[step] for table in tables] for step in steps]
    return Band(tuple(steps), tuple(map(fmean, values)), tuple(map(min, values)), tuple(map(max, values)))


def smooth(one: Curve, steps: int) -> Curve:
    """Each value the mean of as many steps up to it, of fewer at the start."""
    parts = [one.values[max(0, end - steps) : end] for end in range(1, len(one.values) + 1)]
    return Curve(one.steps, tuple(map(fmean, parts)))


def rise(one: Curve) -> Interval:
    """How much higher the last fifth of a curve lies than its first: mean of the differences, step by step.

    The steps' batches are drawn apart, so Student's interval over the pairs is fair; it needs ten steps.
    """
    part = max(2, len(one.values) // 5)
    if len(one.values) < 2 * part:
        return mean([])
    return mean([late - early for early, late in zip(one.values[:part], one.values[-part:], strict=True)])


def heldout(workspace: Workspace, run: str) -> BeforeAfter:
    """How many problems of its `eval_dataset` the trainer saw answered rightly, greedily, at its two ends."""
    found = [curve(workspace, run, key).values for key in ("eval/accuracy", "eval/problems")]
    first, *_, last = [(round(share * total), round(total)) for share, total in zip(*found, strict=True)]
    return first, last


def cost(workspace: Workspace, run: str) -> Cost:
    """Time as the trainer logged it, without starting up; nothing is sampled where targets were written."""
    store = Store(workspace)
    config = load_config(workspace.run(run) / "config.yaml")
    steps = store.metrics(run).filter(pl.col("step") > 0)
    tokens = int(steps["samples/tokens"].sum())
    responses, learned = int(steps["samples/all"].sum()), tokens
    if not config.supervised:
        sql = "SELECT count(*) AS n, coalesce(sum(n_tokens), 0)::BIGINT AS tokens FROM rollouts WHERE used"
        responses, learned = store.query(sql, rollouts=store.rollouts(run)).row(0)
    return Cost(
        updates=config.steps * config.algorithm.updates_per_step,
        responses=responses,
        tokens=learned,
        sampled_tokens=0 if config.supervised else tokens,
        seconds=float(steps["time/step"].sum()),
    )


def gain(workspace: Workspace, before: str, after: str, levels: Sequence[str] | None = None) -> PairedDifference:
    """Accuracy of the second scores file less that of the first, paired over the items that both have a verdict for.

    With `levels` only problems of these.
    """
    first, second = _right(workspace, before, levels), _right(workspace, after, levels)
    shared = sorted(first.keys() & second.keys())
    return paired_difference([first[item] for item in shared], [second[item] for item in shared])


def _right(workspace: Workspace, scores: str, levels: Sequence[str] | None) -> dict[str, float]:
    sql = """SELECT item_id, verdict = 'correct' AS right FROM scores WHERE verdict <> 'unscorable'
             AND ($levels::VARCHAR[] IS NULL OR list_contains($levels::VARCHAR[], meta->>'level'))"""
    found = {"levels": None if levels is None else list(levels)}
    table = Store(workspace).query(sql, found, scores=[Path(scores)])
    return dict(zip(table["item_id"], table["right"].cast(pl.Float64), strict=True))


def answers(workspace: Workspace, run: str) -> pl.DataFrame:
    """All answers of a run: step, group_id, problem_id, response, right (null if unscorable), reflects."""
    store = Store(workspace)
    sql = """SELECT step, group_id, problem_id, response,
                    CASE WHEN verdict <> 'unscorable' THEN verdict = 'correct' END AS right
             FROM rollouts ORDER BY rollout_id"""
    table = store.query(sql, rollouts=store.rollouts(run))
    reflects = [reflection.is_reflective(response) for response in table["response"]]
    return table.with_columns(reflects=pl.Series(reflects, dtype=pl.Boolean))


def within_prompt(table: pl.DataFrame) -> Interval:
    """Accuracy of reflective minus that of other answers to the same prompt, of the table that `answers` gives."""
    return within_groups(table["group_id"], table["reflects"], table["right"])


def transitions(workspace: Workspace, table: pl.DataFrame, dataset: str) -> dict[str, int]:
    """How many reflective answers went from which first answer to which final one."""
    store = Store(workspace)
    sql = "SELECT problem_id, question, answer, choices FROM problems"
    problems = store.query(sql, problems=store.problems(dataset))
    golds = {row["problem_id"]: row for row in problems.to_dicts()}
    rows = [
        reflection.Answered(
            response,
            golds[problem]["answer"],
            tuple(golds[problem]["choices"] or ()) or None,
            golds[problem]["question"],
        )
        for problem, response in table.filter("reflects").select("problem_id", "response").iter_rows()
    ]
    found = reflection.transitions(rows)
    return {name: found.count(name) for name in reflection.TRANSITIONS}


def percent(share: Interval) -> Interval:
    """A share in percent, a difference of shares in points."""
    return Interval(100 * share.value, 100 * share.low, 100 * share.high, share.n)


def accuracy(summary: Mapping[str, Any]) -> Interval:
    """Percent right of a summary that `eureka eval run --json` printed."""
    return percent(Interval(**summary["accuracy"]))
