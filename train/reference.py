"""The reference model: the policy's own first weights, kept apart from what never differs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from train.policy import Policy


class Reference:
    """A copy, in main memory, of the trainable parameters only; frozen ones are the policy's own."""

    def __init__(self, policy: Policy):
        self.policy = policy
        self.weights = {name: p.detach().to("cpu", copy=True) for name, p in policy.weights(trainable_only=True)}

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The policy is the reference inside, and bit for bit itself again after; only for passes without gradient."""
        own = {name: p.detach().clone() for name, p in self.policy.weights(trainable_only=True)}
        self._put(self.weights)
        try:
            yield
        finally:
            self._put(own)

    @torch.no_grad()
    def _put(self, weights: dict[str, torch.Tensor]) -> None:
        for name, parameter in self.policy.weights(trainable_only=True):
            parameter.copy_(weights[name])
