"""Golds of every type with the value each stands for, and responses that try to be right for several of them."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from workbench.verify import Pair, Verdict, Verifier


@dataclass(frozen=True)
class Gold:
    """A gold's text, and its value, worked out when it was written and not by the verifier: golds of one value have
    equal keys. `number` is its size where it is a number."""

    text: str
    key: tuple[Any, ...]
    number: float | None = None


def _number(text: str, value: Fraction | float) -> Gold:
    return Gold(text, ("number", round(float(value), 9)), float(value))


def integer(r: random.Random) -> Gold:
    value = r.choice([0, 1, 2, 3, 5, 7, 12, 15, 24, 36, 48, 100, 120, 144, 1234]) * r.choice([1, 1, -1])
    return _number(str(value), value)


def decimal(r: random.Random) -> Gold:
    places = r.choice([1, 2, 3])
    value = Fraction(r.randint(1, 5000), 10**places)
    return _number(f"{float(value):.{places}f}", value)


def fraction(r: random.Random) -> Gold:
    value = Fraction(r.randint(1, 12), r.randint(2, 12))
    return _number(f"\\frac{{{value.numerator}}}{{{value.denominator}}}", value)


def surd(r: random.Random) -> Gold:
    a, b = r.randint(2, 9), r.choice([2, 3, 5, 7])
    return _number(f"{a}\\sqrt{{{b}}}", a * math.sqrt(b))


def angle(r: random.Random) -> Gold:
    a, b = r.choice([1, 2, 3, 5]), r.choice([2, 3, 4, 6])
    return _number(f"\\frac{{{a}\\pi}}{{{b}}}", a * math.pi / b)


def equation(r: random.Random) -> Gold:
    value = r.randint(-9, 20)
    return _number(f"x={value}", value)


def interval(r: random.Random) -> Gold:
    low = r.randint(-9, 9)
    high = low + r.randint(1, 9)
    return Gold(f"({low},{high})", ("several", low, high))  # the pair is also a list


def closed_interval(r: random.Random) -> Gold:
    low = r.randint(-9, 9)
    high = low + r.randint(1, 9)
    return Gold(f"[{low},{high}]", ("closed", low, high))


def inequality(r: random.Random) -> Gold:
    bound, sign = r.randint(-9, 9), r.choice([">", "<", "\\ge ", "\\le "])
    return Gold(f"x{sign}{bound}", ("half-line", sign, bound))


def several(r: random.Random) -> Gold:
    values = r.sample(range(-9, 30), r.choice([2, 3]))
    return Gold(",".join(map(str, values)), ("several", *sorted(values)))


def linear(r: random.Random) -> Gold:
    a, b = r.randint(2, 9), r.randint(1, 9)
    return Gold(f"{a}x+{b}", ("linear", a, b))


def line(r: random.Random) -> Gold:
    a, b = r.randint(2, 9), r.randint(1, 9)
    return Gold(f"y={a}x+{b}", ("linear", a, b))


def word(r: random.Random) -> Gold:
    text = r.choice(["yes", "no", "increasing", "decreasing", "north", "south", "parallel", "isosceles", "rhombus"])
    return Gold(text, ("word", text))


def symbol(r: random.Random) -> Gold:
    text = r.choice(["AaBb", "AABB", "aabb", "mA", "MA", "H_2O", "CO_2", "CO"])
    return Gold(text, ("symbol", text))


def percent(r: random.Random) -> Gold:
    value = r.randint(1, 150)
    return Gold(f"{value}\\%", ("number", value / 100), value / 100)


def clock(r: random.Random) -> Gold:
    hour, minute, half = r.randint(1, 12), r.choice([0, 5, 15, 30, 45]), r.choice(["a.m.", "p.m."])
    return Gold(f"{hour}:{minute:02d} {half}", ("clock", hour, minute, half))


def chinese(r: random.Random) -> Gold:
    value = r.randint(1, 9)
    return _number(f"{'零一二三四五六七八九'[value]}", value)


LENGTHS = {"mm": Fraction(1, 1000), "cm": Fraction(1, 100), "m": Fraction(1), "km": Fraction(1000)}
SPANS = {"s": Fraction(1), "min": Fraction(60), "hours": Fraction(3600)}


def quantity(r: random.Random) -> Gold:
    measure, table = r.choice([("length", LENGTHS), ("time", SPANS)])
    unit = r.choice(list(table))
    value = r.choice([1, 2, 3, 5, 6, 10, 12, 60, 100, 120, 1000, 3600])
    return Gold(f"{value} {unit}", (measure, value * table[unit]))


def infinite(r: random.Random) -> Gold:
    sign = r.choice(["", "-"])
    return Gold(f"{sign}\\infty", ("infinite", sign))


NUMBERS = [integer, decimal, fraction, surd, angle, equation]
KINDS = [*NUMBERS, integer, interval, closed_interval, inequality, several, linear, line, word, symbol, infinite]
KINDS += [percent, clock, chinese]

Join = Callable[[random.Random, list[str]], str]


def _join(separators: list[str]) -> Join:
    return lambda r, parts: r.choice(separators).join(parts)


JOINS: list[Join] = [
    _join([" = ", "=", " \\approx ", " ≈ ", " \\equiv "]),
    _join([" \\approx x = ", " = x = ", ", so x = "]),
    _join([", ", "; ", "、", " \\quad ", " \\text{ and } ", " and ", " & "]),
    _join([" or ", " \\text{ or } ", " / ", "/", " 或 ", " maybe ", " or perhaps ", " and/or "]),
    _join([" to ", "-", " \\sim ", "~", " \\pm ", "±", "..", " < x < ", " \\le x \\le "]),
    _join([" ", "  ", "\n", "\n\n", "\t", "\\,", "\\ ", "~", "**", "** **", "\\\\", "\u200b", "\u00a0", "{}", "_"]),
    _join([" (", " [", " $", "$ $", "} {", "}, \\boxed{", "} or \\boxed{", "}{", "\\phantom{", " % "]),
    _join([" is wrong, it is ", ", not ", " rather than ", ", wait, no: ", " wrong ", " \\ne "]),
    lambda r, parts: "\\begin{cases}" + " \\\\ ".join(parts) + "\\end{cases}",
    lambda r, parts: "(" + ", ".join(parts) + ")",
    lambda r, parts: "\\{" + ", ".join(parts) + "\\}",
    lambda r, parts: "\\cancel{" + parts[0] + "}" + " ".join(parts[1:]),
    lambda r, parts: "The area is " + " and the length is ".join(parts),
    lambda r, parts: "The maximum is " + ", the minimum is ".join(parts),
    lambda r, parts: "x = " + " \\text{ or } x = ".join(parts),
]
FRAMES = [
    "{}",
    "\\boxed{{{}}}",
    "The answer is {}.",
    "The answer is ${}$.",
    "**Answer:** {}",
    "So we get $\\boxed{{{}}}$.",
    "<think>I try.</think><answer>{}</answer>",
    "Thus the result is {} units.",
    "最终答案是{}。",
    "Final Answer: The final answer is ${}$. I hope it is correct.",
    "\\boxed{{{}}} \\boxed{{}}",
    "First \\boxed{{{}}}",
    "The answer is \\textbf{{{}}}",
]
BOXES = ["\\boxed{{{}}} and \\boxed{{{}}}", "\\boxed{{{}}}\n\\boxed{{{}}}", "\\boxed{{{}}}, or {}", "{} \\boxed{{{}}}"]


def related(golds: list[Gold], r: random.Random) -> Iterator[Gold]:
    """Values that careless reading makes of the golds: pushed together, added, negated, the ends of a range."""
    numbers = [g.number for g in golds if g.number is not None]
    whole = [int(n) for n in numbers if n == int(n) and n >= 0]
    if len(whole) > 1:
        yield _number("".join(map(str, whole)), int("".join(map(str, whole))))
        yield _number(f"{whole[0]}.{whole[1]}", float(f"{whole[0]}.{whole[1]}"))
        if len(set(whole)) == len(whole):
            yield Gold("; ".join(map(str, whole)), ("several", *sorted(whole)))
    if len(numbers) > 1:
        yield _number(f"{numbers[0] + numbers[1]:g}", float(f"{numbers[0] + numbers[1]:g}"))
        yield _number(f"{numbers[0] * numbers[1]:g}", float(f"{numbers[0] * numbers[1]:g}"))
    for n in numbers[:1]:
        yield _number(f"{-n:g}", float(f"{-n:g}"))
    if golds[0].key[0] not in ("length", "time"):
        yield r.choice(KINDS)(r)


def cases(seed: int, count: int) -> Iterator[tuple[str, list[Gold]]]:
    """(response, golds it might be meant for), `count` times."""
    r = random.Random(seed)
    for _ in range(count):
        pool = r.choices([NUMBERS, KINDS, [quantity]], [5, 4, 1])[0]  # a bare number is right for any unit of the gold
        golds = [r.choice(pool)(r) for _ in range(r.choice([2, 2, 2, 3]))]
        parts = [g.text for g in golds]
        if r.random() < 0.15:
            response = r.choice(BOXES).format(parts[0], parts[1])
        else:
            response = r.choice(FRAMES).format(r.choice(JOINS)(r, parts))
        yield response, [*golds, *related(golds, r)]


def differ(one: Gold, other: Gold) -> bool:
    """Whether two golds differ in value by more than any profile's tolerance (decimals, 1 %, percent signs)."""
    if one.key[0] == other.key[0] and one.key[0] in ("length", "time"):
        return one.key[1] / other.key[1] not in (1, 100, Fraction(1, 100))
    if one.number is None or other.number is None:
        return one.key != other.key
    sizes = (abs(one.number), abs(other.number))
    gap = abs(one.number - other.number)
    hundredfold = any(
        math.isclose(one.number, other.number * factor, rel_tol=0.02) for factor in (100, 0.01, 1e4, 1e-4)
    )
    return gap > 0.06 and gap > 0.02 * max(sizes) and not hundredfold


def right_for_two(verifier: Verifier, seed: int, count: int) -> list[tuple[str, str, str]]:
    """(response, gold, gold) wherever one response is right for two golds that differ."""
    faults = []
    for response, golds in cases(seed, count):
        judged = verifier.judge([Pair(gold.text, response) for gold in golds])
        accepted = [g for g, j in zip(golds, judged, strict=True) if j.verdict is Verdict.CORRECT]
        faults += [(response, a.text, b.text) for a, b in combinations(accepted, 2) if differ(a, b)]
    return faults
