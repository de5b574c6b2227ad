"""From the total rewards of a prompt's samples to their advantages.

Equal rewards give exactly 0, whatever rounding does to their mean.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.registry import Registry

Floats = NDArray[np.float64]
# Takes the rewards of every group of the global batch (all ranks), and the advantage's settings if it has some; gives
# as many advantages per group.
Advantage = Callable[..., list[Floats]]

ADVANTAGES: Registry[Advantage] = Registry("advantage")
EPSILON = 1e-9


@ADVANTAGES.register("grpo")
def grpo(groups: Sequence[Floats]) -> list[Floats]:
    """(r − mean) / (std + 1e-9) in each group, std unbiased (GRPO, arXiv 2402.03300)."""
    return [_centred(rewards) / (_std(rewards) + EPSILON) for rewards in groups]


@ADVANTAGES.register("dr_grpo")
def dr_grpo(groups: Sequence[Floats]) -> list[Floats]:
    """r − mean in each group, without the division that favours easy and hard prompts (Dr. GRPO, arXiv 2503.20783)."""
    return [_centred(rewards) for rewards in groups]


@ADVANTAGES.register("rloo")
def rloo(groups: Sequence[Floats]) -> list[Floats]:
    """r_i − mean of the others, n/(n−1)·(r_i − mean) (RLOO, arXiv 2402.14740); 0 for a sample without others."""
    return [_centred(rewards) * (len(rewards) / max(1, len(rewards) - 1)) for rewards in groups]


@ADVANTAGES.register("reinforce_pp")
def reinforce_pp(groups: Sequence[Floats]) -> list[Floats]:
    """(r − mean) / (std + 1e-9) over the whole batch, without regard to groups (REINFORCE++, arXiv 2501.03262)."""
    if not groups:
        return []
    whole = np.concatenate(list(groups))
    return _split(_centred(whole) / (_std(whole) + EPSILON), groups)


@ADVANTAGES.register("reinforce_pp_baseline")
def reinforce_pp_baseline(groups: Sequence[Floats]) -> list[Floats]:
    """r − mean in each group, then divided by the whole batch's std (REINFORCE++-baseline, arXiv 2501.03262).

    What whitening would subtract is 0 by construction, so groups of equal rewards stay exactly 0.
    """
    if not groups:
        return []
    whole = np.concatenate([_centred(rewards) for rewards in groups])
    return _split(whole / (_std(whole) + EPSILON), groups)


def _centred(rewards: Floats) -> Floats:
    rewards = np.asarray(rewards, dtype=np.float64)
    # Rounding alone would give equal rewards a difference from their mean, and a division would blow it up.
    if len(rewards) < 2 or rewards.min() == rewards.max():
        return np.zeros(len(rewards))
    return rewards - rewards.mean()


def _std(rewards: Floats) -> float:
    """Unbiased standard deviation, 0 for a single value."""
    return float(np.std(rewards, ddof=1, dtype=np.float64)) if len(rewards) > 1 else 0.0


def _split(whole: Floats, groups: Sequence[Floats]) -> list[Floats]:
    return np.split(whole, np.cumsum([len(rewards) for rewards in groups])[:-1])
