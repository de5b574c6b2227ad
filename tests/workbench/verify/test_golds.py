"""Real golds in the sentences models write: each is right for itself and for no gold of another value."""

import json
import random
import re
from pathlib import Path

import pytest

from workbench.verify import Pair, Verdict, Verifier

WRAPPERS = [
    "\\boxed{{{}}}",
    "So we get $\\boxed{{{}}}$.",
    "<think>It is so.</think><answer>{}</answer>",
    "The answer is {}.",
    "**Answer:** {}",
    "Final Answer: The final answer is {}. I hope it is correct.",
    "所以答案是{}。",
    "Therefore, the final answer is:\n\n{}",
]
OPEN_ENDED = re.compile(r"not unique|answers? (?:may )?var|open-ended", re.I)


@pytest.fixture(scope="module")
def golds(shared_data: Path) -> list[str]:
    rows = json.loads((shared_data / "k12" / "k12.json").read_text(encoding="utf-8"))
    return list(dict.fromkeys(str(row["answer"]) for row in rows if not OPEN_ENDED.search(str(row["answer"]))))


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("profile", ["default", "k12"])
def test_a_gold_is_right_for_itself(golds: list[str], profile: str, wrapper: str) -> None:
    if "box" not in wrapper and "<" not in wrapper:
        golds = [gold for gold in golds if len(gold.split()) <= 8]  # whole solutions are no end of a sentence
    with Verifier(profile) as verifier:
        judged = verifier.judge([Pair(gold, wrapper.format(gold)) for gold in golds])
    assert [(g, j.reason) for g, j in zip(golds, judged, strict=True) if j.verdict is not Verdict.CORRECT] == []


def test_a_gold_is_right_for_no_other_value(golds: list[str]) -> None:
    """Numbers apart by a tenth, or texts without a character in common but signs, are certainly other values."""
    chosen = random.Random(3)
    pairs = [(a, b) for a, b in (chosen.sample(golds, 2) for _ in range(4_000)) if _certainly_differ(a, b)]
    assert len(pairs) > 1_500
    with Verifier() as verifier:
        judged = verifier.judge([Pair(gold, f"\\boxed{{{other}}}") for gold, other in pairs])
    assert [pair for pair, j in zip(pairs, judged, strict=True) if j.verdict is Verdict.CORRECT] == []


def _certainly_differ(one: str, other: str) -> bool:
    numbers = [re.fullmatch(r"[$\s]*(-?\d+(?:\.\d+)?)[$\s]*", text) for text in (one, other)]
    if all(numbers):
        a, b = (float(number[1]) for number in numbers if number)
        return abs(a - b) > 0.1 * max(abs(a), abs(b))
    return set(re.findall(r"\w", one)).isdisjoint(re.findall(r"\w", other))
