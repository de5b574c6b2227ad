"""What a scores file says in a few numbers: accuracy, length, reflection, and what could not be scored."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from workbench.benchmarks import BENCHMARKS, Graded, ItemSet, get_benchmark
from workbench.statistics import Interval, clustered, wilson
from workbench.store import Store
from workbench.workspace import Workspace

# Facts that accuracy is broken down by where items carry them, whatever their benchmark names.
GROUPS = ("subject", "level", "grade", "kind")

_ROWS = """
SELECT benchmark, model, item_id, sample_index, verdict, scorer,
       meta->>'reason' AS reason,
       CAST(meta->>'n_tokens' AS INTEGER) AS n_tokens,
       CAST(meta->>'reflective' AS BOOLEAN) AS reflective,
       meta->>'finish_reason' AS finish_reason,
       meta->>'settings' AS settings,
       CAST(meta->>'official_rules' AS BOOLEAN) AS official
       {groups}
FROM scores ORDER BY item_id, sample_index
"""


@dataclass(frozen=True)
class Summary:
    """One model on one benchmark, from one scores file.

    `accuracy` is the mean of the pass rates of the items with a scorable answer (`accuracy.n` of them), with Wilson's
    interval for samples that belong to items. `mean_tokens` (a response) is None for stored answers, whose tokens are
    unknown; `reflection` and `truncated` have n = 0 where nothing is known. `unscored` names the items that could not
    be scored, by reason; `no_response` the items of answers without a response, which count as wrong. `groups` holds
    accuracies by subject, level, …

    `official` and `official_groups` are the same by the benchmark's own scorer, over the answers that it has a verdict
    on: none (n = 0) where it is not rules; `official_unknown` counts the answers that it needs an extraction for.
    `metrics` are the benchmark's own figures by our verdicts, as shares.
    """

    benchmark: str
    model: str
    path: Path
    n_items: int
    samples: int
    accuracy: Interval
    mean_tokens: float | None
    reflection: Interval
    truncated: Interval
    unscored: dict[str, list[str]]
    no_response: list[str]
    settings: str
    official: Interval
    official_unknown: int
    groups: dict[str, dict[str, Interval]] = field(default_factory=dict)
    official_groups: dict[str, dict[str, Interval]] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def has_official(self) -> bool:
        """Whether the official scorer has a verdict on every answer, so that its accuracy is over the same items."""
        return self.official.n > 0 and not self.official_unknown


_CORRECT = pl.col("verdict") == "correct"
_OFFICIAL = pl.col("official")
# A list of values: of a fact that is a list all of them, else the one.
_GROUP = """, CASE json_type(meta->${key}) WHEN 'ARRAY' THEN CAST(meta->${key} AS VARCHAR[])
       ELSE [meta->>${key}] END AS {key}"""


def groups_of(benchmark: str) -> tuple[str, ...]:
    """The facts that accuracy on a benchmark (the column of the scores table) is broken down by."""
    family = benchmark.partition(":")[0]
    own = BENCHMARKS[family].groups if family in BENCHMARKS else ()
    return tuple(dict.fromkeys((*own, *GROUPS)))


def score_rows(workspace: Workspace, path: Path, groups: Sequence[str] = ()) -> pl.DataFrame:
    """The rows of a scores file with the facts of their meta that counting needs, in the order of items.

    The columns `group_0`, `group_1`, … are lists of an item's values of each of `groups`.
    """
    params = {f"group_{number}": f'$."{name}"' for number, name in enumerate(groups)}
    sql = _ROWS.format(groups="".join(_GROUP.format(key=key) for key in params))
    return Store(workspace).query(sql, params, scores=[path])


def summarize(workspace: Workspace, path: Path) -> Summary:
    """Sum up one scores file."""
    benchmark = Store(workspace).query("SELECT benchmark FROM scores LIMIT 1", scores=[path]).item()
    names = groups_of(benchmark)
    rows = score_rows(workspace, path, names)
    scored = rows.filter(pl.col("verdict") != "unscorable")
    asked = rows.filter(pl.col("scorer") != "none")
    unscored = rows.filter(pl.col("verdict") == "unscorable").group_by("reason").agg(pl.col("item_id").unique().sort())
    first = rows.row(0, named=True)
    official = asked.drop_nulls("official")
    mean_tokens = asked["n_tokens"].mean()
    return Summary(
        benchmark=benchmark,
        model=first["model"],
        path=path,
        n_items=rows["item_id"].n_unique(),
        samples=int(rows["sample_index"].max() or 0) + 1,  # type: ignore[arg-type]
        accuracy=accuracy(scored),
        mean_tokens=None if mean_tokens is None else float(mean_tokens),  # type: ignore[arg-type]
        reflection=wilson(int(asked["reflective"].sum()), asked["reflective"].count()),
        truncated=wilson(int((asked["finish_reason"] == "length").sum()), asked["finish_reason"].count()),
        unscored={row["reason"]: row["item_id"] for row in unscored.sort("reason").to_dicts()},
        no_response=scored.filter(pl.col("reason") == "no_response")["item_id"].to_list(),
        settings=first["settings"],
        official=accuracy(official, _OFFICIAL),
        official_unknown=asked.height - official.height if official.height else 0,
        groups=_by_groups(scored, names, _CORRECT),
        official_groups=_by_groups(official, names, _OFFICIAL),
        metrics=_metrics(workspace, path, benchmark),
    )


def _metrics(workspace: Workspace, path: Path, benchmark: str) -> dict[str, float]:
    family = benchmark.partition(":")[0]
    if family not in BENCHMARKS or BENCHMARKS[family].metrics is ItemSet.metrics:
        return {}
    sql = "SELECT item_id, sample_index, verdict = 'correct', meta FROM scores WHERE verdict <> 'unscorable'"
    rows = Store(workspace).query(f"{sql} ORDER BY item_id, sample_index", scores=[path]).rows()
    answers = [Graded(item_id, index, right, json.loads(meta)) for item_id, index, right, meta in rows]
    return get_benchmark(family).metrics(answers)


def _by_groups(rows: pl.DataFrame, names: Sequence[str], right: pl.Expr) -> dict[str, dict[str, Interval]]:
    """name → value → accuracy, for the names that any item has a value of."""
    groups = {}
    for number, name in enumerate(names):
        key = f"group_{number}"
        parts = {str(value): part for (value,), part in rows.explode(key).drop_nulls(key).group_by(key)}
        if parts:
            groups[name] = {value: accuracy(parts[value], right) for value in sorted(parts, key=_order)}
    return groups


def _order(name: str) -> tuple[float, str]:
    # Level 10 comes after level 9, and names come after numbers.
    return (float(name), "") if name.isdecimal() else (float("inf"), name)


def accuracy(scored: pl.DataFrame, right: pl.Expr = _CORRECT) -> Interval:
    """Accuracy over rows with a verdict: each item's share of right samples, averaged over the items."""
    items = scored.group_by("item_id").agg(right=right.sum(), samples=pl.len())
    return clustered(items["right"].to_list(), items["samples"].to_list())


def newest(workspace: Workspace, benchmark: str = "*", model: str | None = None) -> list[Path]:
    """The newest scores file of each benchmark folder and model folder."""
    found: dict[Path, Path] = {}
    for path in Store(workspace).scores(benchmark, model):
        best = found.get(path.parent)
        if best is None or path.stat().st_mtime_ns > best.stat().st_mtime_ns:
            found[path.parent] = path
    return [found[folder] for folder in sorted(found)]


def summaries(workspace: Workspace) -> list[Summary]:
    """Every benchmark and model of the workspace, by its newest scores file."""
    return [summarize(workspace, path) for path in newest(workspace)]
