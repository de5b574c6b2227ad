"""Intervals and tests against published values."""

import math
import random

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from workbench.statistics import (
    Interval,
    clustered,
    mcnemar,
    mean,
    mean_difference,
    newcombe,
    paired_difference,
    wilson,
    within_groups,
)


def test_wilson_equals_the_published_example():
    # Newcombe 1998 (Statistics in Medicine 17:857), table I: 81/263, method 3 → 0.2553 to 0.3662
    found = wilson(81, 263)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert found.value == pytest.approx(81 / 263)
    # ibid.: 0/20 → 0.0000 to 0.1611; 1/29 → 0.0061 to 0.1718
    assert (wilson(0, 20).low, wilson(0, 20).high) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert (wilson(1, 29).low, wilson(1, 29).high) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_newcombe_equals_the_published_example():
    # Newcombe 1998 (Statistics in Medicine 17:873), table II, method 10: 56/70 − 48/80 → 0.0524 to 0.3339
    found = newcombe(48, 80, 56, 70)
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_mcnemar_is_the_binomial_test_of_the_discordant_pairs():
    # 2 · (C(8,0) + C(8,1)) / 2⁸ by hand
    assert mcnemar(1, 7) == pytest.approx(2 * (1 + 8) / 256)
    assert mcnemar(0, 0) == 1.0


