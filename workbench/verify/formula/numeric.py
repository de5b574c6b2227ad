"""Floating-point values of trees, and when two numbers are near enough to be called equal."""

import cmath
import math
import re
import zlib
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

from workbench.verify.formula.algebra import Value
from workbench.verify.formula.parse import Tree

_CONSTANTS = {"pi": math.pi, "e": math.e, "i": 1j}
_FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "asin": cmath.asin, "acos": cmath.acos, "atan": cmath.atan,
    "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh, "exp": cmath.exp, "abs": abs, "log10": cmath.log10,
    "ln": cmath.log, "cot": lambda z: 1 / cmath.tan(z), "sec": lambda z: 1 / cmath.cos(z),
    "csc": lambda z: 1 / cmath.sin(z), "coth": lambda z: 1 / cmath.tanh(z),
}  # fmt: skip


def approximate(tree: Tree, point: int = 0) -> complex | None:
    """The value of a tree, None where it has none in floating point.

    Unknowns take positive values fixed by their name and `point`, so two trees are compared at the same place.
    """
    try:
        value = _value(tree, point)
    except (ArithmeticError, ValueError, TypeError):
        return None
    return value if cmath.isfinite(value) else None


def _value(tree: Tree, point: int) -> complex:
    kind = tree[0]
    if kind == "num":
        return complex(float(tree[1]))
    if kind == "sym":
        if tree[1] in _CONSTANTS:
            return complex(_CONSTANTS[tree[1]])
        return complex(0.3 + zlib.crc32(f"{tree[1]}/{point}".encode()) / 2**32 * 2.4)
    values = [_value(t, point) for t in tree[1:] if isinstance(t, tuple)]
    if kind == "neg":
        return -values[0]
    if kind == "add":
        return sum(values)
    if kind == "mul":
        return math.prod(values)
    if kind == "div":
        return values[0] / values[1]
    if kind == "pow":
        return values[0] ** values[1]
    if kind == "root":
        base, index = values
        if base.imag == 0 and base.real < 0 and index.imag == 0 and index.real % 2 == 1:
            return complex(-((-base.real) ** (1 / index.real)))
        return base ** (1 / index)
    if kind == "pct":
        return values[0] / 100
    if kind == "deg":
        return values[0] * math.pi / 180
    name = tree[1]
    if name == "log":
        return cmath.log(values[0]) / (cmath.log(values[1]) if len(values) > 1 else 1)
    if name == "factorial":
        return complex(math.gamma(values[0].real + 1))
    if name == "binomial":
        n, k = values[0].real, values[1].real
        return complex(math.gamma(n + 1) / math.gamma(k + 1) / math.gamma(n - k + 1))
    if name in ("floor", "ceiling"):
        nearest = round(values[0].real)
        if abs(values[0].real - nearest) < 1e-9:
            return complex(nearest)
        return complex(math.floor(values[0].real) if name == "floor" else math.ceil(values[0].real))
    if name in ("max", "min"):
        return complex({"max": max, "min": min}[name](v.real for v in values))
    return complex(_FUNCTIONS[name](values[0])) if name in _FUNCTIONS else complex("nan")


def relatively_near(a: Fraction, b: Fraction, relative: Fraction) -> bool:
    """Like `near`, for numbers of any size."""
    return abs(a - b) <= max(relative * max(abs(a), abs(b)), Fraction(1, 10**14))


def near(a: complex, b: complex, relative: float = 1e-9) -> bool:
    return abs(a - b) <= relative * max(abs(a), abs(b), 1e-300) or abs(a - b) < 1e-14


def maybe_equal(a: Tree, b: Tree) -> bool:
    """False where floating point proves the two different at one of a few points; True means nothing was found.

    A value that overflows everywhere beside one that never does is different too.
    """
    seen = lone = 0
    for point in range(6):
        one, two = approximate(a, point), approximate(b, point)
        if one is None or two is None:
            lone += (one is None) != (two is None)
            continue
        if not near(one, two, 1e-7):
            return False
        seen += 1
        if seen == 3:
            break
    return seen > 0 or lone == 0


def real(tree: Tree, value: Value | None = None) -> Fraction | None:
    """The real number a constant tree stands for: exact where it is rational, else from its floating-point value."""
    if value is not None and value.rational is not None:
        return value.rational
    approximation = approximate(tree)
    if approximation is None or abs(approximation.imag) > 1e-9 * max(1.0, abs(approximation)):
        return None
    return Fraction(approximation.real)


_DECIMAL = re.compile(r"^\s*[-+]?\s*(\d[\d,]*|)(?:\.(\d+))?\s*(?:%|\\deg)?\s*$", re.I)
_SCIENTIFIC = re.compile(
    r"^\s*([-+]?\s*\d+(?:\.\d+)?)\s*(?:e|(?:\\times|\\cdot|\*)\s*10\s*(?:\^|\*\*)\s*)"
    r"\{?\s*([-+]?\d{1,4})\s*\}?\s*%?\s*$",
    re.I,
)


def decimals(text: str) -> int | None:
    """Decimal places of a number as written, negative where it ends before the point (`6.02 \\times 10^{23}`).

    None for any other writing: a fraction, a root.
    """
    scientific = _SCIENTIFIC.match(text)
    if scientific:
        return len(scientific[1].partition(".")[2]) - int(scientific[2])
    match = _DECIMAL.match(text)
    return len(match[2] or "") if match and (match[1] or match[2]) else None


def significant(text: str) -> int:
    """Significant digits of a number as written."""
    scientific = _SCIENTIFIC.match(text)
    return len(re.sub(r"\D", "", scientific[1] if scientific else text).lstrip("0"))


def rounded(value: Fraction, places: int) -> Decimal | None:
    """`value` rounded half up to decimal places, None where that takes too many digits."""
    try:
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    except InvalidOperation:
        return None


def terminates(value: Fraction) -> bool:
    """Whether a rational number has a finite decimal form."""
    d = value.denominator
    for p in (2, 5):
        while d % p == 0:
            d //= p
    return d == 1
