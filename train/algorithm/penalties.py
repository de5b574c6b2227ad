"""Penalty for leaving the reference, by estimates of KL(policy ‖ reference) from the policy's own tokens.

The estimators are those of Schulman, "Approximating KL divergence", 2020.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from train.algorithm.settings import ComponentSection
from workbench.registry import Registry

if TYPE_CHECKING:
    import torch

# Takes the policy's and the reference's log-probs of tokens the policy drew, both (n,), and the estimator's settings if
# it has some; gives one value per token, (n,).
Estimator = Callable[..., "torch.Tensor"]

KL_ESTIMATORS: Registry[Estimator] = Registry("KL estimator")


@KL_ESTIMATORS.register("k1")
def k1(policy: "torch.Tensor", reference: "torch.Tensor") -> "torch.Tensor":
    """d = policy − reference."""
    return policy - reference


@KL_ESTIMATORS.register("k2")
def k2(policy: "torch.Tensor", reference: "torch.Tensor") -> "torch.Tensor":
    """d²/2."""
    return (policy - reference).square() / 2


@KL_ESTIMATORS.register("k3")
def k3(policy: "torch.Tensor", reference: "torch.Tensor") -> "torch.Tensor":
    """e^−d − 1 + d."""
    d = policy - reference
    return (-d).expm1() + d


class KLConfig(ComponentSection):
    """Penalty for leaving the reference, the model the run starts from: `coefficient` times an estimate of the KL."""

    COMPONENTS: ClassVar[dict[str, Registry[Any]]] = {"estimator": KL_ESTIMATORS}

    coefficient: float = Field(gt=0)
    estimator: str = "k3"
    place: Literal["loss", "reward"] = "loss"
    """In the loss it is a mean over the batch's tokens, weighted as the loss is; in the reward it is summed over a
    response's tokens and subtracted before advantages are computed."""
