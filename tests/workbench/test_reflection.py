"""Cues, their places, and what second thoughts did to the answer."""

import time

import pytest

from workbench.reflection import (
    NOISY_CUES,
    STRICT_CUES,
    analyze_reflection,
    cue_spans,
    is_reflective,
    per_thousand_tokens,
    transition,
    transitions,
)
from workbench.verify import Verifier

SHIPPED = (
    "<think> At a glance it is 17. Wait, let me check again. 4 + 7 = 11, 11 + 8 = 19. So it is 19. </think>"
    "<answer> 19 </answer>"
)


@pytest.fixture(scope="module")
def verifier():
    with Verifier("default") as verifier:
        yield verifier


@pytest.mark.parametrize("cue", STRICT_CUES)
def test_every_strict_cue_is_found_whatever_its_case(cue: str):
    for text in (f"So, {cue} it.", cue.upper(), cue.capitalize() + "."):
        assert [c.cue for c in cue_spans(text)[0]] == [cue]
        assert is_reflective(text)


@pytest.mark.parametrize("cue", NOISY_CUES)
def test_noisy_cues_are_kept_apart(cue: str):
    strict, noisy = cue_spans(f"{cue.capitalize()}, the sum is 3.")
    assert strict == ()
    assert [c.cue for c in noisy] == [cue]
    assert not is_reflective(cue)


@pytest.mark.parametrize(
    "text", ["waiter", "awaits", "prechecked", "rechecker", "the answer is 4", "howevers", "again"]
)
def test_word_bounds_hold(text: str):
    assert cue_spans(text) == ((), ())


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("Rechecking", "recheck"),
        ("double checking", "double-check"),
        ("re-evaluated", "reevaluate"),
        ("I reconsidered", "reconsider"),
        ("checking  again", "check again"),
        ("re-examining", "reexamine"),
    ],
)
def test_inflections_count_as_their_cue(text: str, cue: str):
    assert [c.cue for c in cue_spans(text)[0]] == [cue]


def test_the_shipped_models_reflection():
    found = analyze_reflection(SHIPPED)
    assert [(c.cue, SHIPPED[c.start : c.end]) for c in found.cues] == [("check again", "check again")]
    assert [c.cue for c in found.noisy] == ["wait"]
    assert (found.first_answer, found.after_answer, found.final_answer) == ("17", "19", "19")
    thinking = SHIPPED[len("<think>") : SHIPPED.index("</think>")]
    assert found.position == pytest.approx(thinking.index("check again") / len(thinking))


@pytest.mark.parametrize(
    ("first", "final", "kind"),
    [
        ("it is 19", "19", "right→right"),
        ("it is 17", "19", "wrong→right"),
        ("3 + 16 = 19", "17", "right→wrong"),
        ("so \\boxed{17}", "17", "wrong→same"),
        ("the answer is 17", "18", "wrong→other"),
        ("the answer is 38/2", "19", "right→right"),
        ("it is 17", "", "wrong→other"),
    ],
)
def test_transitions(verifier: Verifier, first: str, final: str, kind: str):
    response = f"<think> First {first}. Let me check again. Hmm. </think><answer> {final} </answer>"
    assert transition(response, "19", None, verifier) == kind


def test_transitions_of_options_and_words(verifier: Verifier):
    option = "<think> The answer is B. I will double-check. </think><answer> C </answer>"
    word = "<think> It is a square. Let me recheck. It is a rhombus. </think><answer> rhombus </answer>"
    rows = [(option, "C", ("1", "2", "3")), (word, "rhombus", None), (SHIPPED, "19", None)]
    assert transitions(rows, verifier) == ["wrong→right"] * 3


@pytest.mark.parametrize(
    "glance",
    [
        "The third angle looks like 17 degrees.",
        "The box seems to be 17 kg.",
        "The beakers seem to give 17 mL.",
        "At a glance the cards make 17.",
        "From the chart I guess 17.",
        "That is about 17 mL.",
        "I would say the angle is 17 degrees.",
    ],
)
def test_a_first_answer_said_in_passing_is_found(verifier: Verifier, glance: str):
    response = f"<think> {glance} Wait, let me check again. 9 + 10 = 19. So it is 19. </think><answer> 19 </answer>"
    assert transition(response, "19", None, verifier) == "wrong→right"


def test_no_transition_without_a_cue_a_first_answer_or_a_gold(verifier: Verifier):
    assert transition("<think> it is 17 </think><answer> 19 </answer>", "19", None, verifier) is None
    assert transition("<think> Let me recheck. </think><answer> 19 </answer>", "19", None, verifier) is None
    assert transition(SHIPPED, "", None, verifier) is None


def test_rate_per_thousand_tokens():
    assert per_thousand_tokens([SHIPPED, "nothing here"], [40, 10]) == pytest.approx(1000 / 50)
    assert per_thousand_tokens([], []) == 0.0


def test_a_hundred_thousand_responses_take_seconds():
    plain = "<think> 4 + 7 = 11, 11 + 8 = 19. So it is 19. </think><answer> 19 </answer>"
    began = time.process_time()
    count = sum(is_reflective(text) for text in [SHIPPED, plain] * 2_500)
    assert count == 2_500
    assert (time.process_time() - began) * 20 < 10
