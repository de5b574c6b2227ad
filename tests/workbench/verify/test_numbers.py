"""The formula reader and the exact arithmetic against sympy, and the units table against hand-written pairs."""

import random

import pytest
import sympy

from workbench.verify import Pair, Verifier
from workbench.verify.formula.algebra import evaluate
from workbench.verify.formula.numeric import approximate
from workbench.verify.formula.parse import parse
from workbench.verify.formula.tokens import MAX_TOKENS, NotMath, TooBig
from workbench.verify.normalize.latex import latex
from workbench.verify.normalize.units import compatible, split_unit
from workbench.verify.read.split import blanks


def formula(rng: random.Random, depth: int) -> tuple[str, sympy.Expr]:
    """A random LaTeX formula and the sympy expression it stands for, built side by side."""
    if depth == 0:
        match rng.randint(0, 3):
            case 0:
                n = rng.randint(1, 30)
                return str(n), sympy.Integer(n)
            case 1:
                a, b = rng.randint(1, 9), rng.randint(2, 9)
                return f"\\frac{{{a}}}{{{b}}}", sympy.Rational(a, b)
            case 2:
                n = rng.choice([2, 3, 5, 8, 12, 50])
                return f"\\sqrt{{{n}}}", sympy.sqrt(n)
            case _:
                return "\\pi ", sympy.pi
    left, a = formula(rng, depth - 1)
    right, b = formula(rng, depth - 1)
    match rng.randint(0, 4):
        case 0:
            return f"({left}+{right})", a + b
        case 1:
            return f"({left}-{right})", a - b
        case 2:
            return f"{left} \\times {right}", a * b
        case 3:
            return f"\\frac{{{left}}}{{{right}}}", a / b
        case _:
            return f"({left})^{{2}}", a**2


@pytest.mark.parametrize("seed", range(60))
def test_value_and_form_agree_with_sympy(seed: int) -> None:
    rng = random.Random(seed)
    text, expected = formula(rng, 2)
    while not expected.is_finite or expected == 0:  # it divided by a difference that is zero: draw another
        text, expected = formula(rng, 2)
    tree = parse(latex(text))
    value = approximate(tree)
    assert value is not None
    assert abs(value - complex(expected)) <= 1e-9 * max(1.0, abs(value))
    # The exact form equals that of sympy's own rewriting of the same number, and not that of a neighbour.
    rewritten = latex(sympy.latex(sympy.radsimp(sympy.expand(expected))))
    assert evaluate(tree).same(evaluate(parse(rewritten))) is True
    assert evaluate(tree).same(evaluate(parse(f"{rewritten}+\\frac{{1}}{{1000000007}}"))) is False


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("(a+b)^2", "a^2+2ab+b^2", True),
        ("\\frac{a^2-b^2}{a-b}", "a+b", True),
        ("4^{n}", "2^{2n}", True),
        ("3^{n-1}", "\\frac{3^n}{3}", True),
        ("\\sqrt{2^{n}}", "2^{n/2}", True),
        ("\\sqrt[3]{16}", "2\\sqrt[3]{2}", True),
        ("0.\\overline{3}", "1/3", True),
        ("2^{n}", "2^{n+1}", False),
        ("\\sqrt{3+2\\sqrt{2}}", "1+\\sqrt{2}", None),
        ("\\sin^2 x", "1-\\cos^2 x", None),
    ],
)
def test_forms_decide_or_say_they_cannot(one: str, two: str, same: bool | None):
    assert evaluate(parse(latex(one))).same(evaluate(parse(latex(two)))) is same


@pytest.mark.parametrize("text", ["9" * 400, "+".join("1" * (MAX_TOKENS + 1)), "(" * 200 + "1" + ")" * 200])
def test_reading_has_limits(text: str):
    with pytest.raises(TooBig):
        parse(text)


@pytest.mark.parametrize("text", ["2^{30000} \\times 2^{30000} \\times 2^{30000}", "(a+b+c+d+f+g)^{30}"])
def test_arithmetic_has_limits(text: str):
    with pytest.raises(TooBig):
        evaluate(parse(text))


@pytest.mark.parametrize("text", ["", "rhombus", "2 +", "\\frac{1}", "1/0", "x_", "import os"])
def test_what_is_no_formula(text: str):
    with pytest.raises(NotMath):
        evaluate(parse(text))


@pytest.mark.parametrize(
    ("text", "quantity", "unit"),
    [
        ("24 cm", "24", "cm"),
        ("4 square meters", "4", "m^2"),
        ("60 km/h", "60", "h^-1*km"),
        ("60 kilometers per hour", "60", "h^-1*km"),
        ("9.8 m/s^2", "9.8", "m*s^-2"),
        ("\\$8.20", "8.20", "dollar"),
        ("8.20 dollars", "8.20", "dollar"),
        ("12 people", "12", "~people"),
        ("2n", "2n", None),
        ("24 or 25", "24 or 25", None),
        ("2 \\sin x", "2 \\sin x", None),
    ],
)
def test_units_are_cut_off(text: str, quantity: str, unit: str | None):
    assert split_unit(latex(text)) == (quantity, unit)


def test_another_unit_is_not_compatible():
    assert compatible("cm", "cm")
    assert compatible(None, "cm")
    assert not compatible("cm", "m")
    assert not compatible("cm", "cm^2")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("3; 5", ["3", "5"]),
        ("(1) 16 12.5\n(2) 10500", ["16", "12.5", "10500"]),
        ("1,234", ["1,234"]),
        ("(3,6)\n(7,8)", ["(3,6)", "(7,8)"]),
        ("1331 and 1728", ["1331", "1728"]),
        ("1 1/4", ["1 1/4"]),
        (
            "The criteria of perpendicular bisector and the definition of a circle",
            ["The criteria of perpendicular bisector and the definition of a circle"],
        ),
    ],
)
def test_blanks(text: str, parts: list[str]):
    assert blanks(text)[0] == parts


@pytest.mark.parametrize(
    ("unit", "right", "wrong"),
    [
        ("hours", ["3", "3 hours", "3 h"], ["3 pounds", "3 dollars", "$3"]),
        ("$", ["3", "$3", "3 dollars"], ["3 hours", "3%"]),
        ("peppermint candies", ["3", "3 peppermint candies"], ["3 hours", "$3"]),
        ("%", ["3", "3%"], ["3 hours"]),
    ],
)
def test_a_unit_that_stands_beside_the_gold(unit: str, right: list[str], wrong: list[str]) -> None:
    with Verifier("default") as verifier:
        judged = verifier.judge([Pair("3", answer, unit=unit) for answer in [*right, *wrong]])
    assert [j.verdict for j in judged] == ["correct"] * len(right) + ["wrong"] * len(wrong)
