"""The rewards that a config names or spells out, each with its weight and its settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from train.algorithm.patterns import PatternReward
from train.algorithm.rewards import REWARDS, Response, Reward
from train.algorithm.settings import Choice, read_settings, validated
from workbench.errors import UserError

# A registered reward's weight, or a reward that is spelt out with its weight in it.
Given = float | PatternReward


@dataclass(frozen=True)
class WeightedReward:
    """A reward with its weight: a registered one with its `settings`, or one that the config spells out."""

    name: str
    weight: float
    settings: BaseModel | None
    pattern: PatternReward | None = None

    def __call__(self, response: Response) -> Reward:
        if self.pattern is not None:
            return self.pattern(response)
        reward: Reward = REWARDS.bind(self.name, self.settings)(response)
        return reward


def read_reward(name: str, value: Any) -> Given:
    """What a config gives a reward: its weight, or the keys of a PatternReward."""
    if isinstance(value, PatternReward):
        return value
    return validated(PatternReward, value, name) if isinstance(value, dict) else validated(float, value, name)


def check_names(rewards: Mapping[str, Given]) -> None:
    """UserError for a reward that is not registered, a pattern with a registered name, and if nothing has weight."""
    for name, given in rewards.items():
        if isinstance(given, PatternReward) and name in REWARDS:
            raise UserError(f"reward {name!r} is there already; give your pattern another name")
        if not isinstance(given, PatternReward):
            REWARDS[name]
    if not any(weight_of(given) for given in rewards.values()):
        raise UserError(f"reward has no weight other than 0; give one of {', '.join(REWARDS)} a weight")


def weighted_rewards(rewards: Mapping[str, Given], settings: Mapping[str, Any]) -> list[WeightedReward]:
    """The rewards in their order; `settings` are those of all registered ones, by key (see `read_settings`)."""
    registered = [name for name, given in rewards.items() if not isinstance(given, PatternReward)]
    choices: list[Choice] = [(REWARDS, name) for name in registered]
    own = dict(zip(registered, read_settings(settings, choices), strict=True))
    return [
        WeightedReward(name, weight_of(given), own.get(name), given if isinstance(given, PatternReward) else None)
        for name, given in rewards.items()
    ]


def weight_of(given: Given) -> float:
    return given.weight if isinstance(given, PatternReward) else given
