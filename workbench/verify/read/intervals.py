"""Inequalities in one unknown as intervals: `-3 < 2x + 1 <= 5`, `|x| > 1`, `x != 0`, unions, all reals but some."""

import re
from dataclasses import replace
from fractions import Fraction

from workbench.verify.formula.algebra import ONE, exact
from workbench.verify.formula.numeric import real
from workbench.verify.formula.parse import Tree
from workbench.verify.formula.tokens import TooBig
from workbench.verify.read.items import Group, Interval, Item, Piece, Relation, Scalar, has_symbols

_ALL_REALS = re.compile(
    r"^(?:[a-zA-Z]\s*\\in\s*)?\\R$|^(?:the set of )?(?:all|any|every) reals?(?: numbers?| values?)?"
    r"(?: (?:of )?[a-z])?$|^[a-z] (?:is|can be) (?:all|any) real(?: numbers?)?$",
    re.I,
)
_BUT = re.compile(r"^(?:[a-zA-Z]\s*\\in\s*)?\\R\s*(?:\\setminus|\\backslash|\\smallsetminus|-)\s*\\\{(.*)\\\}$", re.S)
EVERYTHING = Piece(None, False, None, False)


def all_reals(text: str) -> Interval | None:
    """The whole line, by its sign or in words."""
    return Interval(text, (EVERYTHING,)) if _ALL_REALS.match(text) else None


def excluded(text: str) -> str | None:
    """What `\\R \\setminus \\{…\\}` leaves out, as text."""
    match = _BUT.match(text)
    return match[1] if match else None


def all_but(points: list[Scalar], text: str, name: str | None = None) -> Interval | None:
    """The line without some points, None where they are no real numbers."""
    values = [real(p.tree, exact(p.tree)) if p.tree is not None and not has_symbols(p.tree) else None for p in points]
    if any(v is None for v in values):
        return None
    ends = [p for _, p in sorted(zip(values, points, strict=True), key=lambda pair: pair[0] or 0)]
    pieces = (Piece(a, False, b, False) for a, b in zip([None, *ends], [*ends, None], strict=True))
    return Interval(text, tuple(pieces), name)


def point(value: Scalar) -> Piece:
    """One number as a piece."""
    return Piece(value, True, value, True)


def of_relation(relation: Relation) -> Interval | None:
    """The interval of a relation whose unknown is one symbol, to the first power, beside numbers; else None."""
    ops, sides = relation.ops, relation.sides
    if any(s.tree is None for s in sides) or not set(ops) <= {"<", "<=", ">", ">=", "!="} or len(ops) > 2:
        return None
    if "!=" in ops and len(ops) > 1:
        return None
    if any(o[0] == ">" for o in ops):
        if not all(o[0] == ">" for o in ops):
            return None
        ops, sides = tuple("<" + o[1:] for o in reversed(ops)), tuple(reversed(sides))
    names = [i for i, s in enumerate(sides) if s.type == "expression"]
    if len(sides) == 3 and names != [1]:
        return None
    if len(names) == 2:
        moved = Scalar("", ("add", sides[0].tree, ("neg", sides[1].tree)))
        sides, names = (moved, Scalar("0", ("num", "0"))), [0]
    if len(names) != 1:
        return None
    at = names[0]
    core = sides[at].tree
    assert core is not None
    low, high = (sides[at - 1] if at > 0 else None), (sides[at + 1] if at + 1 < len(sides) else None)
    inside = core[2] if core[0] == "fn" and core[1] == "abs" else None
    line = _linear(inside or core)
    if line is None:
        return None
    name, slope, offset = line
    solved = core == ("sym", name)
    if ops == ("!=",):
        end = low or high
        rest = None if inside or end is None else all_but([_isolated(end, slope, offset)], relation.text, name)
        return rest and replace(rest, solved=solved)
    if inside is not None:
        return _absolute(relation, low, high, ops[0], line)
    ends = [_finite(low), _finite(high)]
    closed = [
        ends[0] is not None and at > 0 and ops[at - 1] == "<=",
        ends[1] is not None and at < len(ops) and ops[at] == "<=",
    ]
    bounds = [end and _isolated(end, slope, offset) for end in ends]
    if slope < 0:
        bounds.reverse()
        closed.reverse()
    return Interval(relation.text, (Piece(bounds[0], closed[0], bounds[1], closed[1]),), name, solved)


