"""Policy losses over the flattened response tokens of a micro-batch.

A micro-batch holds only a part of the batch an update learns from, so a loss never averages over what it is given: each
token brings its `weight`, and the weights of the whole update (all ranks, all micro-batches) sum to 1.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from workbench.registry import Registry

if TYPE_CHECKING:
    import torch

    from train.config import AlgorithmConfig


class Tokens(NamedTuple):
    """One value a response token, all of shape (n,).

    `new` are the learner's log-probs with gradient, `old` those from before the update, `weights` the tokens' shares.
    """

    new: "torch.Tensor"
    old: "torch.Tensor"
    advantages: "torch.Tensor"
    weights: "torch.Tensor"


# Metrics are weighted sums, so that adding them over micro-batches and ranks gives the batch's mean.
Loss = Callable[[Tokens, "AlgorithmConfig"], tuple["torch.Tensor", dict[str, "torch.Tensor"]]]

LOSSES: Registry[Loss] = Registry("loss")


@LOSSES.register("ppo_clip")
def ppo_clip(tokens: Tokens, config: "AlgorithmConfig") -> tuple["torch.Tensor", dict[str, "torch.Tensor"]]:
    """−min(ρA, clip(ρ, 1−ε_low, 1+ε_high)A), ρ = exp(new − old) (PPO, arXiv 1707.06347; two bounds as in DAPO)."""
    ratio = (tokens.new - tokens.old).exp()
    clipped = ratio.clamp(1 - config.clip_low, 1 + config.clip_high)
    objective = ratio * tokens.advantages
    bounded = clipped * tokens.advantages
    loss = -(objective.minimum(bounded) * tokens.weights).sum()
    metrics = {
        "clip_fraction": ((bounded < objective).to(ratio) * tokens.weights).sum().detach(),
        "ratio_mean": (ratio * tokens.weights).sum().detach(),
    }
    return loss, metrics


def token_weight(
    length: int, aggregation: Literal["token", "sequence"], total_tokens: int, total_sequences: int
) -> float:
    """Share of one token of a response of `length` tokens in a batch of that many tokens and sequences.

    `token`: every token of the batch counts alike (DAPO). `sequence`: mean over a response's tokens, then over the
    responses (GRPO).
    """
    return 1 / total_tokens if aggregation == "token" else 1 / (length * total_sequences)
