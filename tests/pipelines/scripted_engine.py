"""A rollout engine without a model, for tests of what is sampled, counted and stored."""

from collections.abc import Sequence
from typing import Any

from workbench.rollout.engine import Sample, SampleGroup
from workbench.rollout.requests import RolloutRequest
from workbench.rollout.sampling import SamplingConfig


class Scripted:
    """A rollout engine whose k-th problem is answered rightly by its first k samples; every fifth is too long."""

    def __init__(self, golds: list[str]):
        self.golds = golds
        self.calls: list[tuple[int, int, int]] = []
        self.seen = 0

    def generate(
        self, requests: Sequence[RolloutRequest], sampling: SamplingConfig, n: int, seed: int
    ) -> list[SampleGroup]:
        self.calls.append((len(requests), n, seed))
        groups = []
        for request in requests:
            assert len(request.images) == 1 and len(request.image_ids) == 1
            k, self.seen = self.seen, self.seen + 1
            if k % 5 == 4:
                groups.append(SampleGroup([], [], 0, "prompt_too_long"))
                continue
            answers = [self.golds[k] if i < k else "no idea" for i in range(n)]
            texts = [f"<think>t</think><answer>{answer}</answer>" for answer in answers]
            groups.append(SampleGroup([1], [Sample([1, 2], [0.0, 0.0], text, "stop") for text in texts], 0))
        return groups

    def sync(self, weights: Any, version: int) -> None: ...

    def sleep(self) -> None: ...

    def wake(self) -> None: ...

    def close(self) -> None:
        raise AssertionError("an engine that was lent is not closed here")
