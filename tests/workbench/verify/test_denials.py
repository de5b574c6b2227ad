"""A value that is denied, doubted or only supposed is no answer; the same value stated plainly is."""

import pytest

from workbench.verify import Pair, Verdict, Verifier

VALUES = ["12", "\\frac{3}{4}", "2\\sqrt{3}", "-7", "3x+1"]
TAKEN_BACK = [
    "It is tempting to say that the answer is ${}$.",
    "It would be a mistake to answer ${}$.",
    "I doubt that the answer is ${}$.",
    "I don't think the answer is ${}$.",
    "It is not true that the answer is ${}$.",
    "One might be tempted to conclude the answer is ${}$, but that is wrong.",
    "Suppose the answer were ${}$.",
    "The answer is not ${}$.",
    "The answer cannot be ${}$.",
    "The result is definitely not equal to ${}$.",
    "${}$ is wrong.",
    "The answer $\\boxed{{{}}}$ is wrong.",
    "It is not $\\boxed{{{}}}$.",
]
STATED = [
    "The answer is ${}$.",
    "I think the answer is ${}$.",
    "We do not need more. The answer is ${}$.",
    "There is no mistake here, so the answer is ${}$.",
    "Many students make the mistake of adding; the correct answer is ${}$.",
    "Not only is it elegant: the answer is ${}$.",
    "The value is ${}$.",
    "It is ${}$.",
    "Total: ${}$",
    "The answer is not 5. It is $\\boxed{{{}}}$.",
]


@pytest.fixture(scope="module")
def verifier():
    with Verifier() as shared:
        yield shared


@pytest.mark.parametrize("value", VALUES)
def test_a_value_taken_back_is_no_answer(verifier: Verifier, value: str):
    judged = verifier.judge([Pair(value, frame.format(value)) for frame in TAKEN_BACK])
    assert [f for f, j in zip(TAKEN_BACK, judged, strict=True) if j.verdict is not Verdict.WRONG] == []


@pytest.mark.parametrize("value", VALUES)
def test_a_value_stated_is_the_answer(verifier: Verifier, value: str):
    judged = verifier.judge([Pair(value, frame.format(value)) for frame in STATED])
    assert [f for f, j in zip(STATED, judged, strict=True) if j.verdict is not Verdict.CORRECT] == []
