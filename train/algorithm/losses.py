"""Policy losses over the flattened response tokens of a micro-batch.

A micro-batch holds only a part of the batch an update learns from, so a loss never averages over what it is given: each
token brings its `weight`, and the weights of the whole update (all ranks, all micro-batches) sum to 1.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field

from train.algorithm.settings import Section
from workbench.registry import Registry

if TYPE_CHECKING:
    import torch

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
Loss = Callable[[Tokens], LossAndMetrics]

# A loss takes Tokens, and its settings if it has some.
LOSSES: Registry[Callable[..., LossAndMetrics]] = Registry("loss")


class ClipSettings(Section):
    clip_low: float = Field(0.2, gt=0, lt=1)
    """The ratio's lower bound is 1 − clip_low."""
    clip_high: float = Field(0.2, gt=0)
    """The ratio's upper bound is 1 + clip_high."""


class PPOSettings(ClipSettings):
    dual_clip: float | None = Field(None, gt=1)
    """c of dual-clip PPO: a token with a negative advantage A costs at most −cA."""
    ratio_max: float | None = Field(None, gt=1)
    """The ratio is cut here before anything else."""


class CPGDSettings(ClipSettings):
    drift: float = Field(0.01, ge=0)
    """α, the weight of the drift term."""
    drift_clip: float = Field(0.2, ge=0)
    """c, the bound of ratio − 1 in the drift term."""


@LOSSES.register("ppo_clip", settings=PPOSettings)
def ppo_clip(tokens: Tokens, settings: PPOSettings) -> LossAndMetrics:
    """−min(ρA, clip(ρ, 1−ε_low, 1+ε_high)A), ρ = exp(new − old) (PPO, arXiv 1707.06347; two bounds: DAPO, 2503.14476).

    With `dual_clip` c, max(that, cA) for A < 0 (arXiv 1912.09729); with `ratio_max` ρ is cut there first.
    """
    return _clipped(tokens, (tokens.new - tokens.old).exp(), settings)


@LOSSES.register("gspo", settings=PPOSettings)
def gspo(tokens: Tokens, settings: PPOSettings) -> LossAndMetrics:
    """`ppo_clip` with the response's ratio exp(mean(new − old)) in place of the token's (GSPO, arXiv 2507.18071)."""
    import torch

    difference = tokens.new - tokens.old
    sums = torch.zeros(int(tokens.rows.max()) + 1).to(difference)
    counts = sums.index_add(0, tokens.rows, torch.ones_like(difference)).clamp(min=1)
    means = sums.index_add(0, tokens.rows, difference) / counts
    return _clipped(tokens, means.exp().index_select(0, tokens.rows), settings)


def _clipped(tokens: Tokens, ratio: "torch.Tensor", settings: PPOSettings) -> LossAndMetrics:
    free = ratio * tokens.advantages
    if settings.ratio_max is not None:
        ratio = ratio.clamp(max=settings.ratio_max)
    bounded = ratio.clamp(1 - settings.clip_low, 1 + settings.clip_high) * tokens.advantages
    objective = (ratio * tokens.advantages).minimum(bounded)
    if settings.dual_clip is not None:
        floor = settings.dual_clip * tokens.advantages
        objective = objective.where(tokens.advantages >= 0, objective.maximum(floor))
    return -tokens.corrected_mean(objective), _metrics(tokens, ratio, objective != free)


@LOSSES.register("cispo", settings=ClipSettings)
def cispo(tokens: Tokens, settings: ClipSettings) -> LossAndMetrics:
    """−sg(clip(ρ, 1−ε_low, 1+ε_high))·A·new: clipped tokens keep their gradient (CISPO, arXiv 2506.13585)."""
    ratio = (tokens.new - tokens.old).exp().detach()
    clipped = ratio.clamp(1 - settings.clip_low, 1 + settings.clip_high)
    return -tokens.corrected_mean(clipped * tokens.advantages * tokens.new), _metrics(tokens, ratio, clipped != ratio)


@LOSSES.register("cpgd", settings=CPGDSettings)
def cpgd(tokens: Tokens, settings: CPGDSettings) -> LossAndMetrics:
    """−min(ln ρ·A, clip(ln ρ, ln(1−ε_low), ln(1+ε_high))·A) + α·min(sg(ρ) − 1, c)·new (CPGD, arXiv 2505.12504)."""
    log_ratio = tokens.new - tokens.old
    ratio = log_ratio.exp().detach()
    bounded = log_ratio.clamp(math.log(1 - settings.clip_low), math.log(1 + settings.clip_high)) * tokens.advantages
    free = log_ratio * tokens.advantages
    drift = (ratio - 1).clamp(max=settings.drift_clip) * tokens.new
    loss = tokens.corrected_mean(settings.drift * drift - free.minimum(bounded))
    return loss, _metrics(tokens, ratio, bounded < free)


@LOSSES.register("nll")
def nll(tokens: Tokens) -> LossAndMetrics:
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
