"""Verdicts a second on stored answers of real models, ours against math-verify as it is commonly called."""

import json
import os
import random
from pathlib import Path

from workbench.verify import Pair, Verdict, Verifier

ROWS = 600


def cpu_seconds() -> float:
    """CPU time of this process and of its worker processes that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def test_against_math_verify(shared_data: Path) -> None:
    """Prints both speeds, their ratio, and each one's agreement with the official verdicts, from one run."""
    from math_verify import parse, verify

    rows = [
        json.loads(line)
        for path in sorted((shared_data / "mathv" / "outputs").glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    rows = random.Random(0).sample(rows, ROWS)
    official = [bool(row["correct"]) for row in rows]
    answers = [str(row["response"]) for row in rows]
    lines = (shared_data / "mathv" / "test_without_images.jsonl").read_text().splitlines()
    items = {item["id"]: item for item in map(json.loads, lines)}
    golds = [str(items[row["id"]]["answer"]) for row in rows]
    options = [tuple(map(str, items[row["id"]]["options"])) or None for row in rows]

    start = cpu_seconds()
    with Verifier("mathvision") as verifier:
        judged = verifier.judge([Pair(g, a, choices=o) for g, a, o in zip(golds, answers, options, strict=True)])
    ours = cpu_seconds() - start

    start = cpu_seconds()
    theirs_right = [
        verify(parse(gold, parsing_timeout=None), parse(answer, parsing_timeout=None), timeout_seconds=None)
        for gold, answer in zip(golds, answers, strict=True)
    ]
    theirs = cpu_seconds() - start

    def agreement(verdicts: list[bool]) -> float:
        return sum(a == b for a, b in zip(verdicts, official, strict=True)) / ROWS

    print(f"\n{ROWS} stored MATH-Vision answers, by CPU time, worker processes included")
    ours_right = [j.verdict is Verdict.CORRECT for j in judged]
    print(f"ours         {ROWS / ours:8.0f}/s   agreement with the official verdict {agreement(ours_right):.3f}")
    print(f"math-verify  {ROWS / theirs:8.0f}/s   agreement with the official verdict {agreement(theirs_right):.3f}")
    print(f"ratio        {theirs / ours:8.1f}x")
    assert agreement(ours_right) > agreement(theirs_right)
