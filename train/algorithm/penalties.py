"""Estimates of KL(policy ‖ reference) from the policy's own tokens (Schulman, "Approximating KL divergence", 2020)."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Estimator = Literal["k1", "k2", "k3"]


def kl(policy: "torch.Tensor", reference: "torch.Tensor", estimator: Estimator) -> "torch.Tensor":
    """A value a token, with d = policy − reference: k1 = d, k2 = d²/2, k3 = e^−d − 1 + d. All of shape (n,)."""
    d = policy - reference
    if estimator == "k1":
        return d
    return d.square() / 2 if estimator == "k2" else (-d).expm1() + d
