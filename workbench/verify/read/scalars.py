"""Read one number or expression with its unit."""

import re

from workbench.verify.formula.parse import Tree, parse
from workbench.verify.formula.tokens import NotMath, has_unknown_command
from workbench.verify.normalize.number_words import in_digits
from workbench.verify.normalize.units import split_unit
from workbench.verify.read.brackets import closes_unevenly
from workbench.verify.read.items import Scalar

_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?\Z")
_PERCENT_OF_FRACTION = re.compile(r"^(-?\d+(?:\.\d+)?\s*/\s*\d+)\s*%$")
_COUNTED = re.compile(r"[A-Za-z]+(?:[- ][A-Za-z]+){1,11}$")


def is_plain_number(text: str) -> bool:
    """Whether a text is ASCII digits with at most a minus and a decimal point."""
    return _PLAIN_NUMBER.match(text) is not None


def plain_number(digits: str) -> Scalar:
    """The number that `digits` are; they are a plain number."""
    tree: Tree = ("num", digits.lstrip("-"))
    return Scalar(digits, ("neg", tree) if digits[0] == "-" else tree)


def scalar(text: str) -> Scalar | None:
    """A number or expression with its unit, or None where the text is words."""
    text = _PERCENT_OF_FRACTION.sub(r"(\1)%", text)
    counted = in_words(text)
    if counted or in_digits(text.partition(" ")[0]):
        return counted
    quantity, unit = split_unit(text)
    tree = formula(quantity)
    if tree is None and unit is not None:
        quantity, unit, tree = text, None, formula(text)
    if tree is not None:
        percent = tree[0] == "pct"
        return Scalar(quantity, tree, unit, percent)
    if closes_unevenly(text) or len(re.findall(r"(?<!\\)\b[A-Za-z][a-z]+\b", text)) > 4:
        return None
    return Scalar(text, None) if has_unknown_command(text) else None


def in_words(text: str) -> Scalar | None:
    """A number in words, with what it counts: "twenty-five", "three and a half hours"; None for other text."""
    number = in_digits(text)
    if number:
        return Scalar(number, formula(number))
    words = text.split() if _COUNTED.match(text) else []
    for last in range(min(len(words) - 1, 8), 0, -1):
        number = in_digits(" ".join(words[:last]))
        if number:
            unit = split_unit(f"1 {' '.join(words[last:])}")[1]
            return Scalar(number, formula(number), unit) if unit else None
    return None


def formula(text: str) -> Tree | None:
    """The tree of a formula, or None where it is none; raises TooBig over a limit."""
    try:
        return parse(text)
    except NotMath:
        return None
