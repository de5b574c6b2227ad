"""Equal answers in other forms are accepted, their wrong twins are not, whatever they come wrapped in."""

import json
from pathlib import Path

import pytest

from workbench.verify import Pair, Verdict, Verifier

# {gold, equal: [forms of it], wrong: [their twins]}, written by hand.
GROUPS = [json.loads(line) for line in Path(__file__).with_name("equivalence.jsonl").read_text().splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("wrapping", ["%s", "\\boxed{%s}", "<think>It is 7.</think><answer>$%s$</answer>"])
def test_equal_forms_and_wrong_twins(wrapping: str):
    rows = [(group["gold"], form, True) for group in GROUPS for form in group["equal"]]
    rows += [(group["gold"], twin, False) for group in GROUPS for twin in group["wrong"]]
    with Verifier() as verifier:
        judged = verifier.judge([Pair(gold, wrapping.replace("%s", answer)) for gold, answer, _ in rows])
    faults = [
        f"{gold}  {'refuses' if right else 'accepts'}  {answer} ({j.reason})"
        for (gold, answer, right), j in zip(rows, judged, strict=True)
        if (j.verdict is Verdict.CORRECT) is not right
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("gold", "answer", "right"),
    [
        ("5", "5个", True),
        ("5米", "5 m", True),
        ("20平方厘米", "20", True),
        ("20平方厘米", "20厘米", False),
        ("√2", "根号2", True),
        ("60°", "60度", True),
        ("B", "故选：B．", True),
        ("12", "答案是12", True),
        ("平行", "垂直", False),
    ],
)
def test_chinese_answers(gold: str, answer: str, right: bool):
    with Verifier("k12") as verifier:
        assert (verifier.judge([Pair(gold, answer)])[0].verdict is Verdict.CORRECT) is right
