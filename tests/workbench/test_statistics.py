"""Intervals and tests against published values."""

import math

import pytest

from workbench.statistics import Interval, bootstrap_mean, mcnemar, mean, newcombe, paired_difference, wilson


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


def test_bootstrap_agrees_with_the_normal_interval_on_many_items():
    values = [0.0] * 600 + [1.0] * 400
    found = bootstrap_mean(values)
    reach = 1.96 * math.sqrt(0.4 * 0.6 / 1000)
    assert (found.low, found.high) == pytest.approx((0.4 - reach, 0.4 + reach), abs=0.004)
    assert found == bootstrap_mean(values)


def test_paired_difference_counts_who_won():
    first = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    second = [1, 0, 1, 1, 1, 1, 1, 1, 1, 0]
    found = paired_difference(first, second)
    assert (found.only_first, found.only_second) == (1, 7)
    assert found.difference.value == pytest.approx(0.6)
    assert found.p == pytest.approx(18 / 256)
    assert found.difference.excludes_zero
    same = paired_difference(first, first)
    assert (same.difference.low, same.difference.high, same.p) == (0.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="2 and 1 items"):
        paired_difference([0, 1], [0])


def test_nothing_measured_is_no_number():
    assert math.isnan(wilson(0, 0).value)
    assert math.isnan(newcombe(0, 0, 1, 2).value)
    assert math.isnan(mean([]).value)
    assert str(Interval(0.5, 0.25, 0.75, 8)) == "0.500 [0.250, 0.750] (n=8)"
