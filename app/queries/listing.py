"""The list of a dataset version's problems: one narrow row each, held in memory, narrowed and counted by filters.

A version's table holds what was kept; what it dropped is in the tables of the versions it was made from. Both are
listed, so that every decision can be shown beside its problem. Texts and pictures stay on disk and are read for the
problems of one page only.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from app.queries import problems
from app.queries.facets import Facet
from app.queries.reviews import Reviews
from workbench.store import Store

UNDECIDED = "undecided"
NO_VALUE = "(none)"
BINS = 10
# In the order of the page's sidebar.
FACETS = (
    "decision",
    "reason",
    "review",
    "why",
    "tag",
    "source",
    "subject",
    "topic",
    "grade",
    "answer_type",
    "language",
)
COLUMNS = ("source", "subject", "topic", "grade", "answer_type", "language")
ANNOTATED = ("yes", "no")


@dataclass(frozen=True)
class ProblemFilter:
    """What a list of problems is narrowed to; empty means everything. Rates are fractions of `model`'s samples.

    `decision` and `reason` are the pipelines' (`flag` on top of keep or drop), `review`, `why` and `tag` people's;
    `annotated` is "yes", "no" or empty.
    """

    decision: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    grade: tuple[str, ...] = ()
    answer_type: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    annotated: str = ""
    model: str = ""
    low: float = 0.0
    high: float = 1.0
    text: str = ""


@dataclass(frozen=True)
class Index:
    """Every problem of a version in the order of their sources, with its fate: what the list shows without its texts.

    `frame` has problem_id, content_hash, source_id, COLUMNS, decision, reason, step, flags.
    """

    frame: pl.DataFrame

    @property
    def height(self) -> int:
        return self.frame.height

    @cached_property
    def facets(self) -> dict[str, Facet]:
        found = {name: Facet.of(self.frame[name]) for name in COLUMNS}
        flag = pl.when(pl.col("flags").list.len() > 0).then(pl.lit("flag"))
        lists = self.frame.select(
            decision=pl.concat_list("decision", flag), reason=pl.concat_list(pl.concat_list("reason"), "flags")
        )
        return found | {name: Facet.of(lists[name]) for name in lists.columns}


@dataclass(frozen=True)
class Rates:
    """A model's pass rate of each problem of an index, on that very content; NaN where it has no scorable answer."""

    n: np.ndarray
    k: np.ndarray

    @cached_property
    def rate(self) -> np.ndarray:
        return np.divide(self.k, self.n, out=np.full(len(self.n), np.nan), where=self.n > 0)


@dataclass(frozen=True)
class Narrowed:
    """What a filter leaves: rows of the index, and how many problems each value of a facet would leave beside them.

    A facet's own choice does not narrow its counts, so they say what another choice would show. `histogram` counts
    pass rates in BINS equal bins the same way; `decided` counts the filter's own problems by decision.
    """

    rows: np.ndarray
    counts: dict[str, dict[str, int]]
    histogram: tuple[int, ...]
    decided: dict[str, int]

    @property
    def total(self) -> int:
        return len(self.rows)


_INDEX = f"""
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
           list(DISTINCT reason ORDER BY reason) FILTER (verdict = 'flag') AS flags
    FROM decisions GROUP BY problem_id
)
SELECT problem_id, pool.content_hash, pool.source_id,
       {", ".join(f"coalesce(pool.{name}, '{NO_VALUE}') AS {name}" for name in COLUMNS)},
       coalesce(fates.decision, '{UNDECIDED}') AS decision, fates.reason, fates.step,
       coalesce(fates.flags, []) AS flags
FROM pool LEFT JOIN fates USING (problem_id)
ORDER BY source, length(source_id), source_id, problem_id
"""


def index(store: Store, ref: str) -> Index:
    return Index(store.query(_INDEX, None, **problems.tables(store, ref)))


def rates(store: Store, listed: Index, model: str) -> Rates:
    """`model`'s answers to the problems as they lie in the tables; those to an older content do not count."""
    sql = "SELECT problem_id, content_hash, n, k FROM pass_rates WHERE model = $model"
    found = store.query(sql, {"model": model}, responses=store.responses())
    keys = listed.frame.select("problem_id", "content_hash")
    joined = keys.join(found, on=["problem_id", "content_hash"], how="left", maintain_order="left").fill_null(0)
    return Rates(joined["n"].to_numpy(), joined["k"].to_numpy())


def narrowed(
    listed: Index, rated: Rates | None, reviews: Reviews, hits: np.ndarray | None, chosen: ProblemFilter
) -> Narrowed:
    """Apply a filter; `hits` says which rows a text search found, None where nothing is searched for."""
    facets = listed.facets | reviews.facets
    passing = {name: facets[name].having(getattr(chosen, name)) for name in FACETS if getattr(chosen, name)}
    if chosen.annotated:
        passing["annotated"] = reviews.annotated == (chosen.annotated == "yes")
    if hits is not None:
        passing["text"] = hits
    rate = np.where(reviews.edited, np.nan, rated.rate) if rated is not None else None
    if rate is not None and (chosen.low > 0 or chosen.high < 1):
        # The bounds are typed decimals: 0.3 must let 3/10 through.
        passing["rate"] = (rate >= chosen.low - 1e-9) & (rate <= chosen.high + 1e-9)
    failed = np.zeros(listed.height, np.uint8)
    for mask in passing.values():
        failed += ~mask
    left = failed == 0

    def but(name: str) -> np.ndarray:
        """Which problems pass all filters but this one."""
        return (failed - ~passing[name]) == 0 if name in passing else left

    bins: tuple[int, ...] = ()
    if rate is not None:
        shown = rate[but("rate")]
        shown = shown[~np.isnan(shown)]
        bins = tuple(np.bincount(np.minimum((shown * BINS + 1e-9).astype(int), BINS - 1), minlength=BINS).tolist())
    counts = {name: facets[name].counts(but(name)) for name in FACETS}
    return Narrowed(np.flatnonzero(left).astype(np.uint32), counts, bins, facets["decision"].counts(left))


def rows(listed: Index, rated: Rates | None, reviews: Reviews, numbers: np.ndarray) -> list[dict[str, Any]]:
    """Rows of the index with n, k (0 where unrated) and what people said: see `Reviews.of`."""
    page = listed.frame[numbers.tolist()].to_dicts()
    said = reviews.of([row["problem_id"] for row in page])
    for row, number in zip(page, numbers.tolist(), strict=True):
        row["n"], row["k"] = (0, 0)
        if rated is not None and not reviews.edited[number]:
            row["n"], row["k"] = int(rated.n[number]), int(rated.k[number])
        row |= said[row["problem_id"]]
    return page
