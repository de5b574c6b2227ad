"""The trainer: reinforcement learning with rule-based rewards, and supervised fine-tuning beside it.

Public names: `load_config` (a YAML file or a bundled recipe, with overrides), `TrainConfig`, `train`. For plug-ins:
`REWARDS` with `Response` and `Reward`, `LOSSES` with `Tokens`, `ADVANTAGES`, `FILTERS` and `GROUP_WEIGHTS`
with `GroupFacts`, `FAMILIES` with `Family`, `TRACKERS` with `Tracker` and `TrackedRun`.
"""

from typing import TYPE_CHECKING

from workbench.public import lazy_names

if TYPE_CHECKING:
    from train.algorithm.advantages import ADVANTAGES
    from train.algorithm.filters import FILTERS
    from train.algorithm.group_weights import GROUP_WEIGHTS
    from train.algorithm.groups import GroupFacts
    from train.algorithm.losses import LOSSES, Tokens
    from train.algorithm.rewards import REWARDS, Response, Reward
    from train.config import TrainConfig, load_config
    from train.learner.families import FAMILIES, Family
    from train.start import train
    from train.trackers import TRACKERS, TrackedRun, Tracker

__all__ = [
    "ADVANTAGES",
    "FAMILIES",
    "FILTERS",
    "GROUP_WEIGHTS",
    "LOSSES",
    "REWARDS",
    "TRACKERS",
    "Family",
    "GroupFacts",
    "Response",
    "Reward",
    "Tokens",
    "TrackedRun",
    "Tracker",
    "TrainConfig",
    "load_config",
    "train",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "ADVANTAGES": "train.algorithm.advantages",
        "FAMILIES": "train.learner.families",
        "FILTERS": "train.algorithm.filters",
        "GROUP_WEIGHTS": "train.algorithm.group_weights",
        "LOSSES": "train.algorithm.losses",
        "REWARDS": "train.algorithm.rewards",
        "TRACKERS": "train.trackers",
        "Family": "train.learner.families",
        "GroupFacts": "train.algorithm.groups",
        "Response": "train.algorithm.rewards",
        "Reward": "train.algorithm.rewards",
        "Tokens": "train.algorithm.losses",
        "TrackedRun": "train.trackers",
        "Tracker": "train.trackers",
        "TrainConfig": "train.config",
        "load_config": "train.config",
        "train": "train.start",
    },
)
