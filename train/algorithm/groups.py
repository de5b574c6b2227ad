"""What filters and group weights are told of a group."""

from dataclasses import dataclass

import numpy as np

from train.algorithm.advantages import Floats
from workbench.schema import Problem


@dataclass(frozen=True)
class GroupFacts:
    """The scorable samples of one problem, at least one, all (n,).

    `rewards` are the total ones, `lengths` are in tokens, `truncated` says which responses were cut off and `correct`
    which are right.
    """

    rewards: Floats
    lengths: Floats
    truncated: np.ndarray
    correct: np.ndarray
    problem: Problem

    @property
    def accuracy(self) -> float:
        """Share of correct responses."""
        return float(self.correct.mean())
