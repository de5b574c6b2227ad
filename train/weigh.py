"""From rewards to what each response weighs: filters first, then advantages over the global batch."""

from collections.abc import Sequence

import numpy as np

from train.advantages import ADVANTAGES
from train.config import TrainConfig
from train.distributed import Ranks
from train.filters import FILTERS
from train.rollouts import Group, Rollout


def weigh(groups: Sequence[Group], config: TrainConfig, ranks: Ranks) -> list[Group]:
    """Set the rollouts' advantages and say why some are not used; returns the groups to learn from.

    A group's statistics are over its scorable members only.
    """
    kept = [group for group in groups if group.scorable]
    if config.filter is not None:
        for group in kept:
            reason = FILTERS[config.filter.name](group.accuracy, config.filter)
            for rollout in group.scorable if reason else []:
                rollout.unused_reason = reason
    kept = [group for group in kept if used(group)]
    rewards = [np.array([r.reward for r in used(group)], dtype=np.float64) for group in kept]
    everywhere = ranks.gather(rewards)
    advantages = ADVANTAGES[config.algorithm.advantage]([one for rank in everywhere for one in rank])
    first = sum(len(rank) for rank in everywhere[: ranks.rank])
    for group, values in zip(kept, advantages[first:], strict=False):
        for rollout, value in zip(used(group), values, strict=True):
            rollout.advantage = float(value)
    return kept


def used(group: Group) -> list[Rollout]:
    """The rollouts of a group that are learned from."""
    return [rollout for rollout in group.rollouts if rollout.unused_reason is None]
