"""Exact arithmetic on formulas: bounded fractions of polynomials over the rationals, roots, π and unknowns.

A monomial maps atoms to rational exponents, so `3√2·π·x²` is `3 · #2^(1/2) · pi^1 · x^2`. Exponents of prime atoms lie
in [0, 1), which makes the form of a constant unique: fractional powers of primes are linearly independent over the
rationals (Besicovitch 1940), and π, e and unknowns are treated as independent. Functions and powers that do not reduce
become opaque atoms named by their argument's form: equal names are equal values, other names prove nothing.
"""

from fractions import Fraction
from functools import lru_cache, reduce
from math import ceil, comb, factorial, floor, gcd, lcm

from workbench.verify.formula.parse import Tree
from workbench.verify.formula.tokens import OF_MANY, NotMath, TooBig

MAX_TERMS = 150
MAX_BITS = 60_000
MAX_WRITTEN_BITS = 8_000
MAX_FACTORIAL = 3_000
_TRIAL = 2_000

Mono = tuple[tuple[str, Fraction], ...]
Poly = dict[Mono, Fraction]
ONE: Poly = {(): Fraction(1)}


class Value:
    """A fraction `top / bottom` of polynomials. `opaque` says that unequal forms may still be equal values."""

    __slots__ = ("bottom", "opaque", "top")

    def __init__(self, top: Poly, bottom: Poly | None = None, opaque: bool = False):
        self.top = top
        self.bottom = ONE if bottom is None else bottom
        self.opaque = opaque

    @property
    def rational(self) -> Fraction | None:
        """The value where it is a rational number."""
        if self.bottom == ONE and not self.top:
            return Fraction(0)
        if self.bottom == ONE and len(self.top) == 1 and () in self.top:
            return self.top[()]
        return None

    @property
    def symbols(self) -> set[str]:
        """Atoms that are not numbers: unknowns and opaque ones."""
        return {a for poly in (self.top, self.bottom) for mono in poly for a, _ in mono if a[0] != "#" and a != "pi"}

    def __add__(self, other: "Value") -> "Value":
        opaque = self.opaque or other.opaque
        if self.bottom == other.bottom:
            return Value(_add(self.top, other.top), self.bottom, opaque)
        top = _add(_multiply(self.top, other.bottom), _multiply(other.top, self.bottom))
        return Value(top, _multiply(self.bottom, other.bottom), opaque)

    def __neg__(self) -> "Value":
        return Value({m: -c for m, c in self.top.items()}, self.bottom, self.opaque)

    def __sub__(self, other: "Value") -> "Value":
        return self + -other

    def __mul__(self, other: "Value") -> "Value":
        top = _multiply(self.top, other.top)
        return Value(top, _multiply(self.bottom, other.bottom), self.opaque or other.opaque)

    def __truediv__(self, other: "Value") -> "Value":
        if not other.top:
            raise NotMath("division by zero")
        opaque = self.opaque or other.opaque
        if len(other.top) == 1:
            ((mono, c),) = other.top.items()
            inverse = _term({a: -e for a, e in mono}, 1 / c)
            return Value(_multiply(_multiply(self.top, inverse), other.bottom), self.bottom, opaque)
        return Value(_multiply(self.top, other.bottom), _multiply(self.bottom, other.top), opaque)

    def same(self, other: "Value") -> bool | None:
        """True or False where the forms decide, None where an opaque atom leaves it open."""
        if _multiply(self.top, other.bottom) == _multiply(other.top, self.bottom):
            return True
        return None if self.opaque or other.opaque else False

    def key(self) -> str:
        """A name for the form."""
        return _name(self.top) if self.bottom == ONE else f"({_name(self.top)})/({_name(self.bottom)})"


def number(value: Fraction | int) -> Value:
    return Value({(): Fraction(value)} if value else {})


def symbol(name: str) -> Value:
    return Value({((name, Fraction(1)),): Fraction(1)})


def _written(value: Fraction) -> str:
    """The digits of a number that is named; Python itself refuses to write more than 4,300."""
    if value.numerator.bit_length() + value.denominator.bit_length() > MAX_WRITTEN_BITS:
        raise TooBig("number size")
    return str(value)


def _check(value: Fraction) -> Fraction:
    if value.numerator.bit_length() + value.denominator.bit_length() > MAX_BITS:
        raise TooBig("number size")
    return value


def _add(a: Poly, b: Poly) -> Poly:
    out = dict(a)
    for mono, c in b.items():
        total = out.get(mono, Fraction(0)) + c
        if total:
            out[mono] = _check(total)
        else:
            out.pop(mono, None)
    if len(out) > MAX_TERMS:
        raise TooBig("terms")
    return out


def _multiply(a: Poly, b: Poly) -> Poly:
    if a == ONE:
        return b
    if b == ONE:
        return a
    if len(a) * len(b) > MAX_TERMS * 10:
        raise TooBig("terms")
    out: Poly = {}
    for m1, c1 in a.items():
        for m2, c2 in b.items():
            exponents = dict(m1)
            for atom, e in m2:
                exponents[atom] = exponents.get(atom, Fraction(0)) + e
            out = _add(out, _term(exponents, c1 * c2))
    return out


