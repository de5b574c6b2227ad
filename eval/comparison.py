"""Two models on the same items: who is better, and how sure that is."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eval.summary import Summary, newest, score_rows, summarize
from workbench.benchmarks import scores_name
from workbench.errors import UserError
from workbench.statistics import Interval, paired_difference
from workbench.store import Store
from workbench.workspace import Workspace


@dataclass(frozen=True)
class Comparison:
    """Models `a` and `b` (each a summary of all its items) on the `n_items` both have a verdict for.

    `difference` is accuracy b − a over these items with its paired 95 % interval; `p_value` is McNemar's exact test
    (with several samples an item, the sign test). `gained` are the items b does better, `lost` those a does better.
    """

    benchmark: str
    a: Summary
    b: Summary
    n_items: int
    accuracy_a: float
    accuracy_b: float
    difference: Interval
    p_value: float
    gained: int
    lost: int
    same_settings: bool


def compare(workspace: Workspace, first: str, second: str, benchmark: str | None = None) -> list[Comparison]:
    """Compare two models on every benchmark that both have scores for, or on one.

    `benchmark` may be a benchmark's column value (`dataset:NAME`) or its family (`dataset`). Where a model has several
    scores files of a benchmark, the newest ones made from the same data with the same settings are taken, else each
    model's newest. Raises UserError where a model is unknown or nothing can be compared.
    """
    if benchmark is not None:
        benchmark = scores_name(benchmark)
    known = _known(workspace)
    for model in (first, second):
        if model not in known.values():
            names = ", ".join(sorted(set(known.values()))) or "none yet; make some with `eureka eval run`"
            raise UserError(f"no scores of model {model!r} in {workspace.root}; there are: {names}")
    first_has, second_has = (
        {path.parent.parent.name for path, name in known.items() if name == model} for model in (first, second)
    )
    found = [_compare(workspace, folder, first, second) for folder in sorted(first_has & second_has)]
    wanted = [c for c in found if benchmark in (None, c.benchmark, c.benchmark.partition(":")[0])]
    if not wanted:
        shared = ", ".join(c.benchmark for c in found) or "none"
        of = f" for benchmark {benchmark!r}" if benchmark else ""
        raise UserError(f"{first} and {second} have no scores{of} in common; benchmarks they share: {shared}")
    return wanted


def _known(workspace: Workspace) -> dict[Path, str]:
    """Scores files and their models."""
    sql = "SELECT model FROM scores LIMIT 1"
    store = Store(workspace)
    return {path: store.query(sql, scores=[path]).item() for path in store.scores()}


def _compare(workspace: Workspace, folder: str, first: str, second: str) -> Comparison:
    path_a, path_b = _files(workspace, folder, first, second)
    a, b = summarize(workspace, path_a), summarize(workspace, path_b)
    rates = _rates(workspace, path_a).join(_rates(workspace, path_b), on="item_id", suffix="_b").sort("item_id")
    if rates.is_empty():
        raise UserError(f"{first} and {second} share no scored item of {a.benchmark}; evaluate both on the same data")
    x, y = rates["rate"].to_list(), rates["rate_b"].to_list()
    paired = paired_difference(x, y)
    return Comparison(
        benchmark=a.benchmark,
        a=a,
        b=b,
        n_items=len(x),
        accuracy_a=sum(x) / len(x),
        accuracy_b=sum(y) / len(y),
        difference=paired.difference,
        p_value=paired.p,
        gained=paired.only_second,
        lost=paired.only_first,
        same_settings=a.settings == b.settings,
    )


def _files(workspace: Workspace, folder: str, first: str, second: str) -> tuple[Path, Path]:
    store = Store(workspace)
    by_name = {path.name: path for path in store.scores(folder, first)}
    common = [path for path in store.scores(folder, second) if path.name in by_name]
    if common:
        path = max(common, key=lambda p: p.stat().st_mtime_ns)
        return by_name[path.name], path
    return newest(workspace, folder, first)[0], newest(workspace, folder, second)[0]


def _rates(workspace: Workspace, path: Path) -> pl.DataFrame:
    """item_id and the share of its scorable samples that are correct."""
    scored = score_rows(workspace, path).filter(pl.col("verdict") != "unscorable")
    return scored.group_by("item_id").agg((pl.col("verdict") == "correct").mean().alias("rate"))
