"""What a whole group counts for: factors on its advantages."""

from collections.abc import Callable, Sequence

from pydantic import Field

from train.algorithm.advantages import EPSILON, Floats
from train.algorithm.groups import GroupFacts
from train.algorithm.settings import Section
from workbench.registry import Registry

# Takes every group of the global batch, and the weight's settings if it has some; gives one factor per group.
GroupWeight = Callable[..., list[float]]

GROUP_WEIGHTS: Registry[GroupWeight] = Registry("group weight")


class AdoraSettings(Section):
    adora_weight: float = Field(0.1, ge=0)
    """λ, the weight of a group whose right answers are not longer than its wrong ones."""


class RebalanceSettings(Section):
    rebalance_max: float = Field(3.0, ge=1)
    """c, the largest weight."""


@GROUP_WEIGHTS.register("adora", settings=AdoraSettings)
def adora(groups: Sequence[GroupFacts], settings: AdoraSettings) -> list[float]:
    """λ, or 1 where the longest right sample (r > 0.5) is longer than the mean of the failed, untruncated ones (ADORA).

    Without a right sample the weight is λ; without a failed one that ended by itself there is nothing to be longer
    than, and it is λ too.
    """
    weights = []
    for group in groups:
        right = group.rewards > 0.5
        failed = ~right & ~group.truncated
        grows = right.any() and failed.any() and group.lengths[right].max() > group.lengths[failed].mean()
        weights.append(1.0 if grows else settings.adora_weight)
    return weights


@GROUP_WEIGHTS.register("inverse_std")
def inverse_std(groups: Sequence[GroupFacts]) -> list[float]:
    """1 / (std + 1e-9), std unbiased, of the group's rewards (CPGD's second ω, arXiv 2505.12504); 0 for equal ones."""
    return [1 / (g.rewards.std(ddof=1) + EPSILON) if _differ(g.rewards) else 0.0 for g in groups]


@GROUP_WEIGHTS.register("rebalance", settings=RebalanceSettings)
def rebalance(groups: Sequence[GroupFacts], settings: RebalanceSettings) -> list[float]:
    """min(c, prompts / prompts whose rewards differ) for every group (CPGD's third ω, arXiv 2505.12504)."""
    differing = sum(_differ(g.rewards) for g in groups)
    weight = min(settings.rebalance_max, len(groups) / differing) if differing else settings.rebalance_max
    return [weight] * len(groups)


def _differ(rewards: Floats) -> bool:
    return len(rewards) > 1 and bool(rewards.min() != rewards.max())
