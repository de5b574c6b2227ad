"""Intervals and tests: every rate and difference shown anywhere goes through here.

Differences are second minus first.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any


@dataclass(frozen=True)
class Interval:
    """An estimate from `n` items with its confidence interval; `value` is nan where n is 0."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] (n={self.n})"

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class PairedDifference:
    """Two answers to the same items. `p` is McNemar's exact two-sided p-value over the discordant items."""

    difference: Interval
    p: float
    only_first: int
    only_second: int


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927); [0, 1] where n is 0."""
    if n == 0:
        return Interval(math.nan, 0.0, 1.0, 0)
    return Interval(successes / n, *_score(successes / n, n, z_score(confidence)), n)


def clustered(correct: Sequence[int], samples: Sequence[int], confidence: float = 0.95) -> Interval:
    """Mean of the items' pass rates where item i has `correct[i]` right of `samples[i]` >= 1; `n` counts the items.

    Wilson's interval with the effective sample size in place of n (the form that Franco, Little, Louis and Slud,
    J. Surv. Stat. Methodol. 7:334, 2019, recommend for clustered proportions). With p the mean of the n pass rates and
    v their variance about it (divided by n), it is

        n_eff = n (n p (1 - p) + z²/4) / (n v + z²/4),

    that is n over the design effect, whose two variances carry the term that Wilson's own has: few items, or items near
    0 or 1, say little about v. It lies between n (each item is one observation; always so with one sample an item, and
    where all is right or all wrong) and n² / Σ 1/samples[i] (all samples are independent).
    """
    n = len(samples)
    if n == 0:
        return Interval(math.nan, 0.0, 1.0, 0)
    rates = [k / of for k, of in zip(correct, samples, strict=True)]
    p, z = math.fsum(rates) / n, z_score(confidence)
    variance = math.fsum((rate - p) ** 2 for rate in rates) / n
    effective = n * (n * p * (1 - p) + z * z / 4) / (n * variance + z * z / 4)
    independent = n * n / math.fsum(1 / of for of in samples)
    return Interval(p, *_score(p, min(max(effective, n), independent), z), n)


def _score(p: float, n: float, z: float) -> tuple[float, float]:
    """The ends of Wilson's interval for a proportion p of n; exactly 0 and 1 where p is."""
    low, high = wilson_ends(p * n, n, z)
    return (0.0 if p == 0 else low), (1.0 if p == 1 else high)


def wilson_ends(k: Any, n: Any, z: float) -> tuple[Any, Any]:
    """Both ends of Wilson's interval of k of n > 0 (Wilson 1927), of numbers or of a table's columns.

    Rounding may leave them a last digit outside of [0, 1].
    """
    middle = k + z * z / 2
    reach = z * (k * (n - k) / n + z * z / 4) ** 0.5
    return (middle - reach) / (n + z * z), (middle + reach) / (n + z * z)


def within_groups(
    groups: Iterable[Hashable], marked: Iterable[bool], right: Iterable[bool | None], confidence: float = 0.95
) -> Interval:
    """Accuracy of marked minus that of other answers to the same prompt: a mean over the groups that have both.

    One entry per answer: its group, whether it is marked, and whether it is right (None where it is unscorable).
    """
    by_group: dict[Hashable, tuple[list[bool], list[bool]]] = {}
    for group, mark, answer in zip(groups, marked, right, strict=True):
        if answer is not None:
            by_group.setdefault(group, ([], []))[mark].append(answer)
    both = [sides for sides in by_group.values() if all(sides)]
    differences = [sum(yes) / len(yes) - sum(no) / len(no) for no, yes in both]
    return mean_difference(differences, confidence)


def z_score(confidence: float) -> float:
    """Φ⁻¹ of the upper end of a central interval: 1.96 for 95 %."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def mean(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Student's t interval of a mean; one value has no finite interval."""
    n = len(values)
    if n == 0:
        return Interval(math.nan, -math.inf, math.inf, 0)
    average = math.fsum(values) / n
    if n == 1:
        return Interval(average, -math.inf, math.inf, 1)
    from scipy.stats import t

    variance = math.fsum((v - average) ** 2 for v in values) / (n - 1)
    reach = float(t.ppf(0.5 + confidence / 2, n - 1)) * math.sqrt(variance / n)
    return Interval(average, average - reach, average + reach, n)


def mean_difference(differences: Sequence[float], confidence: float = 0.95) -> Interval:
    """Mean of differences between -1 and 1 of proportions that belong together, one an item, group, …

    Agresti and Min's interval for matched proportions (Stat. Med. 24:729, 2005): Wald's, as if half an item more had
    the difference 1, half an item -1 and one item 0. It has a width where all differences are equal.
    """
    n = len(differences)
    if n == 0:
        return Interval(math.nan, -1.0, 1.0, 0)
    total = math.fsum(differences)
    centre = total / (n + 2)
    variance = (math.fsum(d * d for d in differences) + 1) / (n + 2) - centre**2
    reach = z_score(confidence) * math.sqrt(variance / (n + 2))
    return Interval(total / n, max(-1.0, centre - reach), min(1.0, centre + reach), n)


def paired_difference(first: Sequence[float], second: Sequence[float], confidence: float = 0.95) -> PairedDifference:
    """second − first over the same items in the same order: `mean_difference`, McNemar's exact p for 0/1 values.

    Values between 0 and 1 (an item's accuracy over several samples) are fine: then `p` is the sign test's.
    """
    if len(first) != len(second):
        raise ValueError(f"paired samples of {len(first)} and {len(second)} items")
    differences = [b - a for a, b in zip(first, second, strict=True)]
    lost, won = sum(d < 0 for d in differences), sum(d > 0 for d in differences)
    return PairedDifference(mean_difference(differences, confidence), mcnemar(lost, won), lost, won)


def mcnemar(only_first: int, only_second: int) -> float:
    """McNemar's exact two-sided p-value from the two discordant counts; 1 where there are none."""
    if only_first + only_second == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(only_second, only_first + only_second, 0.5).pvalue)


def newcombe(
    first_successes: int, first_n: int, second_successes: int, second_n: int, confidence: float = 0.95
) -> Interval:
    """Difference of two independent proportions, second − first: Newcombe's hybrid score interval (1998, method 10)."""
    one, two = wilson(first_successes, first_n, confidence), wilson(second_successes, second_n, confidence)
    value = two.value - one.value
    if math.isnan(value):
        return Interval(math.nan, -1.0, 1.0, 0)
    low = value - math.hypot(two.value - two.low, one.high - one.value)
    high = value + math.hypot(two.high - two.value, one.value - one.low)
    return Interval(value, low, high, first_n + second_n)
