"""The one protocol the trainer, the difficulty step and the evaluation sample through."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from workbench.rollout.requests import PromptLimits, RolloutRequest
from workbench.rollout.sampling import SamplingConfig

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Sample:
    """One response. `logprobs[i]` is the sampler's log-prob of `token_ids[i]` under the distribution it drew from.

    `finish_reason` is "stop" or "length" (cut off at max_tokens).
    """

    token_ids: list[int]
    logprobs: list[float]
    text: str
    finish_reason: str


@dataclass(frozen=True)
class SampleGroup:
    """All samples of one request. `prompt_token_ids` are the sampler's own, image placeholders expanded.

    `unusable` says why a request was not sampled ("prompt_too_long", "too_many_images", …); then `samples` is empty.
    Prompts are never cut.
    """

    prompt_token_ids: list[int]
    samples: list[Sample]
    weight_version: int
    unusable: str | None = field(default=None)


class RolloutEngine(Protocol):
    """Samples responses and takes new weights. `limits` tell which requests it cannot sample."""

    limits: PromptLimits

    def generate(
        self,
        requests: Sequence[RolloutRequest],
        sampling: SamplingConfig,
        n: int,
        seed: int,
        finished: Callable[[int, SampleGroup], object] | None = None,
    ) -> list[SampleGroup]:
        """`n` samples of each request, in order; equal seeds, weights and requests give equal samples.

        `finished` is told a request's index and its samples as soon as they are whole, while others are still drawn;
        of an unusable request it is told nothing.
        """
        ...

    def sync(self, weights: Iterable[tuple[str, "torch.Tensor"]], version: int) -> None:
        """Load weights named as in the Hugging Face state dict, clear what depended on the old ones."""
        ...

    def sleep(self) -> None:
        """Free the accelerator's memory for the learner; a no-op where there is none to free."""
        ...

    def wake(self) -> None:
        """Undo `sleep`; the next call must be `sync`, since weights may have been dropped."""
        ...

    def close(self) -> None:
        """Stop the engine and free its memory."""
        ...