def _term(exponents: dict[str, Fraction], c: Fraction) -> Poly:
    """One monomial with prime atoms' exponents brought into [0, 1)."""
    kept: list[tuple[str, Fraction]] = []
    for atom, e in sorted(exponents.items()):
        if atom == "i":
            if e.denominator == 1:
                c, e = c * (-1 if e.numerator % 4 in (2, 3) else 1), Fraction(e.numerator % 2)
        elif atom[0] == "#" and atom[1:].isdigit():
            whole = e.numerator // e.denominator
            if abs(whole) * int(atom[1:]).bit_length() > MAX_BITS:
                raise TooBig("number size")
            c, e = c * Fraction(int(atom[1:])) ** whole, e - whole
        if e:
            kept.append((atom, e))
    return {tuple(kept): _check(c)} if c else {}


def _name(poly: Poly) -> str:
    terms = (_written(c) + "".join(f"*{a}^{_written(e)}" for a, e in mono) for mono, c in poly.items())
    name = "+".join(sorted(terms)) or "0"
    if len(name) > 2_000:
        raise TooBig("terms")
    return name


def _factors(n: int) -> dict[int, int] | None:
    """Prime factors of n ≥ 1, None where trial division does not get there."""
    if n.bit_length() > 400:
        return None
    found: dict[int, int] = {}
    p = 2
    while p * p <= n and p <= _TRIAL:
        while n % p == 0:
            found[p] = found.get(p, 0) + 1
            n //= p
        p += 1 if p == 2 else 2
    if n > 1:
        if n > _TRIAL * _TRIAL:
            return None
        found[n] = found.get(n, 0) + 1
    return found


def power(base: Value, exponent: Value) -> Value:
    """base ** exponent; what does not reduce becomes an opaque atom."""
    e = exponent.rational
    if e is None:
        return _symbolic_power(base, exponent)
    if e.denominator == 1 and (len(base.top) != 1 or base.bottom != ONE):
        if abs(e.numerator) > 40:
            return _opaque(f"({base.key()})^{_written(e)}")
        if e < 0:
            base, e = number(1) / base, -e
        return reduce(lambda a, b: a * b, [base] * e.numerator, number(1))
    if base.rational == 0:
        if e <= 0:
            raise NotMath("zero to no positive power")
        return number(0)
    if base.bottom != ONE:
        return power(Value(base.top, None, base.opaque), exponent) / power(Value(base.bottom), exponent)
    if len(base.top) == 1:
        ((mono, c),) = base.top.items()
        if any(a == "i" for a, _ in mono) and e.denominator != 1:
            return _opaque(f"({base.key()})^{_written(e)}")
        root = _rational_power(c, e)
        return root * Value(_term({a: x * e for a, x in mono}, Fraction(1)), None, base.opaque)
    # The root of a sum: its rational content comes out, the rest is an atom.
    content = _content(base.top)
    primitive = {m: c / content for m, c in base.top.items()}
    inner = Value({((f"({_name(primitive)})", e),): Fraction(1)}, None, True)
    return _rational_power(content, e) * inner


def primitive(poly: Poly) -> Poly:
    """`poly` divided by the highest monomial of unknowns that divides it: `y - 9/x` becomes `xy - 9`."""
    lowest: dict[str, Fraction] = {}
    for atom in {a for mono in poly for a, _ in mono if not (a[0] == "#" and a[1:].isdigit())}:
        lowest[atom] = min(dict(mono).get(atom, Fraction(0)) for mono in poly)
    shift = _term({a: -e for a, e in lowest.items()}, Fraction(1))
    return _multiply(poly, shift)


def _content(poly: Poly) -> Fraction:
    top = reduce(gcd, (abs(c.numerator) for c in poly.values()))
    return Fraction(top, reduce(lcm, (c.denominator for c in poly.values())))


def _rational_power(c: Fraction, e: Fraction) -> Value:
    if e.denominator == 1:
        if abs(c) == 1:
            return number(1 if e.numerator % 2 == 0 else c)
        if abs(e.numerator) * max(c.numerator.bit_length(), c.denominator.bit_length()) > MAX_BITS:
            raise TooBig("number size")
        return number(c**e.numerator)
    sign = number(1)
    if c < 0:
        if e.denominator == 2:
            sign = Value(_term({"i": Fraction(e.numerator)}, Fraction(1)))
        elif e.numerator % 2:
            sign = number(-1)  # the real root of an odd index
        c = -c
    top, bottom = _factors(c.numerator), _factors(c.denominator)
    if top is None or bottom is None:
        return _opaque(f"{_written(c)}^{_written(e)}")
    exponents = {f"#{p}": n * e for p, n in top.items()} | {f"#{p}": -n * e for p, n in bottom.items()}
    return sign * Value(_term(exponents, Fraction(1)))