def test_mean_equals_r():
    # R: t.test(c(1,2,3,4,5)) → 1.036757 to 4.963243
    found = mean([1, 2, 3, 4, 5])
    assert (found.value, found.low, found.high) == pytest.approx((3.0, 1.036757, 4.963243), abs=1e-6)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_equals_scipy(confidence):
    for n in (1, 2, 7, 30, 1000):
        for k in sorted({0, 1, n // 3, n - 1, n}):
            theirs = binomtest(k, n).proportion_ci(confidence, method="wilson")
            ours = wilson(k, n, confidence)
            assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
            assert 0 <= ours.low <= ours.value <= ours.high <= 1


def test_clustered_by_hand():
    # Rates 1, 1/2, 0, 1/2 of two samples: p = 1/2, v = 1/8, z² = 3.841459, z²/4 = 0.960365.
    # n_eff = 4 · (4/4 + 0.960365)/(4/8 + 0.960365) = 4 · 1.960365/1.460365 = 5.369522
    # centre 1/2; reach = z·sqrt(1/4/5.369522 + 3.841459/(4 · 5.369522²))/(1 + 3.841459/5.369522)
    #                   = 1.959964 · sqrt(0.0465591 + 0.0333091)/1.7154181 = 0.322896
    found = clustered([2, 1, 0, 1], [2, 2, 2, 2])
    assert (found.value, found.low, found.high, found.n) == pytest.approx((0.5, 0.177104, 0.822896, 4), abs=2e-6)


def test_clustered_samples_say_at_most_what_independent_ones_would():
    # All of 10 items right in 1 of 2 samples: v = 0 would count 10 · (2.5 + 0.96)/0.96 = 36 samples; there are 20.
    found = clustered([1] * 10, [2] * 10)
    assert (found.low, found.high) == pytest.approx((wilson(10, 20).low, wilson(10, 20).high))


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_clustered_with_one_sample_an_item_is_wilson(n):
    for k in range(n + 1):
        found = clustered([1] * k + [0] * (n - k), [1] * n)
        assert (found.value, found.low, found.high, found.n) == pytest.approx(tuple(vars(wilson(k, n)).values()))


@pytest.mark.parametrize("n", [1, 2, 20, 5000])
def test_clustered_all_right_or_all_wrong_is_wilson_over_the_items(n):
    assert clustered([8] * n, [8] * n) == wilson(n, n)
    assert clustered([0] * n, [8] * n) == wilson(0, n)


def test_clustered_always_has_a_width_within_0_and_1():
    source = random.Random(0)
    for _ in range(3000):
        n = source.choice([1, 1, 2, 3, 10, 100])
        samples = [source.randrange(1, 9) for _ in range(n)]
        share = source.choice([0.0, 0.01, 0.5, 0.99, 1.0])
        right = [sum(source.random() < share for _ in range(of)) for of in samples]
        found = clustered(right, samples)
        assert 0 <= found.low <= found.value <= found.high <= 1 and found.high - found.low > 1e-4
        assert found.high - found.low >= 0.999 * shortest(found.value, n * n / math.fsum(1 / of for of in samples))


def shortest(p, n):
    """Width of Wilson's interval, from the roots of (p - q)² = z² q (1 - q) / n."""
    a, b, c = 1 + 1.959964**2 / n, 2 * p + 1.959964**2 / n, p * p
    return math.sqrt(max(0.0, b * b - 4 * a * c)) / a


@pytest.mark.parametrize("k", [2, 8])
@pytest.mark.parametrize("n", [20, 60, 200])
def test_clustered_covers_the_truth(n, k):
    """Items' difficulties are beta-distributed about the mean with correlation rho; k samples of each item."""
    trials, generator = 2000, np.random.default_rng(n + k)
    for mu in (0.02, 0.1, 0.5, 0.8, 0.98):
        # Wilson's own interval of n independent items, from the binomial distribution; it dips below 95 % near 0 and 1.
        ends = [wilson(x, n) for x in range(n + 1)]
        own = sum(binom.pmf(x, n, mu) for x, end in enumerate(ends) if end.low <= mu <= end.high)
        for rho in (0.02, 0.3, 0.6, 0.9):
            chances = generator.beta(mu * (1 / rho - 1), (1 - mu) * (1 / rho - 1), (trials, n))
            right = generator.binomial(k, chances).tolist()
            intervals = [clustered(row, [k] * n) for row in right]
            covered = sum(i.low <= mu <= i.high for i in intervals) / trials
            assert covered >= min(0.93, own) - 3 * math.sqrt(0.93 * 0.07 / trials), (mu, rho, covered)


def test_clustered_uses_its_samples():
    """With items alike, eight samples of each count nearly eightfold; with items all or nothing, once."""
    chances = np.random.default_rng(0).binomial(8, 0.5, 300).tolist()
    alike, split = clustered(chances, [8] * 300), clustered([8, 0] * 150, [8] * 300)
    width = wilson(150, 300).high - wilson(150, 300).low
    assert alike.high - alike.low < 0.4 * width
    assert split.high - split.low == pytest.approx(width)


def test_mean_difference_equals_the_published_code():
    # Agresti's R code of Wald+2, diffpropci(b=2, c=8, n=40, conflev=.95), evaluated by hand:
    # diff = 6/42, sd = sqrt(11 - 36/42)/42 = 3.184785/42 = 0.0758282; ± 1.959964 sd.
    found = mean_difference([-1.0] * 2 + [1.0] * 8 + [0.0] * 30)
    assert (found.value, found.low, found.high) == pytest.approx((0.15, -0.005763, 0.291478), abs=2e-6)


def test_mean_difference_covers_the_truth():
    trials, generator = 2000, np.random.default_rng(0)
    for n in (20, 100):
        for k in (1, 4):
            for before, after in ((0.02, 0.02), (0.1, 0.5), (0.5, 0.5), (0.9, 0.98)):
                chances = [generator.beta(2 * mu, 2 * (1 - mu), (trials, n)) for mu in (before, after)]
                first, second = (generator.binomial(k, of) / k for of in chances)
                found = [mean_difference(row) for row in (second - first).tolist()]
                covered = sum(i.low <= after - before <= i.high for i in found) / trials
                assert covered >= 0.93 - 0.017, (n, k, before, after, covered)


def test_equal_differences_have_a_width():
    # 10 of 10 equal: ± z·sqrt((0 + 1)/12/12) = ± z/12; all won: 10/12 ± z·sqrt(11/12 - 100/144)/sqrt(12), cut at 1.
    none, all_won = mean_difference([0.0] * 10), mean_difference([1.0] * 10)
    assert (none.low, none.high) == pytest.approx((-0.163330, 0.163330), abs=1e-6)
    assert (all_won.low, all_won.high) == pytest.approx((0.566620, 1.0), abs=1e-4)
    assert mean_difference([1.0]).low < 0 < mean_difference([1.0]).high


def test_paired_difference_counts_who_won():
    first = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    second = [1, 0, 1, 1, 1, 1, 1, 1, 1, 0]
    found = paired_difference(first, second)
    assert (found.only_first, found.only_second) == (1, 7)
    assert found.difference.value == pytest.approx(0.6)
    assert found.p == pytest.approx(18 / 256)
    assert found.difference.excludes_zero
    same = paired_difference(first, first)
    assert (same.difference, same.p) == (mean_difference([0.0] * 10), 1.0)
    with pytest.raises(ValueError, match="2 and 1 items"):
        paired_difference([0, 1], [0])


def test_nothing_measured_is_no_number():
    assert math.isnan(wilson(0, 0).value)
    assert math.isnan(newcombe(0, 0, 1, 2).value)
    assert math.isnan(mean([]).value)
    assert math.isnan(mean_difference([]).value)
    assert math.isnan(clustered([], []).value) and (clustered([], []).low, clustered([], []).high) == (0.0, 1.0)
    assert str(Interval(0.5, 0.25, 0.75, 8)) == "0.500 [0.250, 0.750] (n=8)"


def test_within_groups_is_the_mean_of_the_groups_that_have_both():
    groups = ["a", "a", "a", "b", "b", "c", "c", "c"]
    marked = [True, False, False, True, True, False, True, True]
    right = [True, True, False, True, False, None, True, False]
    # a: 1 - 1/2; b has no other answer, c none that is scorable.
    assert within_groups(groups, marked, right) == mean_difference([0.5])
