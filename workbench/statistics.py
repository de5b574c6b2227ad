"""Intervals and tests: every rate and difference shown anywhere goes through here.

Differences are second minus first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


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
    from scipy.stats import binomtest

    found = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return Interval(successes / n, float(found.low), float(found.high), n)


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


def bootstrap_mean(
    values: Sequence[float], confidence: float = 0.95, seed: int = 0, resamples: int = 5_000
) -> Interval:
    """Percentile bootstrap interval of a mean (Efron 1979), the same for the same seed."""
    n = len(values)
    if n == 0:
        return Interval(math.nan, -math.inf, math.inf, 0)
    average = math.fsum(values) / n
    if min(values) == max(values):
        return Interval(average, average, average, n)
    import numpy as np
    from scipy.stats import bootstrap

    found = bootstrap(
        (np.asarray(values, dtype=float),),
        np.mean,
        confidence_level=confidence,
        n_resamples=resamples,
        batch=max(1, 10_000_000 // n),
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(average, float(found.low), float(found.high), n)


def paired_difference(
    first: Sequence[float], second: Sequence[float], confidence: float = 0.95, seed: int = 0
) -> PairedDifference:
    """second − first over the same items in the same order: bootstrap over items, McNemar's exact p for 0/1 values.

    Values between 0 and 1 (an item's accuracy over several samples) are fine: then `p` is the sign test's.
    """
    if len(first) != len(second):
        raise ValueError(f"paired samples of {len(first)} and {len(second)} items")
    differences = [b - a for a, b in zip(first, second, strict=True)]
    lost, won = sum(d < 0 for d in differences), sum(d > 0 for d in differences)
    return PairedDifference(bootstrap_mean(differences, confidence, seed), mcnemar(lost, won), lost, won)


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
