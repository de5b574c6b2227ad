"""The benchmarks that can be evaluated, in facts: what `eureka eval list` shows."""

from typing import Any

from eval.published import published
from eval.scorers import label
from workbench.benchmarks import BENCHMARKS, Benchmark, ItemSet, get_benchmark
from workbench.plugins import load_plugins


def listing() -> list[dict[str, Any]]:
    """One row per benchmark, by name."""
    load_plugins()
    return [_facts(get_benchmark(name)) for name in BENCHMARKS]


def _facts(benchmark: ItemSet) -> dict[str, Any]:
    own = benchmark if isinstance(benchmark, Benchmark) else None
    reproduced = type(benchmark).official_verdict is not ItemSet.official_verdict
    return {
        "name": benchmark.name,
        "title": benchmark.title,
        "other names": list(own.names) if own else [],
        "items": own.size if own else None,
        "read from": list(own.layout) if own else ["a dataset of the workspace"],
        "license": own.license if own else None,
        "prompt": benchmark.template.name,
        "scorings": [label(benchmark.scorer, benchmark), *(["official"] if reproduced else [])],
        "broken down by": list(benchmark.groups),
        "published scores": published(benchmark.name).height,
    }
