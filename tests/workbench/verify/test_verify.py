"""The verifier as a whole: verdicts on tables of pairs written by hand."""

from typing import Any

import pytest

from workbench.verify import Pair, Verdict, Verifier, shared_verifier

RIGHT = [
    # what the published reward wrongly refuses
    ("24", "<answer>24</answer>"),
    ("24", "24 cm"),
    ("0.5", "1/2"),
    ("increasing", "increasing"),
    ("No", "No"),
    ("(-1,3)", "-1<x<3"),
    # numbers
    ("24 cm", "24"),
    ("1234", "1,234"),
    ("0.00012", "1.2 \\times 10^{-4}"),
    ("1.25", "1\\frac{1}{4}"),
    ("$1\\frac{1}{4}$", "5/4"),
    ("10%", "0.1"),
    ("$\\frac{1}{3}$", "0.333"),
    ("3.14", "3.14159"),
    ("30°", "$30^{\\circ}$"),
    ("30${}^\\circ $", "30 degrees"),
    ("$$40cm$$", "40 centimeters"),
    ("4 cm²", "4 square centimeters"),
    ("$8.20", "8.2"),
    ("2.5 million", "2500000"),
    ("$\\sqrt{2}$π+4$\\sqrt{2}$", "\\sqrt{2}(\\pi+4)"),
    ("$\\frac{\\sqrt{2\\pi }+2}{\\pi -2}$", "\\frac{2}{\\sqrt{2\\pi}-2}"),
    ("2:3", "4:6"),
    ("12 people", "twelve"),
    ("5", "x = 5"),
    ("7", "3+4=7"),
    # expressions and equations
    ("$$2^{n+1}-2$$", "2(2^n-1)"),
    ("$6{{a}^{2}}$", "6a^2"),
    ("$$\\sqrt{a^{2}+3b^{2}}$$", "\\frac{\\sqrt{4a^2+12b^2}}{2}"),
    ("$x-3y+24=0$", "y = \\frac{x}{3} + 8"),
    ("$y=\\frac{9}{x}$", "xy = 9"),
    ("BD=CE", "CE = DB"),
    ("x=5", "5"),
    # inequalities, intervals
    ("x < −2 or 0 < x < 1.", "(-\\infty,-2)\\cup(0,1)"),
    ("$$8~cm< AB\\leqslant 10~cm$$", "(8, 10]"),
    ("$x > 1$", "1 < x"),
    ("a > b > c.", "c < b < a"),
    # blanks, sets, tuples, matrices
    ("3; 5", "3, 5"),
    ("(1)3;(2)5", "3\n5"),
    ("1331 and 1728", "1331, 1728"),
    ("6 or 2 or 10", "2, 6 or 10"),
    ("1.3.4.", "①③④"),
    ("\\{1, 2\\}", "{2, 1}"),
    ("$$\\left ( 3,7\\right ) $$", "(3, 7)"),
    ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{bmatrix}1 & 2 \\\\ 3 & 4\\end{bmatrix}"),
    ("1:3:2", "2:6:4"),
    ("x = \\pm 2", "-2 or 2"),
    # words and letters
    ("rhombus.", "a rhombus"),
    ("Yes", "Yes, they are."),
    ("perpendicular", "⊥"),
    ("2:10 P.M.", "2:10 pm"),
    ("$$A$$", "选A"),
    ("D", "(D)"),
    ("C", "C. 45°"),
    ("ABD", "A, B, D"),
]  # fmt: skip

WRONG = [
    # what the published reward wrongly accepts
    ("A", "maths"),
    ("B", "rubbish"),
    ("A", "$A$ and also $D$"),
    ("7", "<think>\\boxed{7}</think>"),
    ("7", "<think> <answer>7</answer> </think>"),
    ("7", "\\boxed{3} or \\boxed{7}"),
    ("7", "<answer>7</answer><answer>8</answer>"),
    ("7", "<think></think><answer></answer>"),
    ("7", "." * 400),
    # neighbours
    ("24 cm", "24 m"),
    ("4 m", "4 square meters"),
    ("24", "-24"),
    ("24", "24.3"),
    ("24", "24 or 25"),
    ("10%", "10"),
    ("$\\frac{1}{3}$", "0.33"),
    ("$\\frac{1}{3}$", "0.334"),
    ("(-1,3)", "-1<x\\le 3"),
    ("(1, 2)", "(2, 1)"),
    ("3; 5", "3"),
    ("\\{1, 2\\}", "\\{1, 2, 3\\}"),
    ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{pmatrix}1&2\\\\4&3\\end{pmatrix}"),
    ("$x-3y+24=0$", "x-3y-24=0"),
    ("$x > 1$", "x < 1"),
    ("7", "3+5=7"),
    ("Yes", "yes and no"),
    ("increasing", "increasing or maybe decreasing"),
    ("A", "A, or maybe D"),
    ("ABD", "AB"),
    ("A", "\u0410"),  # a Cyrillic letter
    ("7", "The answer is 7. Or maybe 8."),
    ("5", "__import__('os').getpid() and 5"),
]  # fmt: skip


@pytest.fixture(scope="module")
def verifier():
    with Verifier("default") as verifier:
        yield verifier


