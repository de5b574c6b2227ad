"""Benchmark scores: the models' summaries and comparisons of the evaluation floor, and the items where two differ."""

from pathlib import Path

import polars as pl

from eval.comparison import Comparison, compare
from eval.published import published
from eval.summary import Summary, summaries
from workbench.benchmarks import benchmarks
from workbench.store import Store

# Which items to read: those only one of the two has right, or all that both answered.
DIFFERENT = {
    "only one is right": "a.right <> b.right",
    "only the first is right": "a.right AND NOT b.right",
    "only the second is right": "b.right AND NOT a.right",
    "neither is right": "NOT a.right AND NOT b.right",
    "all items": "true",
}


def files(store: Store) -> list[Path]:
    return store.scores()


def all_summaries(store: Store) -> list[Summary]:
    """Every model on every benchmark of the workspace."""
    return summaries(store.workspace)


def comparison(store: Store, first: str, second: str, benchmark: str) -> Comparison:
    """Two models on one benchmark with the interval of their difference."""
    found = compare(store.workspace, first, second, benchmark)
    return next(c for c in found if c.benchmark == benchmark)


def published_beside(benchmark: str) -> pl.DataFrame:
    """The published scores of the benchmark a scores table names (`dataset:NAME` has none): model, score, protocol."""
    return published(benchmark)


def published_items(benchmark: str) -> int | None:
    """How many items the published scores are over; the workspace's own may be of fewer."""
    known = benchmarks().get(benchmark)
    return known.size if known else None


# One row an item: the first sample of each model's newest scores, both with a verdict.
_ITEMS = """
, rows AS (
    SELECT model, item_id, response, extracted, verdict, meta, verdict = 'correct' AS right
    FROM scores WHERE sample_index = 0 AND verdict <> 'unscorable'
), pairs AS (
    SELECT a.item_id, a.meta->>'question' AS question, a.meta->>'gold' AS gold, a.meta->'images' AS images,
           a.response AS response_a, a.extracted AS extracted_a, a.verdict AS verdict_a, a.meta->'span' AS span_a,
           b.response AS response_b, b.extracted AS extracted_b, b.verdict AS verdict_b, b.meta->'span' AS span_b
    FROM (SELECT * FROM rows WHERE model = $first) a JOIN (SELECT * FROM rows WHERE model = $second) b
      ON a.item_id = b.item_id
    WHERE {which}
)
"""


def items(store: Store, found: Comparison, which: str, offset: int, limit: int) -> pl.DataFrame:
    """One page of the items that both models answered: question, gold, images (JSON), and for each of a and b the
    response, what was extracted, the verdict and the answer's span (JSON)."""
    sql = f"{_items(which)} SELECT * FROM pairs ORDER BY length(item_id), item_id LIMIT $limit OFFSET $offset"
    return store.query(sql, _models(found) | {"limit": limit, "offset": offset}, scores=_paths(found))


def count_items(store: Store, found: Comparison, which: str) -> int:
    sql = f"{_items(which)} SELECT count(*) FROM pairs"
    return int(store.query(sql, _models(found), scores=_paths(found)).item())


def _items(which: str) -> str:
    # One of our own conditions, chosen by name; no text from outside gets into the SQL.
    return _ITEMS.format(which=DIFFERENT[which])


def _models(found: Comparison) -> dict[str, str]:
    return {"first": found.a.model, "second": found.b.model}


def _paths(found: Comparison) -> list[Path]:
    return [found.a.path, found.b.path]
