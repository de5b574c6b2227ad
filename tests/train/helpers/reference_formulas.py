"""The published formulas in plain Python floats, one response and one token at a time."""

import math
import statistics
from collections.abc import Sequence

Groups = Sequence[Sequence[float]]


def advantages(groups: Groups, kind: str) -> list[float]:
    """Advantages of all groups one after another, written from the papers."""
    if kind == "reinforce_pp":
        whole = [r for group in groups for r in group]
        mean, std = statistics.fmean(whole), statistics.stdev(whole)
        return [(r - mean) / (std + 1e-9) for r in whole]
    found = []
    for group in groups:
        for i, r in enumerate(group):
            if kind == "rloo":
                found.append(r - statistics.fmean([*group[:i], *group[i + 1 :]]))
            else:
                found.append(r - statistics.fmean(group))
            if kind == "grpo":
                found[-1] /= statistics.stdev(group) + 1e-9
    if kind == "reinforce_pp_baseline":
        std = statistics.stdev(found)
        found = [a / (std + 1e-9) for a in found]
    return found


def token_loss(
    kind: str, new: Sequence[float], old: Sequence[float], advantage: float, low: float = 0.2, high: float = 0.28
) -> list[float]:
    """The loss of each token of one response. CPGD with α = 0.01 and c = 0.2."""
    mean_ratio = math.exp(statistics.fmean(n - o for n, o in zip(new, old, strict=True)))
    terms = []
    for log_new, log_old in zip(new, old, strict=True):
        ratio = mean_ratio if kind == "gspo" else math.exp(log_new - log_old)
        bounded = max(1 - low, min(1 + high, ratio))
        if kind == "cispo":
            terms.append(-bounded * advantage * log_new)
        elif kind == "cpgd":
            log_ratio = log_new - log_old
            clipped = max(math.log(1 - low), min(math.log(1 + high), log_ratio))
            drift = min(ratio - 1, 0.2) * log_new
            terms.append(-min(log_ratio * advantage, clipped * advantage) + 0.01 * drift)
        elif kind == "dual_clip":
            inner = min(ratio * advantage, bounded * advantage)
            terms.append(-(inner if advantage >= 0 else max(inner, 3 * advantage)))
        else:
            terms.append(-min(ratio * advantage, bounded * advantage))
    return terms


def average(per_response: Sequence[Sequence[float]], aggregation: str, longest: int = 0) -> float:
    """A batch's loss from its responses' tokens."""
    if aggregation == "token":
        return sum(map(sum, per_response)) / sum(map(len, per_response))
    if aggregation == "constant":
        return statistics.fmean(sum(terms) / longest for terms in per_response)
    return statistics.fmean(statistics.fmean(terms) for terms in per_response)
