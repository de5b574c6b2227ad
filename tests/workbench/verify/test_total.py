"""`judge` is total: whatever the answer, the gold or a setting, it returns a verdict, and soon."""

from collections.abc import Iterator
from itertools import product

import pytest

from tests.workbench.verify.hostile_pairs import BIG, DEADLINE, judged_in_time, random_pairs
from workbench.verify import PROFILES, Pair, Verdict, Verifier


@pytest.fixture(scope="module")
def verifiers() -> Iterator[dict[str, Verifier]]:
    verifiers = {name: Verifier(name, deadline=DEADLINE) for name in PROFILES}
    yield verifiers
    for verifier in verifiers.values():
        verifier.close()


@pytest.mark.parametrize("profile", PROFILES)
def test_big_numbers_beside_each_other(verifiers: dict[str, Verifier], profile: str) -> None:
    for gold, answer in product(["12", "0.5", "2^{2000}", "x=2", "(1, 2)", "x>3", "\\sqrt{3000!}"], BIG):
        verdict = judged_in_time(verifiers[profile], Pair(gold, f"\\boxed{{{answer}}}"))
        assert verdict is not Verdict.CORRECT or gold == answer, (gold, answer)
    for gold in BIG:
        assert judged_in_time(verifiers[profile], Pair(gold, "\\boxed{12}")) is not Verdict.CORRECT


@pytest.mark.parametrize("tolerance", [float("inf"), float("nan"), -1.0, (0.1, float("inf"))])
def test_a_tolerance_that_is_no_distance_scores_nothing(verifiers: dict[str, Verifier], tolerance: float) -> None:
    (judgement,) = verifiers["olympiadbench"].judge([Pair("12", "99", tolerance=tolerance)])
    assert (judgement.verdict, judgement.reason) == (Verdict.UNSCORABLE, "gold_tolerance")


@pytest.mark.parametrize(
    "settings", [{"precision": 10**9}, {"precision": -(10**9)}, {"tolerance": 1e308}, {"tolerance": 1e-308}]
)
def test_extreme_settings(verifiers: dict[str, Verifier], settings: dict[str, float]) -> None:
    for verifier, answer in product(verifiers.values(), ("12", "10^{400}", "1/3")):
        judged_in_time(verifier, Pair("12", answer, **settings))


@pytest.mark.parametrize("profile", PROFILES)
def test_random_token_strings(verifiers: dict[str, Verifier], profile: str) -> None:
    for pair in random_pairs(700, seed=sum(map(ord, profile))):
        judged_in_time(verifiers[profile], pair)
