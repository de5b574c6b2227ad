"""Which groups a step learns from; what is left out is counted and written with its reason."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.registry import Registry

if TYPE_CHECKING:
    from train.algorithm.config import FilterConfig

# Takes a group's mean accuracy over its scorable samples; gives a short reason to leave it out, or None.
GroupFilter = Callable[[float, "FilterConfig"], str | None]

FILTERS: Registry[GroupFilter] = Registry("filter")


@FILTERS.register("accuracy_bounds")
def accuracy_bounds(accuracy: float, config: "FilterConfig") -> str | None:
    """Keep low ≤ accuracy ≤ high (MM-Eureka's online filter, arXiv 2503.07365, keeps 0.1 to 0.9)."""
    if accuracy < config.low:
        return "accuracy_below_bounds"
    if accuracy > config.high:
        return "accuracy_above_bounds"
    return None


@FILTERS.register("dynamic_sampling")
def dynamic_sampling(accuracy: float, config: "FilterConfig") -> str | None:
    """Keep 0 < accuracy < 1, whatever the bounds say (DAPO's dynamic sampling, arXiv 2503.14476, equation 11)."""
    if accuracy == 0:
        return "all_wrong"
    return "all_correct" if accuracy == 1 else None
