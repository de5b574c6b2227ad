"""Policy losses over the flattened response tokens of a micro-batch.

A micro-batch holds only a part of the batch an update learns from, so a loss never averages over what it is given: each
token brings its `weight`, and the weights of the whole update (all ranks, all micro-batches) sum to 1.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from workbench.registry import Registry

if TYPE_CHECKING:
    import torch

    from train.algorithm.config import AlgorithmConfig

Aggregation = Literal["token", "sequence", "constant"]


class Tokens(NamedTuple):
    """One value a response token, all of shape (n,).

    `new` are the learner's log-probs with gradient, `old` those from before the update, `weights` the tokens' shares,
    `rows` the index of each token's response in the micro-batch, `correction` the sampler's importance weights (1 where
    none are asked for).
    """

    new: "torch.Tensor"
    old: "torch.Tensor"
    advantages: "torch.Tensor"
    weights: "torch.Tensor"
    rows: "torch.Tensor"
    correction: "torch.Tensor"

    def mean(self, values: "torch.Tensor") -> "torch.Tensor":
        """This micro-batch's part of the batch's mean of a value a token."""
        return (values * self.weights).sum()

    def corrected_mean(self, values: "torch.Tensor") -> "torch.Tensor":
        return (values * self.weights * self.correction).sum()


# Metrics are weighted sums, so that adding them over micro-batches and ranks gives the batch's mean.
LossAndMetrics = tuple["torch.Tensor", dict[str, "torch.Tensor"]]
Loss = Callable[[Tokens, "AlgorithmConfig"], LossAndMetrics]

LOSSES: Registry[Loss] = Registry("loss")


@LOSSES.register("ppo_clip")
def ppo_clip(tokens: Tokens, config: "AlgorithmConfig") -> LossAndMetrics:
    """−min(ρA, clip(ρ, 1−ε_low, 1+ε_high)A), ρ = exp(new − old) (PPO, arXiv 1707.06347; two bounds: DAPO, 2503.14476).

    With `dual_clip` c, max(that, cA) for A < 0 (arXiv 1912.09729); with `ratio_max` ρ is cut there first.
    """
    return _clipped(tokens, (tokens.new - tokens.old).exp(), config)


@LOSSES.register("gspo")
def gspo(tokens: Tokens, config: "AlgorithmConfig") -> LossAndMetrics:
    """`ppo_clip` with the response's ratio exp(mean(new − old)) in place of the token's (GSPO, arXiv 2507.18071)."""
    import torch

    difference = tokens.new - tokens.old
    sums = torch.zeros(int(tokens.rows.max()) + 1).to(difference)
    counts = sums.index_add(0, tokens.rows, torch.ones_like(difference)).clamp(min=1)
    means = sums.index_add(0, tokens.rows, difference) / counts
    return _clipped(tokens, means.exp().index_select(0, tokens.rows), config)


def _clipped(tokens: Tokens, ratio: "torch.Tensor", config: "AlgorithmConfig") -> LossAndMetrics:
    free = ratio * tokens.advantages
    if config.ratio_max is not None:
        ratio = ratio.clamp(max=config.ratio_max)
    bounded = ratio.clamp(1 - config.clip_low, 1 + config.clip_high) * tokens.advantages
    objective = (ratio * tokens.advantages).minimum(bounded)
    if config.dual_clip is not None:
        floor = config.dual_clip * tokens.advantages
        objective = objective.where(tokens.advantages >= 0, objective.maximum(floor))
    return -tokens.corrected_mean(objective), _metrics(tokens, ratio, objective != free)


@LOSSES.register("cispo")
def cispo(tokens: Tokens, config: "AlgorithmConfig") -> LossAndMetrics:
    """−sg(clip(ρ, 1−ε_low, 1+ε_high))·A·new: clipped tokens keep their gradient (CISPO, arXiv 2506.13585)."""
    ratio = (tokens.new - tokens.old).exp().detach()
    clipped = ratio.clamp(1 - config.clip_low, 1 + config.clip_high)
    return -tokens.corrected_mean(clipped * tokens.advantages * tokens.new), _metrics(tokens, ratio, clipped != ratio)


@LOSSES.register("cpgd")
def cpgd(tokens: Tokens, config: "AlgorithmConfig") -> LossAndMetrics:
    """−min(ln ρ·A, clip(ln ρ, ln(1−ε_low), ln(1+ε_high))·A) + α·min(sg(ρ) − 1, c)·new (CPGD, arXiv 2505.12504).

    α is `drift`, c is `drift_clip`.
    """
    log_ratio = tokens.new - tokens.old
    ratio = log_ratio.exp().detach()
    bounded = log_ratio.clamp(math.log(1 - config.clip_low), math.log(1 + config.clip_high)) * tokens.advantages
    free = log_ratio * tokens.advantages
    drift = (ratio - 1).clamp(max=config.drift_clip) * tokens.new
    loss = tokens.corrected_mean(config.drift * drift - free.minimum(bounded))
    return loss, _metrics(tokens, ratio, bounded < free)


@LOSSES.register("nll")
def nll(tokens: Tokens, config: "AlgorithmConfig") -> LossAndMetrics:
    """−new, the cross-entropy of written targets; old log-probs, advantages and corrections play no part in it."""
    loss = -tokens.mean(tokens.new)
    return loss, {"nll": loss.detach()}


def _metrics(tokens: Tokens, ratio: "torch.Tensor", clipped: "torch.Tensor") -> dict[str, "torch.Tensor"]:
    # Schulman's k3 estimate of KL(old ‖ new), from the old policy's tokens.
    since = (tokens.new - tokens.old).detach()
    return {
        "clip_fraction": tokens.mean(clipped.to(ratio)).detach(),
        "kl_to_old": tokens.mean(since.expm1() - since),
        "ratio_mean": tokens.mean(ratio).detach(),
    }


def token_weight(
    length: int, aggregation: Aggregation, total_tokens: int, total_sequences: int, max_tokens: int
) -> float:
    """Share of one token of a response of `length` tokens in a batch of that many tokens and sequences.

    `token`: every token of the batch counts alike (DAPO). `sequence`: mean over a response's tokens, then over the
    responses (GRPO). `constant`: sum over a response's tokens over the longest length allowed, `max_tokens`, then mean
    over the responses (Dr. GRPO); these weights sum to less than 1.
    """
    if aggregation == "token":
        return 1 / total_tokens
    return 1 / ((length if aggregation == "sequence" else max_tokens) * total_sequences)
