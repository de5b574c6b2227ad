"""The `algorithm` section of a config: how rewards become gradients."""

from typing import Any, ClassVar

from pydantic import Field

from train.algorithm.advantages import ADVANTAGES
from train.algorithm.correction import CorrectionConfig
from train.algorithm.group_weights import GROUP_WEIGHTS
from train.algorithm.losses import LOSSES, Aggregation
from train.algorithm.penalties import KLConfig
from train.algorithm.settings import ComponentSection
from workbench.registry import Registry


class AlgorithmConfig(ComponentSection):
    """How rewards become gradients. The settings of the loss, the advantage and the group weight stand beside them."""

    COMPONENTS: ClassVar[dict[str, Registry[Any]]] = {
        "advantage": ADVANTAGES,
        "group_weight": GROUP_WEIGHTS,
        "loss": LOSSES,
    }

    advantage: str = "grpo"
    group_weight: str | None = None
    """What a whole group counts for: a factor on its advantages."""
    loss: str = "ppo_clip"
    aggregation: Aggregation = "token"
    """What a token's share of the batch's loss is (`losses.token_weight`)."""
    updates_per_step: int = Field(1, ge=1)
    """A step's groups are split into that many optimizer updates; with more than one the ratio is taken against the
    log-probs from before the first."""
    mask_truncated: bool = False
    """Keep responses cut off at `max_tokens` out of the gradient, not out of their group's statistics."""
    kl: KLConfig | None = None
    entropy_bonus: float = Field(0.0, ge=0)
    """The batch's mean entropy, in nats, is subtracted from the loss with this factor."""
    correction: CorrectionConfig | None = None