@pytest.mark.parametrize(("gold", "response"), RIGHT)
def test_right_answers_are_accepted(verifier: Verifier, gold: str, response: str):
    (found,) = verifier.judge([Pair(gold, response)])
    assert found.verdict is Verdict.CORRECT, found


@pytest.mark.parametrize(("gold", "response"), WRONG)
def test_wrong_answers_are_refused(verifier: Verifier, gold: str, response: str):
    (found,) = verifier.judge([Pair(gold, response)])
    assert found.verdict is Verdict.WRONG, found


@pytest.mark.parametrize("gold", ["", "  ", "$$ $$", "7 (not unique)", "x" * 2000, "word " * 40])
def test_a_gold_of_no_known_kind_is_unscorable(verifier: Verifier, gold: str):
    (found,) = verifier.judge([Pair(gold, "<answer>7</answer>")])
    assert found.verdict is Verdict.UNSCORABLE
    assert found.gold_type is None
    assert verifier.gold_type(gold) is None


@pytest.mark.parametrize(
    ("gold", "choices", "kind"),
    [
        ("24", None, "number"),
        ("2n+1", None, "expression"),
        ("y = 2x", None, "equation"),
        ("x > 2", None, "interval"),
        ("[1, 2)", None, "interval"),
        ("\\{1, 2\\}", None, "set"),
        ("(1, 2)", None, "tuple"),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", None, "matrix"),
        ("B", None, "choice"),
        ("60", ("30", "60"), "choice"),
        ("rhombus", None, "text"),
        ("3; 5", None, "multi"),
        ("E", ("1", "2"), None),
    ],
)
def test_gold_types(verifier: Verifier, gold: str, choices: tuple[str, ...] | None, kind: str | None):
    assert verifier.gold_type(gold, choices) == kind


OPTIONS = ("30°", "45°", "60°", "a square")


@pytest.mark.parametrize(
    "response", ["B", "(B)", "b", "B. 45°", "45°", "45 degrees", "The answer is (B).", "\\boxed{B}"]
)
def test_an_option_by_letter_or_text(verifier: Verifier, response: str):
    for gold in ("B", "45°"):
        assert verifier.judge([Pair(gold, response, OPTIONS)])[0].verdict is Verdict.CORRECT


@pytest.mark.parametrize("response", ["A", "B or C", "B. 60°", "90°", "not B", "Both B and C", "E"])
def test_a_wrong_or_hedged_option(verifier: Verifier, response: str):
    assert verifier.judge([Pair("B", response, OPTIONS)])[0].verdict is Verdict.WRONG


def test_an_options_text_counts_only_where_it_is_unique(verifier: Verifier):
    (found,) = verifier.judge([Pair("A", "5", ("5", "5", "6"))])
    assert found.verdict is Verdict.WRONG


@pytest.mark.parametrize(
    ("profile", "pair", "verdict"),
    [
        ("mathvision", Pair("7", "\\boxed{3} so \\boxed{7}"), "correct"),
        ("default", Pair("7", "\\boxed{3} so \\boxed{7}"), "wrong"),
        ("olympiadbench", Pair("24 cm", "24"), "wrong"),
        ("olympiadbench", Pair("1, 2", "2, 1"), "correct"),
        ("olympiadbench", Pair("10%", "10"), "correct"),
        ("olympiadbench", Pair("2.5", "2.6", tolerance=0.2), "correct"),
        ("mathvista", Pair("10", "10%"), "correct"),
        ("mathvista", Pair("0.6", "0.5833", precision=1), "correct"),
        ("mathvision", Pair("2.37", "2.3741"), "correct"),
        ("mathverse", Pair("1/3", "0.333"), "wrong"),
        ("default", Pair("3; 5", "3.05; 5", tolerance=(0.1, 0.0)), "correct"),
        ("default", Pair("3; 5", "3.05; 5.05", tolerance=(0.1, 0.0)), "wrong"),
    ],
)
def test_profiles_differ_as_their_table_says(profile: str, pair: Pair, verdict: str):
    with Verifier(profile) as verifier:
        assert verifier.judge([pair])[0].verdict == verdict


def test_no_process_starts_for_what_exact_rules_settle():
    with Verifier("default") as verifier:
        verifier.judge([Pair(g, r) for g, r in RIGHT + WRONG])
        assert verifier._pool.pids == []


def test_equal_pairs_get_one_judgement_and_order_is_kept(verifier: Verifier):
    pairs = [Pair("1", "1"), Pair("1", "2"), Pair("1", "1")]
    found = verifier.judge(pairs)
    assert [f.verdict.value for f in found] == ["correct", "wrong", "correct"]
    assert found[0] is found[2]


def test_one_shared_verifier_a_profile_with_one_pool():
    assert shared_verifier("k12") is shared_verifier("k12")
    assert shared_verifier("k12")._pool is shared_verifier("default")._pool


@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        ({}, "correct"),
        ({"ordered": True}, "wrong"),
        ({"ordered": False, "question": "Fill in ____ and ____."}, "correct"),
        ({"question": "The roots are ____ and ____ respectively."}, "wrong"),
        ({"question": "What are the roots?"}, "correct"),
    ],
)
def test_the_order_of_a_bare_list_is_the_question_s(verifier: Verifier, settings: dict[str, Any], verdict: str) -> None:
    (found,) = verifier.judge([Pair("3; 5", "5; 3", **settings)])
    assert found.verdict == verdict
