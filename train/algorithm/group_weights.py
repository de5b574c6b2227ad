"""What a whole group counts for: factors on its advantages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from train.algorithm.advantages import EPSILON, Floats
from workbench.registry import Registry

if TYPE_CHECKING:
    from train.algorithm.config import AlgorithmConfig


@dataclass(frozen=True)
class GroupFacts:
    """One group's samples: total `rewards`, response `lengths` in tokens, and which were `truncated`; all (n,)."""

    rewards: Floats
    lengths: Floats
    truncated: "np.ndarray"


# Takes every group of the global batch, gives one factor a group.
GroupWeight = Callable[[Sequence[GroupFacts], "AlgorithmConfig"], list[float]]

GROUP_WEIGHTS: Registry[GroupWeight] = Registry("group weight")


@GROUP_WEIGHTS.register("adora")
def adora(groups: Sequence[GroupFacts], config: "AlgorithmConfig") -> list[float]:
    """λ, or 1 where the longest right sample (r > 0.5) is longer than the mean of the failed, untruncated ones (ADORA).

    Without a right sample the weight is λ; without a failed one that ended by itself there is nothing to be longer
    than, and it is λ too.
    """
    weights = []
    for group in groups:
        right = group.rewards > 0.5
        failed = ~right & ~group.truncated
        grows = right.any() and failed.any() and group.lengths[right].max() > group.lengths[failed].mean()
        weights.append(1.0 if grows else config.adora_weight)
    return weights


@GROUP_WEIGHTS.register("inverse_std")
def inverse_std(groups: Sequence[GroupFacts], config: "AlgorithmConfig") -> list[float]:
    """1 / (std + 1e-9), std unbiased, of the group's rewards (CPGD's second ω, arXiv 2505.12504); 0 for equal ones."""
    return [1 / (g.rewards.std(ddof=1) + EPSILON) if _differ(g.rewards) else 0.0 for g in groups]


@GROUP_WEIGHTS.register("rebalance")
def rebalance(groups: Sequence[GroupFacts], config: "AlgorithmConfig") -> list[float]:
    """min(c, prompts / prompts whose rewards differ) for every group (CPGD's third ω, arXiv 2505.12504)."""
    differing = sum(_differ(g.rewards) for g in groups)
    weight = min(config.rebalance_max, len(groups) / differing) if differing else config.rebalance_max
    return [weight] * len(groups)


def _differ(rewards: Floats) -> bool:
    return len(rewards) > 1 and bool(rewards.min() != rewards.max())
