"""A group weight: hard problems count more.

`eureka train demo 'algorithm={group_weight: hard, sharpness: 2}' --plugin group_weight.py`
"""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from train import GROUP_WEIGHTS, GroupFacts


class Settings(BaseModel):
    sharpness: float = Field(1.0, ge=0)
    """0 weighs all groups alike."""


@GROUP_WEIGHTS.register("hard", settings=Settings)
def hard(groups: Sequence[GroupFacts], settings: Settings) -> list[float]:
    """(1 − accuracy)^sharpness, a factor on the advantages of each group of the step, over all ranks."""
    return [(1 - group.accuracy) ** settings.sharpness for group in groups]
