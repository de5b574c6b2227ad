"""Is one number or expression another? Units and percent first, exact forms, stated closeness, symbolic work last."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from workbench.verify.formula.algebra import Value, exact
from workbench.verify.formula.numeric import (
    approximate,
    decimals,
    maybe_equal,
    real,
    relatively_near,
    rounded,
    significant,
    terminates,
)
from workbench.verify.formula.parse import Tree
from workbench.verify.formula.tokens import TooBig
from workbench.verify.normalize.dimensions import conversion
from workbench.verify.normalize.latex import dense
from workbench.verify.normalize.units import compatible, stated_unit
from workbench.verify.profiles import Profile
from workbench.verify.read.items import Scalar, has_symbols
from workbench.verify.verdict import Tolerance

Symbolic = Callable[[Scalar, Scalar], bool]


@dataclass(frozen=True)
class Settings:
    """A profile and what one row adds. `symbolic` decides what exact rules leave open; it may raise.

    `ordered` says that the order of several values counts.
    """

    profile: Profile
    symbolic: Symbolic
    precision: int | None = None
    tolerance: Tolerance | None = None
    unit: str | None = None
    ordered: bool = False


def same_scalar(gold: Scalar, answer: Scalar, s: Settings) -> bool:
    gold, answer = _in_radians(gold, answer), _in_radians(answer, gold)
    gold_unit = gold.unit
    if gold_unit is None and s.unit:
        gold_unit = stated_unit(s.unit)
    if answer.unit is None and gold_unit is not None and not s.profile.missing_unit:
        return False
    if answer.unit is not None and not compatible(gold_unit, answer.unit):
        factor = conversion(answer.unit, gold_unit) if gold_unit and s.profile.convert_units else None
        if factor is None or answer.tree is None:
            return False
        ratio = ("div", ("num", str(factor.numerator)), ("num", str(factor.denominator)))
        answer = replace(answer, tree=("mul", answer.tree, ratio), text="", unit=gold_unit)
    if gold.percent != answer.percent and s.profile.percent == "number":
        gold, answer = _without_percent(gold), _without_percent(answer)
    if gold.percent != answer.percent and s.unit == "%":
        gold, answer = _without_percent(gold), _without_percent(answer)
    if gold.tree is None or answer.tree is None:
        if dense(gold.text) == dense(answer.text):
            return True
        if gold.tree is not None and not has_symbols(gold.tree) and not _may_be_a_number(answer.text):
            return False
        return s.symbolic(gold, answer)
    if gold.tree == answer.tree:
        return True
    if _value_equal(gold, answer, s):
        return True
    if s.profile.percent == "any" and not has_symbols(gold.tree) and not has_symbols(answer.tree):
        factors = (("num", "100"), ("div", ("num", "1"), ("num", "100")))
        return any(_value_equal(replace(gold, tree=("mul", f, gold.tree)), answer, s) for f in factors)
    return False


_BINDS = re.compile(r"\\(?:sum|prod|i?int|lim|begin|mathrm|operatorname)(?![a-zA-Z])")
_UNKNOWN = re.compile(r"(?<![A-Za-z\\])(?![eid](?![A-Za-z]))[A-Za-z]")


def _may_be_a_number(text: str) -> bool:
    """Whether LaTeX that our reader does not know has no unknowns, or binds them: a sum, an integral, a limit."""
    return bool(_BINDS.search(text)) or not _UNKNOWN.search(text)


def _in_radians(one: Scalar, other: Scalar) -> Scalar:
    """30° beside π/6 is an angle in radians; beside a plain number it stays 30."""
    if one.tree is None or other.tree is None or one.unit != "deg" or other.unit not in (None, "rad"):
        return one
    return replace(one, tree=("deg", one.tree), unit=other.unit) if _mentions_pi(other.tree) else one


def _mentions_pi(tree: Tree) -> bool:
    return tree == ("sym", "pi") or any(_mentions_pi(t) for t in tree[1:] if isinstance(t, tuple))


def _without_percent(scalar: Scalar) -> Scalar:
    if scalar.tree is None or not scalar.percent:
        return scalar
    return replace(scalar, tree=scalar.tree[1], text=scalar.text.replace("%", "").strip(), percent=False)


def _value_equal(gold: Scalar, answer: Scalar, s: Settings) -> bool:
    assert gold.tree is not None and answer.tree is not None
    if _far_apart(gold, answer, s):
        return False
    try:
        one = exact(gold.tree)
    except TooBig:
        one = None  # the gold is only compared as it is written, or symbolically
    two = exact(answer.tree)
    if two is None or one is None:
        return False
    same = one.same(two)
    if same:
        return True
    constant = not has_symbols(gold.tree) and not has_symbols(answer.tree)
    if constant and _close(gold, answer, one, two, s):
        return True
    if same is None and maybe_equal(gold.tree, answer.tree):
        return s.symbolic(gold, answer)
    return False


def _far_apart(gold: Scalar, answer: Scalar, s: Settings) -> bool:
    """Whether two numbers differ by more than any profile's rounding forgives; a row may state a tolerance of its own.

    Powers of ten in a text round to more than one: those are left to the exact rules.
    """
    if s.tolerance is not None or (s.precision or 0) < 0 or _SCIENTIFIC.search(gold.text + answer.text):
        return False
    g, a = _roughly(gold.tree), _roughly(answer.tree)
    return g is not None and a is not None and abs(g - a) > 1 and abs(g - a) > 1e-6 * abs(g)


_SCIENTIFIC = re.compile("[eE^*]")


@lru_cache(maxsize=32_768)
def _roughly(tree: Tree) -> float | None:
    """A real number in floating point; None for sums, in which digits may cancel, unknowns and what overflows."""
    value = approximate(tree) if _is_product(tree) else None
    return value.real if value is not None and value.imag == 0 else None


def _is_product(tree: Tree) -> bool:
    if tree[0] == "sym":
        return tree[1] in ("pi", "e")
    return tree[0] != "add" and all(_is_product(branch) for branch in tree[1:] if isinstance(branch, tuple))


def _close(gold: Scalar, answer: Scalar, one: Value, two: Value, s: Settings) -> bool:
    assert gold.tree is not None and answer.tree is not None
    g, a = real(gold.tree, one), real(answer.tree, two)
    if g is None or a is None:
        return False
    if s.tolerance is not None:
        assert not isinstance(s.tolerance, tuple)
        return abs(g - a) <= Fraction(s.tolerance) + abs(g) * Fraction(1, 10**12)
    rule = s.profile.closeness
    places = decimals(gold.text)
    if s.precision is not None and rule in ("stated", "precision", "gold_decimals"):
        return _same_rounded(g, a, s.precision)
    if rule == "relative":
        return relatively_near(g, a, Fraction(1, 10**8))
    if rule == "two_decimals":
        # At two decimals every small number is the other; those are told apart by their first digits.
        small = abs(g) < Fraction(1, 100)
        return relatively_near(g, a, Fraction(1, 100)) if small else _same_rounded(g, a, 2)
    shift = 2 if gold.percent else 0
    if rule == "gold_decimals" or (places is not None and rule == "stated"):
        # One decimal, or two digits in all, is a value more often than a rounding.
        if not places or (rule == "stated" and (abs(places) < 2 or significant(gold.text) < 3)):
            return False
        return _same_rounded(g, a, places + shift)
    if rule != "stated":
        return False
    # A gold without a finite decimal form, met by a decimal right at its own places.
    own = decimals(answer.text)
    if own is None or significant(answer.text) < 3 or (one.rational is not None and terminates(one.rational)):
        return False
    return _same_rounded(g, a, own + (2 if answer.percent else 0))


def _same_rounded(g: Fraction, a: Fraction, places: int) -> bool:
    one, two = rounded(g, places), rounded(a, places)
    return one is not None and one == two
