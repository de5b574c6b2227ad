"""From the total rewards of a prompt's samples to their advantages."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.registry import Registry

Floats = NDArray[np.float64]
# Takes the rewards of every group of the global batch (all ranks), gives as many advantages a group.
Advantage = Callable[[Sequence[Floats]], list[Floats]]

ADVANTAGES: Registry[Advantage] = Registry("advantage")


@ADVANTAGES.register("grpo")
def grpo(groups: Sequence[Floats]) -> list[Floats]:
    """(r − mean) / (std + 1e-9) in each group, std unbiased (GRPO, arXiv 2402.03300); exactly 0 for equal rewards."""
    return [_standardized(rewards) for rewards in groups]


def _standardized(rewards: Floats) -> Floats:
    # Rounding alone would give equal rewards a difference from their mean, and the division would blow it up.
    if len(rewards) < 2 or rewards.min() == rewards.max():
        return np.zeros(len(rewards))
    return (rewards - rewards.mean()) / (rewards.std(ddof=1) + 1e-9)
