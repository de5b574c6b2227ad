"""Every model of the workspace on every benchmark, with the published scores beside them: `eureka eval report`."""

from dataclasses import dataclass
from typing import Any

from eval.published import published
from eval.summary import Summary, summaries
from workbench.benchmarks import scores_name
from workbench.errors import UserError
from workbench.plugins import load_plugins
from workbench.workspace import Workspace


@dataclass(frozen=True)
class BenchmarkReport:
    """One benchmark: `models` with the best accuracy first, `published` rows as `eval.published` gives them."""

    benchmark: str
    models: list[Summary]
    published: list[dict[str, Any]]


def report(workspace: Workspace, benchmark: str | None = None) -> list[BenchmarkReport]:
    """All benchmarks of the workspace, or one (or one family, `dataset`). UserError where it has no scores."""
    load_plugins()
    if benchmark is not None:
        benchmark = scores_name(benchmark)
    found = [s for s in summaries(workspace) if benchmark in (None, s.benchmark, s.benchmark.partition(":")[0])]
    if not found:
        of = f" of benchmark {benchmark}" if benchmark else ""
        raise UserError(f"no scores{of} in {workspace.root}; make some with `eureka eval run` or `eureka eval score`")
    names = sorted({summary.benchmark for summary in found})
    return [_report(name, [summary for summary in found if summary.benchmark == name]) for name in names]


def _report(name: str, models: list[Summary]) -> BenchmarkReport:
    models = sorted(models, key=lambda summary: (-summary.accuracy.value if summary.accuracy.n else 1, summary.model))
    return BenchmarkReport(name, models, published(name).sort("score", descending=True).to_dicts())
