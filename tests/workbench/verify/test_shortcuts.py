"""Every shortcut of the verifier gives what the general rules give, on texts from a grammar."""

import re
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from workbench.verify.compare import scalars as comparison
from workbench.verify.compare.scalars import Settings, same_scalar
from workbench.verify.extract import final_answer, markers, surroundings, window
from workbench.verify.extract.boxes import boxes
from workbench.verify.extract.final_answer import extract
from workbench.verify.extract.glance import _BARE, at_a_glance
from workbench.verify.extract.phrases import ANNOUNCED, may_announce
from workbench.verify.extract.surroundings import stands_alone
from workbench.verify.profiles import PROFILES
from workbench.verify.read import reader
from workbench.verify.read.items import Scalar

ASCII = st.characters(max_codepoint=127)


@given(st.from_regex(_BARE, fullmatch=True), st.booleans(), st.sampled_from(["default", "mathvision"]))
@settings(max_examples=1_500, deadline=None)
def test_a_bare_answer_is_read_as_the_general_rules_read_it(text: str, lettered: bool, name: str) -> None:
    quick = at_a_glance(text, lettered)
    if quick is not None:
        assert quick == final_answer._read_closely(text, PROFILES[name], 1, lettered)


def _says_answer(text: str) -> bool:
    return any(mark in text.lower() for mark in markers._MARKS)


def _says_heading(text: str) -> bool:
    return may_announce(text) or any(heading in text.lower() for heading in markers._HEADINGS)


@pytest.mark.parametrize(
    ("pattern", "may_match"),
    [
        (ANNOUNCED, may_announce),
        (markers._MARKER, _says_answer),
        (markers._HEADING, _says_heading),
        (window._FAREWELL, lambda text: window._may_part(text.lower())),
        (window._PARTING, lambda text: window._PARTING in window._cuts(text)),
        (window._TURN_ENDS, lambda text: window._cuts(text)[0] in (window._TURN_ENDS, window._TURN_NAMED)),
    ],
    ids=["announced", "marker", "heading", "farewell", "parting", "turn"],
)
@given(data=st.data())
@settings(max_examples=400, deadline=None)
def test_no_text_that_a_rule_matches_is_passed_over(
    pattern: re.Pattern[str], may_match: Callable[[str], bool], data: st.DataObject
) -> None:
    assert may_match(data.draw(st.from_regex(pattern, alphabet=ASCII)))


BEFORE = [
    "", "So ", "It is 3.", "It is 3.\n", "It is not.\n\n", "Is it not\n\n", "Suppose that.\n", "3. ", "12.", "= ",
    "The answer is ", "Therefore, the answer is: ", "Not 5! ", "at least ", "a) ", "at most 5. ", "- ", "2",
    "It is wrong to say\nThe answer is ",
]  # fmt: skip
OPENERS = ["", "$", "$$", "\\(", "\\[", " "]
PROSE = [
    "It is 3.", "It is not", "Not", "Suppose", "if x!", "It is wrong to say that", "Is it 5?", "f(x) = 2x", "A) 5",
    "B. 6", "a. foo", "Question: 5", "User: go on", "I hope it is right.", "Let me know.", "Answer: 7", "Answer: (B)",
    "$$x = 3$$", "Step 1:", "12", "Solution:", "<think>no</think>", "<answer>3</answer>", "Final Answer",
]  # fmt: skip
GAPS = [" ", "\n", "\n\n", ". ", ".\n", "", ": "]
ANSWERS = [
    "The answer is (C).", "The answer is: 12", "Therefore, the answer is 5.", "So the final answer is: (A)",
    "the answer is (B)",
    "\\boxed{5}", "$\\boxed{B}$.", "\\[\\boxed{\\frac{1}{2}}\\]", "The answer is \\boxed{x}.", "= \\boxed{3}",
    "\\boxed{4", "(D)",
]  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(PROSE + ANSWERS), st.sampled_from(GAPS)), max_size=4),
    st.sampled_from(ANSWERS),
    st.booleans(),
    st.sampled_from(["default", "mathvision"]),
)
@settings(max_examples=6_000, deadline=None)
def test_a_plain_ending_is_read_as_the_general_rules_read_it(
    lead: list[tuple[str, str]], answer: str, lettered: bool, name: str
) -> None:
    text = "".join(a + b for a, b in lead) + answer
    quick = at_a_glance(text, lettered)
    if quick is not None:
        event(quick.candidates[0].rule)
        assert quick == final_answer._read_closely(text, PROFILES[name], 1, lettered)


AFTER = ["", ".", "$", "$.", "$$", "\\)", "\\].", " cm", "!", "\n", " or 5", " is wrong", "5", "^2", "$\n.\n", " ."]
INSIDE = ["5", "-5", "B", "(B)", "x", "\\frac{1}{2}", "5 cm"]


def test_a_box_that_stands_alone_is_read_as_the_general_rules_read_it() -> None:
    alone = 0
    for text in map("".join, product(BEFORE, OPENERS, [f"\\boxed{{{x}}}" for x in INSIDE], AFTER)):
        (box,) = boxes(text, 0, len(text))
        if not stands_alone(text, box, 0, len(text)):
            continue
        alone += 1
        around = surroundings.Surroundings(text, box, 0, len(text))
        candidate = around.candidate([box])
        assert candidate is not None and (candidate.text, candidate.span) == (box.text, box.inside), text
        assert not around.ambiguous, text
        assert extract(text, PROFILES["default"]).candidates == (candidate,), text
    assert alone > 500


TOKENS = [
    "1",
    "2",
    "12",
    "0.5",
    ".",
    "/",
    "^",
    "{",
    "}",
    "+",
    "-",
    "*",
    "\\frac",
    "\\sqrt",
    "\\pi",
    "{1}",
    "{2}",
    "^{2}",
]


@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=8).map("".join))
@settings(max_examples=3_000, deadline=None)
def test_arithmetic_is_read_as_the_general_rules_read_it(text: str) -> None:
    quick = reader._read(text, True, False)
    pattern, reader._ARITHMETIC_ONLY = reader._ARITHMETIC_ONLY, re.compile("(?!)")
    try:
        assert quick == reader._read(text, True, False)
    finally:
        reader._ARITHMETIC_ONLY = pattern


NUMBERS = ["0", "1", "2", "12", "0.5", "100", "1e3", "999999", "25!"]
TERMS = [*NUMBERS, *(f"-{n}" for n in NUMBERS), "\\sqrt{-4}", "2i", "\\frac{7}{3}", "3\\pi", "1.2\\times 10^{3}", "50%"]
SUMS = ["999999999*999999999-999999998*1000000000", "1+2", "\\infty", "-\\infty", "\\tan{1}", "2\\sqrt{3}", "30\\deg"]


@given(
    st.sampled_from(TERMS + SUMS),
    st.sampled_from(TERMS + SUMS),
    st.sampled_from(["default", "mathvision", "olympiadbench"]),
)
@settings(max_examples=3_000, deadline=None)
def test_numbers_far_apart_are_told_apart_by_the_exact_rules_too(gold: str, answer: str, name: str) -> None:
    one, two = reader.read(gold), reader.read(answer)
    assert isinstance(one, Scalar) and isinstance(two, Scalar)
    convention = Settings(PROFILES[name], lambda *_: False)
    quick = same_scalar(one, two, convention)
    far_apart, comparison._far_apart = comparison._far_apart, lambda *_: False
    try:
        assert same_scalar(one, two, convention) == quick
    finally:
        comparison._far_apart = far_apart
