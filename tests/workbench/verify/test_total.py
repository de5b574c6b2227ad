"""`judge` is total: whatever the answer, the gold or a setting, it returns a verdict, and soon."""

import random
import time
from itertools import product

import pytest

from workbench.verify import PROFILES, Pair, Verdict, Verifier

BIG_WORDS = r"""
\sqrt{3000!} \ln(2000!) x^{3000!} (x+1)^{3000!} \sin(10^{5000}) e^{10^{5000}} \sqrt{10^{5000}} 2^{2000} 2^{2001}
10^{400} -10^{309} 10^{-400} 12+10^{-400000000} 9^{9^9} 1^{9^9} 0^{9^9} 3000! 4000! (3000!)! \frac{1}{3000!}
\frac{3000!}{2999!} 7^{-10^{6}} \sqrt[3000]{2} 2^{1/3000!} 1e4000 1e-4000 1e400 \binom{5000}{2500} i^{10^{50}}
\log_{3000!}2 \sum_{n=1}^{10^{9}}n \int_0^1x^{x^{x^x}}dx 0/0 1/0 \infty-\infty NaN inf
"""
BIG = [
    *BIG_WORDS.split(),
    "9" * 299,
    "0." + "3" * 250,
    "9" * 5000,
    "|" * 60,
    "(" * 300 + "1" + ")" * 300,
    "-" * 400 + "1",
    "1" + "!" * 50,
    "1/" * 120 + "2",
    "\\frac{" * 90 + "1",
    "2^" * 80 + "2",
    "x = " * 100 + "1",
    "1,|" * 90,
]
DEADLINE = 0.5


@pytest.fixture(scope="module")
def verifiers() -> dict[str, Verifier]:
    made = {name: Verifier(name, deadline=DEADLINE) for name in PROFILES}
    yield made
    for verifier in made.values():
        verifier.close()


def judged_in_time(verifier: Verifier, pair: Pair) -> Verdict:
    began = time.process_time()
    (judgement,) = verifier.judge([pair])
    # Twice the deadline by the clock once a worker runs; our own process's time says what exact rules took.
    assert time.process_time() - began < 2 * DEADLINE, pair
    assert not judgement.reason.startswith("internal"), (pair, judgement)
    return judgement.verdict


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


TOKENS_WORDS = r"""
\frac \sqrt \boxed{ \pm \infty \le \ne \approx \begin{cases} \end{cases} \begin{pmatrix} \\ \text{ \cdot \sin \log
\circ \% <think> </think> <answer> </answer> or and wrong cm km/h x y A B π ° √ ∞ 或 万 10^ 99999999999999999999 1e308
0.000 𝟙 ½ ① ٣
"""
TOKENS = [
    *"0123456789.,;:=<>+-*/^_!%()[]{}|$&~`'\" \n\t\x00\ud800\u200b",
    *TOKENS_WORDS.split(),
    "The answer is ",
    "not ",
]


def token_string(random_: random.Random) -> str:
    return "".join(random_.choices(TOKENS, k=random_.randint(1, 25)))


def random_pairs(count: int, seed: int):
    """Golds and answers of random tokens, or built from big numbers, on every kind of row."""
    random_ = random.Random(seed)
    for _ in range(count):
        gold = random_.choice(["12", "-3.50", "x=2", "B", "(1,2)", "5 cm", token_string(random_)])
        choices = ("12", "15", "x", "no") if random_.random() < 0.2 else None
        yield Pair(gold, token_string(random_), choices=choices, precision=random_.choice([None, 1, 2]))


@pytest.mark.parametrize("profile", PROFILES)
def test_random_token_strings(verifiers: dict[str, Verifier], profile: str) -> None:
    for pair in random_pairs(700, seed=sum(map(ord, profile))):
        judged_in_time(verifiers[profile], pair)
