"""Sampler correction: importance weights for a sampler whose log-probs are not quite the learner's.

Truncated importance sampling caps the weights (a token's, or its whole response's); masked importance sampling (MIS,
and with two bounds IcePop) gives weight 0 to what lies outside the bounds.
"""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch

    from train.algorithm.config import CorrectionConfig

# Differences of log-probs beyond this give weights that any bound settles; exp of more overflows.
_MAX_LOG = 50.0


class Correction(NamedTuple):
    """`weights` a token (n,), without gradient; `units` the weights whose spread counts: tokens' or responses'."""

    weights: "torch.Tensor"
    units: "torch.Tensor"


def correct(
    learner: "torch.Tensor", sampler: "torch.Tensor", rows: "torch.Tensor", config: "CorrectionConfig"
) -> Correction:
    """Weights π_learner / π_sampler of tokens with these log-probs (n,); `rows` (n,) names each token's response.

    `truncate`: min(w, high). `mask`: w where low ≤ w ≤ high, else 0.
    """
    import torch

    difference = (learner - sampler).detach()
    if config.level == "sequence":
        names, rows = rows.unique(return_inverse=True)
        difference = torch.zeros(len(names)).to(difference).index_add(0, rows, difference)
    units = difference.clamp(-_MAX_LOG, _MAX_LOG).exp()
    if config.kind == "truncate":
        units = units.clamp(max=config.high)
    else:
        units = units * ((units >= config.low) & (units <= config.high))
    return Correction(units[rows] if config.level == "sequence" else units, units)


def effective_share(total: float, squares: float, count: int) -> float:
    """Effective sample size over the count, (Σw)² / (n Σw²) (Kong 1992); 0 where every weight is 0."""
    return total**2 / (count * squares) if squares > 0 else 0.0
