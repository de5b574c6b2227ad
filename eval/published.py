"""Published scores, to stand beside one's own."""

from pathlib import Path

import polars as pl

CSV = Path(__file__).parent / "published.csv"


def published(benchmark: str | None = None) -> pl.DataFrame:
    """model, benchmark, score (percent), protocol, source: all of published.csv, or one benchmark's rows.

    `protocol` is v1 or v2 of the MM-Eureka paper (splits and judges differ between them: compare within one only).
    """
    table = pl.read_csv(CSV)
    return table if benchmark is None else table.filter(pl.col("benchmark") == benchmark)
