"""From rewards to what each response weighs: filters first, then advantages over the global batch."""

from collections.abc import Sequence

import numpy as np

from train.algorithm.groups import GroupFacts
from train.config import TrainConfig
from train.distributed import Ranks
from train.rollouts import Group, Rollout
from workbench.schema import Problem


def screen(groups: Sequence[Group], config: TrainConfig) -> list[Group]:
    """The groups that pass the filter; the rollouts of the others say why they are not used."""
    kept = [group for group in groups if group.scorable]
    if config.filter is not None:
        for group in kept:
            reason = config.filter.component("name")(_facts(group.problem, group.scorable))
            for rollout in group.scorable if reason else []:
                rollout.unused_reason = reason
    return [group for group in kept if used(group)]


def exactly(groups: Sequence[Group], count: int, ranks: Ranks) -> list[Group]:
    """Of all ranks' groups the first `count` by their place in the batch; the others are surplus."""
    places = sorted(place for rank in ranks.gather([group.place for group in groups]) for place in rank)
    wanted = set(places[:count])
    for group in groups:
        for rollout in used(group) if group.place not in wanted else []:
            rollout.unused_reason = "surplus"
    return [group for group in groups if group.place in wanted]


def weigh(groups: Sequence[Group], config: TrainConfig, ranks: Ranks) -> None:
    """Set the advantages of the rollouts that are used.

    A group's statistics are over its scorable members only; they hold truncated ones even where those are masked.
    """
    algorithm = config.algorithm
    mine = [_facts(group.problem, used(group)) for group in groups]
    everywhere = ranks.gather(mine)
    facts = [one for rank in everywhere for one in rank]
    advantages = algorithm.component("advantage")([one.rewards for one in facts])
    if algorithm.group_weight is not None:
        factors = algorithm.component("group_weight")(facts)
        advantages = [values * factor for values, factor in zip(advantages, factors, strict=True)]
    first = sum(len(rank) for rank in everywhere[: ranks.rank])
    for group, values in zip(groups, advantages[first:], strict=False):
        for rollout, value in zip(used(group), values, strict=True):
            rollout.advantage = float(value)
            if algorithm.mask_truncated and rollout.truncated:
                rollout.unused_reason = "truncated"


def _facts(problem: Problem, rollouts: Sequence[Rollout]) -> GroupFacts:
    return GroupFacts(
        rewards=np.array([r.reward for r in rollouts], dtype=np.float64),
        lengths=np.array([len(r.sample.token_ids) for r in rollouts], dtype=np.float64),
        truncated=np.array([r.truncated for r in rollouts], dtype=bool),
        correct=np.array([r.correct for r in rollouts], dtype=bool),
        problem=problem,
    )


def used(group: Group) -> list[Rollout]:
    """The rollouts of a group that are learned from."""
    return [rollout for rollout in group.rollouts if rollout.unused_reason is None]
