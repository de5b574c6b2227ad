"""A benchmark as a source: its own definition reads the rows, import takes them like any other's."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.sources.base import Draft, Rejected, Source
from workbench.benchmarks import Benchmark
from workbench.rows import table_rows


class BenchmarkSource(Source):
    """The rows of a benchmark's files with their pictures."""

    def __init__(self, benchmark: Benchmark):
        self.benchmark = benchmark
        self.name = benchmark.source or benchmark.name

    def files(self, path: str) -> list[Path]:
        return self.benchmark.files(path)

    def raw(self, file: Path) -> Iterator[tuple[int, Any] | Rejected]:
        return table_rows(file)

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        return replace(self.benchmark.read(row, file, number), images=self.benchmark.pictures(row, file))
