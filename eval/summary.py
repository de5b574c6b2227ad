"""What a scores file says in a few numbers: accuracy, length, reflection, and what could not be scored."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from workbench.statistics import Interval, clustered, wilson
from workbench.store import Store
from workbench.workspace import Workspace

# Facts of an item that accuracy is broken down by, where the items carry them.
GROUPS = ("subject", "level", "grade", "kind")

_ROWS = """
SELECT benchmark, model, item_id, sample_index, verdict, scorer,
       meta->>'reason' AS reason,
       CAST(meta->>'n_tokens' AS INTEGER) AS n_tokens,
       CAST(meta->>'reflective' AS BOOLEAN) AS reflective,
       meta->>'finish_reason' AS finish_reason,
       meta->>'settings' AS settings,
       meta->>'subject' AS subject, meta->>'level' AS level, meta->>'grade' AS grade, meta->>'kind' AS kind
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
    groups: dict[str, dict[str, Interval]] = field(default_factory=dict)


def score_rows(workspace: Workspace, path: Path) -> pl.DataFrame:
    """The rows of a scores file with the facts of their meta that counting needs, in the order of items."""
    return Store(workspace).query(_ROWS, scores=[path])


def summarize(workspace: Workspace, path: Path) -> Summary:
    """Sum up one scores file."""
    rows = score_rows(workspace, path)
    scored = rows.filter(pl.col("verdict") != "unscorable")
    asked = rows.filter(pl.col("scorer") != "none")
    unscored = rows.filter(pl.col("verdict") == "unscorable").group_by("reason").agg(pl.col("item_id").unique().sort())
    first = rows.row(0, named=True)
    groups = {key: _by(scored, key) for key in GROUPS}
    mean_tokens = asked["n_tokens"].mean()
    return Summary(
        benchmark=first["benchmark"],
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
        groups={key: parts for key, parts in groups.items() if parts},
    )


def _by(scored: pl.DataFrame, key: str) -> dict[str, Interval]:
    parts = {str(name): part for (name,), part in scored.drop_nulls(key).group_by(key)}
    return {name: accuracy(parts[name]) for name in sorted(parts, key=_order)}


def _order(name: str) -> tuple[float, str]:
    # Level 10 comes after level 9, and names come after numbers.
    return (float(name), "") if name.isdecimal() else (float("inf"), name)


def accuracy(scored: pl.DataFrame) -> Interval:
    """Accuracy over rows with a verdict: each item's share of right samples, averaged over the items."""
    items = scored.group_by("item_id").agg(right=(pl.col("verdict") == "correct").sum(), samples=pl.len())
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
