"""The problems of a run, in an order that follows from the seed and can be taken up again anywhere."""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.benchmarks.names import benchmark_pattern
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.schema import Problem
from workbench.workspace import Workspace

_FIELDS = tuple(Problem.__dataclass_fields__)


def refuse_benchmarks(problems: Sequence[Problem]) -> None:
    """Raises UserError if problems are a benchmark's by their source, or were set apart for a test by their split."""
    benchmark = benchmark_pattern()
    named = (
        f"source {problem.source}"
        if benchmark.search(problem.source)
        else f"split {problem.split}"
        if (problem.split or "").lower().startswith("test")
        else None
        for problem in problems
    )
    counts = Counter(name for name in named if name)
    if counts:
        what = ", ".join(f"{count:,} of {name}" for name, count in counts.most_common())
        raise UserError(
            f"{sum(counts.values()):,} of {len(problems):,} problems to train on belong to a benchmark or a test split "
            f"({what}): take them out with a filter step, or set allow_benchmarks=true"
        )


def load_problems(workspace: Workspace, refs: Sequence[str]) -> list[Problem]:
    """The problems of several dataset versions, one after another.

    Raises UserError if there are none, if one problem comes twice, or if a picture is not in the image store: training
    without a promised picture would go unnoticed.
    """
    store = ImageStore(workspace.images)
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for ref in refs:
        version = workspace.dataset(ref)
        for row in _rows(version.problems):
            problem = Problem(**{name: _tuple(row[name]) for name in _FIELDS})
            if problem.problem_id in seen:
                raise UserError(f"problem {problem.problem_id} is in {seen[problem.problem_id]} and in {version.ref}")
            seen[problem.problem_id] = version.ref
            missing = [sha for sha in problem.images if store.find(sha) is None]
            if missing:
                raise UserError(f"{version.ref}: problem {problem.problem_id} lacks picture {missing[0]}; import again")
            problems.append(problem)
    if not problems:
        raise UserError(f"dataset {', '.join(refs)} has no problems to train on")
    return problems


def _rows(path: Path) -> list[dict[str, Any]]:
    table: pa.Table = pq.read_table(path, columns=[*_FIELDS])
    return table.to_pylist()


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class ProblemStream:
    """Endless problems: each epoch is its own shuffle, which follows from the seed and the epoch alone."""

    def __init__(self, problems: Sequence[Problem], seed: int):
        self.problems = problems
        self.seed = seed
        self.epoch = 0
        self.position = 0
        self._order = self._shuffled()

    def take(self, count: int) -> list[Problem]:
        """The next `count` problems; a batch may reach into the next epoch, so none is ever left over."""
        taken: list[Problem] = []
        for _ in range(count):
            if self.position == len(self.problems):
                self.epoch, self.position = self.epoch + 1, 0
                self._order = self._shuffled()
            taken.append(self.problems[self._order[self.position]])
            self.position += 1
        return taken

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.epoch, self.position = state["epoch"], state["position"]
        self._order = self._shuffled()

    def _shuffled(self) -> list[int]:
        order = list(range(len(self.problems)))
        random.Random(f"{self.seed}/{self.epoch}").shuffle(order)
        return order
