"""Sampler correction: importance weights for a sampler whose log-probs are not quite the learner's.

Truncated importance sampling caps the weights (a token's, or its whole response's); masked importance sampling (MIS,
and with two bounds IcePop) gives weight 0 to what lies outside the bounds.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator

from train.algorithm.settings import ComponentSection, Section
from workbench.registry import Registry

if TYPE_CHECKING:
    import torch

# Differences of log-probs beyond this give weights that any bound settles; exp of more overflows.
_MAX_LOG = 50.0

# Takes importance weights (n,), a token's or a response's each, and the correction's settings if it has some; gives the
# weights to use, (n,).
Bound = Callable[..., "torch.Tensor"]

CORRECTIONS: Registry[Bound] = Registry("correction")


class TruncateSettings(Section):
    high: float = Field(2.0, gt=0)
    """No weight is above this."""


class MaskSettings(Section):
    low: float = Field(0.0, ge=0)
    """A lower weight becomes 0."""
    high: float = Field(2.0, gt=0)
    """A higher weight becomes 0."""

    @model_validator(mode="after")
    def _ordered(self) -> "MaskSettings":
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}, so no token would count")
        return self


@CORRECTIONS.register("truncate", settings=TruncateSettings)
def truncate(weights: "torch.Tensor", settings: TruncateSettings) -> "torch.Tensor":
    """min(w, high): truncated importance sampling."""
    return weights.clamp(max=settings.high)


@CORRECTIONS.register("mask", settings=MaskSettings)
def mask(weights: "torch.Tensor", settings: MaskSettings) -> "torch.Tensor":
    """w where low ≤ w ≤ high, else 0: masked importance sampling, and IcePop."""
    return weights * ((weights >= settings.low) & (weights <= settings.high))


class CorrectionConfig(ComponentSection):
    """Importance weights learner over sampler. The kind's own settings stand beside `kind`."""

    COMPONENTS: ClassVar[dict[str, Registry[Any]]] = {"kind": CORRECTIONS}

    kind: str = "truncate"
    level: Literal["token", "sequence"] = "token"
    """Whether a token has a weight of its own or that of its whole response."""


class Correction(NamedTuple):
    """`weights` per token (n,), without gradient; `units` the weights whose spread counts: tokens' or responses'."""

    weights: "torch.Tensor"
    units: "torch.Tensor"


def correct(
    learner: "torch.Tensor", sampler: "torch.Tensor", rows: "torch.Tensor", config: CorrectionConfig
) -> Correction:
    """Weights π_learner / π_sampler of tokens with these log-probs (n,), as the config's kind bounds them.

    `rows` (n,) names each token's response.
    """
    import torch

    difference = (learner - sampler).detach()
    if config.level == "sequence":
        names, rows = rows.unique(return_inverse=True)
        difference = torch.zeros(len(names)).to(difference).index_add(0, rows, difference)
    units = config.component("kind")(difference.clamp(-_MAX_LOG, _MAX_LOG).exp())
    return Correction(units[rows] if config.level == "sequence" else units, units)


def effective_share(total: float, squares: float, count: int) -> float:
    """Effective sample size over the count, (Σw)² / (n Σw²) (Kong 1992); 0 where every weight is 0."""
    return total**2 / (count * squares) if squares > 0 else 0.0
