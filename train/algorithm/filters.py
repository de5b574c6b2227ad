"""Which groups a step learns from; what is left out is counted and written with its reason."""

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import Field, model_validator

from train.algorithm.groups import GroupFacts
from train.algorithm.settings import ComponentSection, Section
from workbench.registry import Registry

# Takes a group, and the filter's settings if it has some; gives a short reason to leave the group out, or None.
GroupFilter = Callable[..., str | None]

FILTERS: Registry[GroupFilter] = Registry("filter")


class BoundsSettings(Section):
    low: float = Field(0.1, ge=0, le=1)
    """Groups below this mean accuracy are left out."""
    high: float = Field(0.9, ge=0, le=1)
    """Groups above this mean accuracy are left out."""

    @model_validator(mode="after")
    def _ordered(self) -> "BoundsSettings":
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}, so no group would be learned from")
        return self


@FILTERS.register("accuracy_bounds", settings=BoundsSettings)
def accuracy_bounds(group: GroupFacts, settings: BoundsSettings) -> str | None:
    """Keep low ≤ accuracy ≤ high (MM-Eureka's online filter, arXiv 2503.07365, keeps 0.1 to 0.9)."""
    if group.accuracy < settings.low:
        return "accuracy_below_bounds"
    if group.accuracy > settings.high:
        return "accuracy_above_bounds"
    return None


@FILTERS.register("dynamic_sampling")
def dynamic_sampling(group: GroupFacts) -> str | None:
    """Keep 0 < accuracy < 1 (DAPO's dynamic sampling, arXiv 2503.14476, equation 11)."""
    if group.accuracy == 0:
        return "all_wrong"
    return "all_correct" if group.accuracy == 1 else None


class FilterConfig(ComponentSection):
    """Which groups are learned from. The filter's own settings stand beside `name`."""

    COMPONENTS: ClassVar[dict[str, Registry[Any]]] = {"name": FILTERS}

    name: str = "accuracy_bounds"
    rounds: int = Field(1, ge=1)
    """Above 1, a step samples further prompts until `prompts_per_step` groups are kept or these rounds are over; then
    it learns from exactly that many, or from what it has."""
