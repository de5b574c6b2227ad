"""The reference model: the policy's own first weights, kept apart from what never differs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from train.learner.engine import Learner


class Reference:
    """A copy, in main memory, of what this rank holds of the trainable parameters; frozen ones are the policy's own."""

    def __init__(self, learner: Learner):
        self.learner = learner
        self.weights = {name: held.to("cpu", copy=True) for name, held in learner.held()}

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The policy is the reference inside, and bit for bit itself again after; only for passes without gradient."""
        own = {name: held.clone() for name, held in self.learner.held()}
        self._put(self.weights)
        try:
            yield
        finally:
            self._put(own)

    @torch.no_grad()
    def _put(self, weights: dict[str, torch.Tensor]) -> None:
        for name, held in self.learner.held():
            held.copy_(weights[name])
