"""The trainer: reinforcement learning with rule-based rewards, and supervised fine-tuning beside it.

Public names: `load_config` (a YAML file or a bundled recipe, with overrides), `TrainConfig`, `train`.
"""

from typing import TYPE_CHECKING

from workbench.public import lazy_names

if TYPE_CHECKING:
    from train.config import TrainConfig, load_config
    from train.start import train

__all__ = ["TrainConfig", "load_config", "train"]

__getattr__, __dir__ = lazy_names(
    __name__, {"TrainConfig": "train.config", "load_config": "train.config", "train": "train.start"}
)
