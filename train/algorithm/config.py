"""The settings of an algorithm: how rewards become advantages, losses and penalties, and which groups count."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from train.algorithm.advantages import ADVANTAGES
from train.algorithm.filters import FILTERS
from train.algorithm.group_weights import GROUP_WEIGHTS
from train.algorithm.losses import LOSSES, Aggregation
from train.algorithm.penalties import Estimator
from workbench.errors import UserError


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=(), frozen=True)


class KLConfig(Section):
    """Penalty for leaving the reference, the model the run starts from: `coefficient` times an estimate of the KL.

    In the `loss` it is a mean over the batch's tokens, weighed as the loss's; in the `reward` it is summed over a
    response's tokens and subtracted before advantages are taken.
    """

    coefficient: float = Field(gt=0)
    estimator: Estimator = "k3"
    place: Literal["loss", "reward"] = "loss"


class CorrectionConfig(Section):
    """Importance weights learner over sampler (`correction.py`): TIS is `truncate`; MIS and IcePop are `mask`."""

    kind: Literal["truncate", "mask"] = "truncate"
    level: Literal["token", "sequence"] = "token"
    low: float = Field(0.0, ge=0)
    high: float = Field(2.0, gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> "CorrectionConfig":
        if self.kind == "truncate" and self.low:
            raise UserError(f"kind truncate has no lower bound, but low is {self.low}; take kind mask or leave low out")
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}, so no token would count")
        return self


class AlgorithmConfig(Section):
    """How rewards become gradients.

    `updates_per_step` splits a step's groups into that many optimizer updates; with more than one the ratio is taken
    against the log-probs from before the first. `mask_truncated` keeps responses cut off at `max_tokens` out of the
    gradient, not out of their group's statistics. `adora_weight` is ADORA's λ, `rebalance_max` CPGD's c_ω; `drift` and
    `drift_clip` are its α and c.
    """

    advantage: str = "grpo"
    group_weight: str | None = None
    adora_weight: float = Field(0.1, ge=0)
    rebalance_max: float = Field(3.0, ge=1)
    loss: str = "ppo_clip"
    clip_low: float = Field(0.2, gt=0, lt=1)
    clip_high: float = Field(0.2, gt=0)
    dual_clip: float | None = Field(None, gt=1)
    ratio_max: float | None = Field(None, gt=1)
    drift: float = Field(0.01, ge=0)
    drift_clip: float = Field(0.2, ge=0)
    aggregation: Aggregation = "token"
    updates_per_step: int = Field(1, ge=1)
    mask_truncated: bool = False
    kl: KLConfig | None = None
    entropy_bonus: float = Field(0.0, ge=0)
    correction: CorrectionConfig | None = None

    @model_validator(mode="after")
    def _loss_reads_its_settings(self) -> "AlgorithmConfig":
        clips = ("ppo_clip", "gspo")
        for name in ("dual_clip", "ratio_max"):
            if getattr(self, name) is not None and self.loss not in clips:
                raise UserError(f"{name} is set, but only the losses {' and '.join(clips)} read it, not {self.loss}")
        return self

    @field_validator("group_weight")
    @classmethod
    def _group_weight(cls, name: str | None) -> str | None:
        if name is not None:
            GROUP_WEIGHTS[name]
        return name

    @field_validator("advantage")
    @classmethod
    def _advantage(cls, name: str) -> str:
        ADVANTAGES[name]
        return name

    @field_validator("loss")
    @classmethod
    def _loss(cls, name: str) -> str:
        LOSSES[name]
        return name


class FilterConfig(Section):
    """Which groups are learned from; `low` and `high`, which `accuracy_bounds` reads, bound a group's mean accuracy.

    With `rounds` above 1 a step samples further prompts until `prompts_per_step` groups are kept or the rounds are
    over; then it learns from exactly that many, or from what it has.
    """

    name: str = "accuracy_bounds"
    low: float = Field(0.1, ge=0, le=1)
    high: float = Field(0.9, ge=0, le=1)
    rounds: int = Field(1, ge=1)

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        FILTERS[name]
        return name

    @model_validator(mode="after")
    def _ordered(self) -> "FilterConfig":
        if self.name != "accuracy_bounds" and (self.low, self.high) != (0.1, 0.9):
            raise UserError(f"the filter {self.name} has no bounds; leave low and high out")
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}, so no group would be learned from")
        return self
