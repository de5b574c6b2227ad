"""Published scores, to stand beside one's own."""

from pathlib import Path

import polars as pl

from workbench.benchmarks import BENCHMARKS

CSV = Path(__file__).parent / "published.csv"


def published(benchmark: str | None = None) -> pl.DataFrame:
    """model, benchmark, score (percent), protocol, source: of one benchmark, or of all.

    They are what published.csv holds (the tables of the MM-Eureka papers, protocols v1 and v2) and what the benchmarks'
    definitions say. Splits, prompts and judges differ between protocols: compare within one only.
    """
    table = pl.read_csv(CSV)
    rows = [
        (score.model, name, score.score, score.protocol, score.source)
        for name in BENCHMARKS
        for score in BENCHMARKS[name].published
    ]
    table = pl.concat([table, pl.DataFrame(rows, schema=table.schema, orient="row")])
    return table if benchmark is None else table.filter(pl.col("benchmark") == benchmark)
