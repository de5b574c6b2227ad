"""What `--format` takes: the sources of this folder, and every benchmark."""

from pipelines.sources.base import SOURCES, Source
from pipelines.sources.benchmark import BenchmarkSource
from workbench.benchmarks import benchmarks
from workbench.errors import UserError


def known_formats() -> list[str]:
    """The names of sources and benchmarks; `find_source` also takes the benchmarks' other names."""
    return sorted({*SOURCES, *(benchmark.name for benchmark in benchmarks().values())})


def find_source(name: str) -> Source:
    """The source of a format or a benchmark. UserError lists the known ones."""
    if name in SOURCES:
        return SOURCES[name]()
    benchmark = benchmarks().get(name)
    if benchmark is None:
        raise UserError(f"no source format is called {name!r}; there are {', '.join(known_formats())}")
    return BenchmarkSource(benchmark)