def _symbolic_power(base: Value, exponent: Value) -> Value:
    """b^(c₀ + Σ cᵢ·mᵢ) = b^c₀ · Π (b^mᵢ)^cᵢ, so 2^(n+1) = 2·2^n and 4^n = (2^n)^2 have one form."""
    turning = any(atom == "i" for mono in (*exponent.top, *base.top) for atom, _ in mono)
    if turning or exponent.bottom != ONE or base.bottom != ONE or len(base.top) != 1:
        return _opaque(f"({base.key()})^({exponent.key()})")
    ((mono, c),) = base.top.items()
    primes_top, primes_bottom = _factors(c.numerator) if c > 0 else None, _factors(c.denominator)
    if primes_top is None or primes_bottom is None:
        return _opaque(f"({base.key()})^({exponent.key()})")
    bases = {f"#{p}": Fraction(n) for p, n in primes_top.items()}
    bases |= {f"#{p}": Fraction(-n) for p, n in primes_bottom.items()}
    for atom, e in mono:
        bases[atom] = e
    exponents: dict[str, Fraction] = {}
    for m, k in exponent.top.items():
        tail = "".join(f"*{a}^{_written(e)}" for a, e in m)
        for atom, e in bases.items():
            name = f"{atom}^{tail}" if m else atom
            exponents[name] = exponents.get(name, Fraction(0)) + e * k
    return Value(_term(exponents, Fraction(1)), None, base.opaque or exponent.opaque)


def _opaque(name: str) -> Value:
    value = symbol("@" + name)
    value.opaque = True
    return value


def evaluate(tree: Tree) -> Value:
    """The exact form of a tree. Raises TooBig over a limit, NotMath where it has no value (a division by zero)."""
    kind = tree[0]
    if kind == "num":
        exponent = tree[1].lower().partition("e")[2]
        if exponent and abs(int(exponent)) > 4_000:
            raise TooBig("number size")
        return number(Fraction(tree[1]))
    if kind == "sym":
        return symbol(tree[1])
    if kind == "pct":
        return evaluate(tree[1]) * number(Fraction(1, 100))
    if kind == "deg":
        return evaluate(tree[1]) * symbol("pi") * number(Fraction(1, 180))
    if kind == "neg":
        return -evaluate(tree[1])
    if kind == "add":
        return reduce(lambda a, b: a + b, map(evaluate, tree[1:]))
    if kind == "mul":
        return reduce(lambda a, b: a * b, map(evaluate, tree[1:]))
    if kind == "div":
        return evaluate(tree[1]) / evaluate(tree[2])
    if kind == "pow":
        return power(evaluate(tree[1]), evaluate(tree[2]))
    if kind == "root":
        return power(evaluate(tree[1]), number(1) / evaluate(tree[2]))
    return _function(tree[1], [evaluate(t) for t in tree[2:]])


def _of_many(name: str, values: list[Value]) -> Value:
    numbers = [v.rational for v in values]
    known = [n for n in numbers if n is not None]
    if len(known) == len(values):
        if name in ("max", "min"):
            return number((max if name == "max" else min)(known))
        if all(n.denominator == 1 for n in known):
            return number(reduce(gcd if name == "gcd" else lcm, (n.numerator for n in known)))
    return _opaque(f"{name}({', '.join(sorted(v.key() for v in values))})")


def _function(name: str, values: list[Value]) -> Value:
    first = values[0].rational
    if name == "abs" and first is not None:
        return number(abs(first))
    if name in ("floor", "ceiling") and first is not None:
        return number(floor(first) if name == "floor" else ceil(first))
    if name in OF_MANY:
        return _of_many(name, values)
    if name == "factorial" and first is not None and first.denominator == 1 and 0 <= first <= MAX_FACTORIAL:
        return number(factorial(first.numerator))
    if name == "binomial" and len(values) == 2:
        k = values[1].rational
        if first is not None and k is not None and first.denominator == k.denominator == 1 and 0 <= k <= first <= 500:
            return number(comb(first.numerator, k.numerator))
    if name == "exp":
        return power(symbol("e"), values[0])
    if name == "ln" or (name == "log" and len(values) == 1):
        name = "log"
    if name == "log10":
        name, values = "log", [values[0], number(10)]
    return _opaque(f"{name}({', '.join(v.key() for v in values)})")


@lru_cache(maxsize=4096)
def exact(tree: Tree) -> Value | None:
    """The exact form, None where it has none: a division by zero, arithmetic with infinity."""
    if _is_beyond_numbers(tree):
        return None
    try:
        return evaluate(tree)
    except NotMath:
        return None


def _is_beyond_numbers(tree: Tree) -> bool:
    """Whether infinity occurs inside: 0·∞ and ∞ − ∞ have no value, and ∞ + 1 is not written."""
    branches = [branch for branch in tree[1:] if isinstance(branch, tuple)]
    if tree[0] == "neg" and branches == [("sym", "infty")]:
        return False
    return any(branch == ("sym", "infty") or _is_beyond_numbers(branch) for branch in branches)