def _absolute(
    relation: Relation, low: Scalar | None, high: Scalar | None, op: str, line: tuple[str, Fraction, Fraction]
) -> Interval | None:
    """|u| < c is -c < u < c, |u| > c is the rest; c > 0."""
    name, slope, offset = line
    bound = low or high
    if bound is None or bound.tree is None or (low is not None and high is not None):
        return None
    size = real(bound.tree, exact(bound.tree))
    if size is None or size <= 0:
        return None
    ends = [_isolated(replace(bound, tree=t, text=""), slope, offset) for t in (("neg", bound.tree), bound.tree)]
    a, b = ends if slope > 0 else ends[::-1]
    closed = op == "<="
    if high is not None:
        return Interval(relation.text, (Piece(a, closed, b, closed),), name, solved=False)
    return Interval(relation.text, (Piece(None, False, a, closed), Piece(b, closed, None, False)), name, solved=False)


def _linear(tree: Tree) -> tuple[str, Fraction, Fraction] | None:
    """(name, slope, offset) of slope·name + offset with rational numbers, None for any other form."""
    try:
        value = exact(tree)
    except TooBig:
        return None
    if value is None:
        return None
    names = value.symbols
    if value.opaque or value.bottom != ONE or len(names) != 1:
        return None
    (name,) = names
    unknown = ((name, Fraction(1)),)
    if set(value.top) - {(), unknown}:
        return None
    return name, value.top[unknown], value.top.get((), Fraction(0))


def _isolated(end: Scalar, slope: Fraction, offset: Fraction) -> Scalar:
    if slope == 1 and offset == 0:
        return end
    top: Tree = ("add", end.tree, ("neg", _number(offset)))
    return Scalar("", ("div", top, _number(slope)))


def _number(value: Fraction) -> Tree:
    size: Tree = ("div", ("num", str(abs(value.numerator))), ("num", str(value.denominator)))
    return ("neg", size) if value < 0 else size


def _finite(end: Scalar | None) -> Scalar | None:
    if end is None or end.tree is None or end.tree in (("sym", "infty"), ("neg", ("sym", "infty"))):
        return None
    return end


def as_interval(group: Group) -> Interval | None:
    """A pair read as an interval: (1, 2), [0, ∞)."""
    if len(group.items) != 2 or not all(isinstance(i, Scalar) for i in group.items) or group.brackets in ("{}", "::"):
        return None
    low, high = (i for i in group.items if isinstance(i, Scalar))
    a, b = _finite(low), _finite(high)
    piece = Piece(a, group.brackets[0] == "[" and a is not None, b, group.brackets[1] == "]" and b is not None)
    return Interval(group.text, (piece,))


def union(items: list[Item], text: str) -> Interval | None:
    """Intervals, pairs and sets of points as one set of numbers, None where an item is none of these."""
    pieces: list[Piece] = []
    name = None
    solved = True
    for item in items:
        if isinstance(item, Group) and item.brackets == "{}":
            if not all(isinstance(i, Scalar) for i in item.items):
                return None
            pieces.extend(point(i) for i in item.items if isinstance(i, Scalar))
            continue
        if isinstance(item, Relation) and item.ops == ("=",) and item.sides[0].type == "expression":
            name = name or item.sides[0].text
            pieces.append(point(item.sides[1]))
            continue
        interval = as_interval(item) if isinstance(item, Group) else item
        if not isinstance(interval, Interval):
            return None
        pieces.extend(interval.pieces)
        name = name or interval.name
        solved = solved and interval.solved
    return Interval(text, tuple(pieces), name, solved)
