"""What the verifier is asked about a problem, and which verdicts follow."""

import json
from typing import Any

import pytest

from workbench.pairs import Comparison, comparison_of, pair_of
from workbench.schema import Problem
from workbench.verify import Pair, shared_verifier


def _problem(answer: str, response: str, **extra: Any) -> tuple[Problem, str]:
    return Problem("s", "1", "How long?", (), answer, answer_type="number", extra=json.dumps(extra)), response


def test_the_verifier_is_given_what_stands_beside_the_gold() -> None:
    row = {"answer": "5", "choices": None, "answer_type": "number", "extra": '{"unit": "$"}'}
    assert pair_of(row, "5 dollars").unit == "$"
    extra = '{"unit": "cm", "precision": 2.0, "tolerance": [0.1, null], "ordered": true, "table": "x"}'
    row = {"answer": "1", "choices": ["1", "2"], "answer_type": "choice", "extra": extra, "question": "Which?"}
    expected = Pair("1", "(A)", ("1", "2"), "choice", 2, (0.1, None), "cm", True, "Which?")
    assert pair_of(row, "(A)") == expected


def test_a_problem_and_its_row_give_the_same_pair() -> None:
    problem, response = _problem("3.14", "3.1", precision=1)
    assert pair_of(problem, response) == pair_of(problem.row(), response)


@pytest.mark.parametrize(
    ("answer", "response", "extra", "verdict"),
    [
        ("3.14", "3.139", {"precision": 2}, "correct"),
        ("3.14", "3.149", {"precision": 2}, "wrong"),
        ("10", "10.4", {"tolerance": 0.5}, "correct"),
        ("10", "10.6", {"tolerance": 0.5}, "wrong"),
        ("1; 2", "2; 1", {"ordered": True}, "wrong"),
        ("1; 2", "2; 1", {"ordered": False}, "correct"),
        ("5", "5 m", {"unit": "cm"}, "wrong"),
    ],
)
def test_what_a_source_says_decides(answer: str, response: str, extra: dict[str, Any], verdict: str) -> None:
    [judgement] = shared_verifier().judge([pair_of(*_problem(answer, f"<answer>{response}</answer>", **extra))])
    assert judgement.verdict == verdict


@pytest.mark.parametrize(
    "extra",
    [
        {"precision": "two"},
        {"precision": 1.5},
        {"precision": -1},
        {"precision": True},
        {"precision": 10**400},
        {"tolerance": -1},
        {"tolerance": [0.1, -1]},
        {"tolerance": []},
        {"tolerance": {"a": 1}},
        {"ordered": "yes"},
        {"unit": None},
    ],
)
def test_columns_that_mean_something_else_count_as_not_given(extra: dict[str, Any]) -> None:
    assert comparison_of(json.dumps(extra)) == Comparison()
