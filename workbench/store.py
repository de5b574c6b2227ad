"""Reading the workspace's tables: DuckDB over the Parquet files where they lie.

The only file that spells where a table's rows come from. `Store.query` runs SQL over named tables; values are always
bound, never formatted into the text.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from workbench import schema
from workbench.statistics import wilson_ends, z_score
from workbench.workspace import Workspace, read_jsonl, safe_name

SCHEMAS: dict[str, pa.Schema] = {
    "problems": schema.PROBLEMS,
    "inputs": schema.PROBLEMS,  # the problems a dataset version was made from
    "decisions": schema.DECISIONS,
    "responses": schema.RESPONSES,
    "rollouts": schema.ROLLOUTS,
    "scores": schema.SCORES,
}

# Unscorable responses are outside n.
_PASS_COUNTS = """
SELECT problem_id, content_hash, model,
       count(*) FILTER (verdict <> 'unscorable') AS n,
       count(*) FILTER (verdict = 'correct') AS k
FROM responses GROUP BY problem_id, content_hash, model
"""


@cache
def _database(process: int) -> duckdb.DuckDBPyConnection:
    """The one DuckDB of a process; starting one takes longer than most queries. A forked child makes its own."""
    return duckdb.connect()


def json_fields(lines: Sequence[str], fields: Sequence[str]) -> pl.DataFrame:
    """A string column per field of JSON objects, one object per line: a string's text, and JSON text for other values.

    A field that is missing or null is null. Raises duckdb.Error if a line is not JSON.
    """
    columns = ", ".join(f"texts[{index}]" for index in range(1, len(fields) + 1))
    with _database(os.getpid()).cursor() as connection:
        connection.register("lines", pl.Series("line", lines, dtype=pl.String).to_frame().to_arrow())
        sql = f"SELECT {columns} FROM (SELECT json_extract_string(line, $paths) AS texts FROM lines)"
        paths = [f'$."{field}"' for field in fields]
        table: Any = pl.from_arrow(connection.sql(sql, params={"paths": paths}).to_arrow_table())
    return table.rename(dict(zip(table.columns, fields, strict=True)))


class Store:
    """Queries over one workspace. Cheap to make, and safe in threads: every query has a cursor of its own."""

    def __init__(self, workspace: Workspace):
        self.workspace = workspace

    def problems(self, *datasets: str) -> list[Path]:
        return [self.workspace.dataset(ref).problems for ref in datasets]

    def decisions(self, *datasets: str) -> list[Path]:
        paths = [self.workspace.dataset(ref).decisions for ref in datasets]
        return [p for p in paths if p.exists()]

    def responses(self, dataset: str = "*", model: str | None = None) -> list[Path]:
        """Response files of a dataset's name (any version) and a model; `*` and None mean all."""
        folder = safe_name(model) if model else "*"
        return sorted((self.workspace.root / "responses").glob(f"{dataset}/{folder}/*.parquet"))

    def rollouts(self, run: str, step: int | None = None) -> list[Path]:
        """Rollout files of a run, of one step or of all."""
        name = "step=*" if step is None else f"step={step:06d}"
        return sorted((self.workspace.run(run) / "rollouts").glob(f"{name}/*.parquet"))

    def scores(self, benchmark: str = "*", model: str | None = None) -> list[Path]:
        folder = safe_name(model) if model else "*"
        return sorted((self.workspace.root / "evals").glob(f"{benchmark}/{folder}/*.parquet"))

    def query(
        self,
        sql: str,
        params: Mapping[str, Any] | None = None,
        **tables: Sequence[Path],
    ) -> pl.DataFrame:
        """Run `sql`; each keyword is a table of `SCHEMAS` and its files, and `responses` brings `pass_rates` along.

        `params` are bound as `$name`. A table without files is empty, with its columns.
        """
        with _database(os.getpid()).cursor() as connection:
            connection.execute("SET enable_progress_bar = false")
            parts = []
            bound = dict(params or {})
            for name, paths in tables.items():
                assert name in SCHEMAS, name
                if paths:
                    bound[f"{name}_files"] = [str(p) for p in paths]
                    source = f"read_parquet(${name}_files, hive_partitioning = false)"
                else:
                    connection.register(f"empty_{name}", SCHEMAS[name].empty_table())
                    source = f"empty_{name}"
                parts.append(f"{name} AS (SELECT * FROM {source})")
                if name == "responses" and "pass_rates" in sql:
                    files = {key: value for key, value in bound.items() if key == "responses_files"}
                    counts = connection.sql(f"WITH {parts[-1]} {_PASS_COUNTS}", params=files).pl()
                    connection.register("pass_rates", with_rates(counts).to_arrow())
            text = f"WITH {', '.join(parts)} {sql}" if parts else sql
            result: Any = pl.from_arrow(connection.sql(text, params=bound).to_arrow_table())
            return result

    def pass_rates(self, dataset: str = "*", model: str | None = None) -> pl.DataFrame:
        """problem_id, content_hash, model, n, k, rate, low, high (Wilson 95 %); rate is null where n is 0."""
        sql = "SELECT * FROM pass_rates ORDER BY problem_id, model"
        return self.query(sql, responses=self.responses(dataset, model))

    def metrics(self, run: str) -> pl.DataFrame:
        """The run's metrics.jsonl, a row a step; a torn last line (the run is writing) is left out."""
        rows, _ = read_jsonl(self.workspace.run(run) / "metrics.jsonl")
        return pl.from_dicts(rows, infer_schema_length=None) if rows else pl.DataFrame()


def with_rates(counts: pl.DataFrame) -> pl.DataFrame:
    """`counts` (n, k) with rate = k / n and its Wilson 95 % interval low, high; all three are null where n is 0."""
    n, k = pl.col("n"), pl.col("k")
    low, high = wilson_ends(k, n, z_score(0.95))
    columns = {"rate": k / n, "low": low.clip(0, 1), "high": high.clip(0, 1)}
    return counts.with_columns(**{name: pl.when(n > 0).then(column) for name, column in columns.items()})
