"""Each benchmark's conventions, setting by setting: the same pair under every profile."""

from typing import Any

import pytest

from workbench.verify import Pair, Verifier

NAMES = ("default", "k12", "mathvista", "mathvision", "mathverse", "olympiadbench")
# What is asked, gold, response, what the row adds; then right (x) or wrong (.) for the profiles in the order of NAMES.
TABLE: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("several boxes: the last", "3", "First \\boxed{5}. Then \\boxed{3}.", {}, "..xxxx"),
    ("several boxes: not the first", "5", "First \\boxed{5}. Then \\boxed{3}.", {}, "......"),
    ("the gold's unit may be missing", "5 cm", "5", {}, "xxxxx."),
    ("another unit of the same quantity", "5 cm", "50 mm", {}, "xxxxx."),
    ("the number alone is not the quantity", "5 cm", "5 mm", {}, "......"),
    ("a unit of another quantity", "5 cm", "5 s", {}, "......"),
    ("a unit where the gold has none", "5", "5 cm", {}, "xxxxxx"),
    ("percent and its fraction", "0.5", "50%", {}, "xx...x"),
    ("percent and its number", "50", "50%", {}, "..xxxx"),
    ("a hundredth without a sign", "0.5", "50", {}, ".....x"),
    ("the gold's decimals", "3.142", "3.1416", {}, "xx.xx."),
    ("one decimal is a value", "3.1", "3.14", {}, "....x."),
    ("two decimals", "3.1416", "3.14", {}, "...x.."),
    ("the row's precision", "3.1416", "3.1", {"precision": 1}, "xxx.x."),
    ("the row's tolerance", "3.1416", "3.3", {"tolerance": 0.2}, "xxxxxx"),
    ("a decimal for a fraction", "1/3", "0.333", {}, "xx.x.."),
    ("the ninth digit", "1234567.8", "1234567.80001", {}, "...xxx"),
    ("an equation for its value", "5", "x = 5", {}, "xxxxxx"),
    ("an interval for its inequality", "x > 3", "(3, \\infty)", {}, "xxxxxx"),
    ("order in a point", "(1, 2)", "(2, 1)", {}, "......"),
    ("order in a list", "1; 2", "2; 1", {}, "xxxxxx"),
    ("order in a list that is asked for", "1; 2", "2; 1", {"question": "Fill in ____ and ____."}, ".....x"),
    ("an option's text", "B", "15", {"choices": ("12", "15")}, "xxxxx."),
]


@pytest.fixture(scope="module")
def verifiers():
    verifiers = [Verifier(name) for name in NAMES]
    yield verifiers
    for verifier in verifiers:
        verifier.close()


@pytest.mark.parametrize(("gold", "response", "facts", "right"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE])
def test_convention(verifiers: list[Verifier], gold: str, response: str, facts: dict[str, Any], right: str) -> None:
    judged = [verifier.judge([Pair(gold, response, **facts)])[0].verdict for verifier in verifiers]
    assert "".join("x" if verdict == "correct" else "." for verdict in judged) == right
