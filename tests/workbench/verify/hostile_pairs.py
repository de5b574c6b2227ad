"""Pairs that try to end or stall the verifier: big numbers, deep nesting, random tokens."""

import random
import time
from collections.abc import Iterator

from workbench.verify import Pair, Verdict, Verifier

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


def judged_in_time(verifier: Verifier, pair: Pair) -> Verdict:
    began = time.process_time()
    (judgement,) = verifier.judge([pair])
    # Twice the deadline by the clock once a worker runs; our own process's time says what exact rules took.
    assert time.process_time() - began < 2 * DEADLINE, pair
    assert not judgement.reason.startswith("internal"), (pair, judgement)
    return judgement.verdict


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


def random_pairs(count: int, seed: int) -> Iterator[Pair]:
    """Golds and answers of random tokens, or built from big numbers, on every kind of row."""
    random_ = random.Random(seed)
    for _ in range(count):
        gold = random_.choice(["12", "-3.50", "x=2", "B", "(1,2)", "5 cm", token_string(random_)])
        choices = ("12", "15", "x", "no") if random_.random() < 0.2 else None
        yield Pair(gold, token_string(random_), choices=choices, precision=random_.choice([None, 1, 2]))
