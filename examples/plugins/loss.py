"""A loss with settings of its own: SAPO (arXiv 2511.20347), a sigmoid in the place of PPO's clip.

`eureka train demo 'algorithm={loss: sapo, tau_negative: 1.1}' --plugin loss.py --dry-run`
"""

from typing import Any

from pydantic import BaseModel, Field

from train import LOSSES, Tokens


class Settings(BaseModel):
    tau_positive: float = Field(1.0, gt=0)
    """How fast the gate closes for tokens with a positive advantage."""
    tau_negative: float = Field(1.05, gt=0)
    """The same for those with a negative one."""


@LOSSES.register("sapo", settings=Settings)
def sapo(tokens: Tokens, settings: Settings) -> tuple[Any, dict[str, Any]]:
    """−σ(τ(ρ − 1))·(4/τ)·A with ρ = exp(new − old), summed over the tokens; the metrics are drawn as policy/gate.

    All are torch tensors with one value per response token. `corrected_mean` sums with the tokens' weights, which add
    up to 1 over all ranks and micro-batches.
    """
    ratio = (tokens.new - tokens.old).exp()
    tau = (tokens.advantages > 0) * (settings.tau_positive - settings.tau_negative) + settings.tau_negative
    gate = (tau * (ratio - 1)).sigmoid() * 4 / tau
    return -tokens.corrected_mean(gate * tokens.advantages), {"gate": tokens.mean(gate).detach()}
