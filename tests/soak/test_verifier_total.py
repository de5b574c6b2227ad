"""The long form of tests/workbench/verify/test_total.py: 60,000 pairs of big numbers, 400,000 random strings."""

import random

import pytest

from tests.workbench.verify.hostile_pairs import BIG, DEADLINE, judged_in_time, random_pairs
from workbench.verify import PROFILES, Pair, Verdict, Verifier


@pytest.mark.parametrize("profile", PROFILES)
def test_big_numbers(profile: str) -> None:
    random_ = random.Random(profile)
    with Verifier(profile, deadline=DEADLINE) as verifier:
        for _ in range(60_000 // len(list(PROFILES))):
            gold, answer = (random_.choice(["+", "-", "*", "^", "/"]).join(random_.sample(BIG, 2)) for _ in "ab")
            judged_in_time(verifier, Pair(gold, answer))


@pytest.mark.parametrize("profile", PROFILES)
def test_random_token_strings(profile: str) -> None:
    with Verifier(profile, deadline=DEADLINE) as verifier:
        for pair in random_pairs(400_000 // len(list(PROFILES)), seed=len(profile)):
            assert judged_in_time(verifier, pair) in Verdict
