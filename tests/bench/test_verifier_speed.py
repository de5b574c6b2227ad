"""Verdicts a second on stored answers of real models, ours against math-verify as it is commonly called."""

import os
from pathlib import Path

from tests.bench.stored_answers import mathvision
from workbench.verify import Verdict, Verifier


def cpu_seconds() -> float:
    """CPU time of this process and of its worker processes that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def test_against_math_verify(shared_data: Path) -> None:
    """Prints both speeds, their ratio, and each one's agreement with the official verdicts, from one run."""
    from math_verify import parse, verify

    stored = list(mathvision(shared_data))
    rows = len(stored)
    official = [one.right for one in stored]
    pairs = [one.pair for one in stored]

    start = cpu_seconds()
    with Verifier("mathvision") as verifier:
        judged = verifier.judge(pairs)
    ours = cpu_seconds() - start

    start = cpu_seconds()
    theirs_right = [
        verify(*(parse(text, parsing_timeout=None) for text in (pair.gold, pair.response)), timeout_seconds=None)
        for pair in pairs
    ]
    theirs = cpu_seconds() - start

    def agreement(verdicts: list[bool]) -> float:
        return sum(a == b for a, b in zip(verdicts, official, strict=True)) / rows

    print(f"\n{rows} stored MATH-Vision answers, by CPU time, worker processes included")
    ours_right = [j.verdict is Verdict.CORRECT for j in judged]
    print(f"ours         {rows / ours:8.0f}/s   agreement with the official verdict {agreement(ours_right):.3f}")
    print(f"math-verify  {rows / theirs:8.0f}/s   agreement with the official verdict {agreement(theirs_right):.3f}")
    print(f"ratio        {theirs / ours:8.1f}x")
    assert agreement(ours_right) > agreement(theirs_right)
    assert theirs / ours >= 20
