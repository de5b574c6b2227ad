"""Is the answer the gold? Cheap exact rules first, stated closeness next, symbolic work by call-back last."""

from dataclasses import replace

from workbench.verify.compare.chains import is_constant, solution, states
from workbench.verify.compare.labels import is_call, named, same_label
from workbench.verify.compare.lists import matching, same_list
from workbench.verify.compare.replies import reply
from workbench.verify.compare.scalars import Settings, same_scalar
from workbench.verify.formula.algebra import Value, exact, primitive
from workbench.verify.normalize.latex import NO_SOLUTION, dense, text_key
from workbench.verify.read.conditions import complement
from workbench.verify.read.intervals import as_interval
from workbench.verify.read.items import (
    Cases,
    Choice,
    Group,
    Interval,
    Item,
    Matrix,
    Multi,
    Piece,
    Relation,
    Scalar,
    Words,
)
from workbench.verify.read.reader import read_one


def equal(gold: Item, answer: Item, s: Settings) -> bool:
    """Whether `answer` is `gold` under the settings. Raises TooBig and whatever `s.symbolic` raises."""
    if isinstance(gold, Multi) or isinstance(answer, Multi):
        return same_list(gold, answer, s, equal)
    if isinstance(s.tolerance, tuple):
        s = replace(s, tolerance=s.tolerance[0] if s.tolerance else None)
    if isinstance(gold, Scalar) and isinstance(answer, Scalar):
        return same_scalar(gold, answer, s)
    if not isinstance(gold, Choice) and not isinstance(answer, Choice) and dense(gold.text) == dense(answer.text):
        return True
    if isinstance(answer, Relation) and not isinstance(gold, Relation):
        return _value_of(gold, answer, s)
    match gold:
        case Choice():
            return isinstance(answer, Choice) and gold.letters == answer.letters
        case Scalar():
            return _unwrap(gold, answer, s)
        case Relation():
            return _relation(gold, answer, s)
        case Interval():
            return _interval(gold, answer, s)
        case Group():
            return _group(gold, answer, s)
        case Cases():
            return isinstance(answer, Cases) and _cases(gold, answer, s)
        case Matrix():
            return (isinstance(answer, Matrix) and _rows(gold, answer, s)) or _vector(gold, answer, s)
        case Words():
            return _words(gold, answer)
    return False


def _value_of(gold: Item, answer: Relation, s: Settings) -> bool:
    """`x = 5` for 5: what a chain of = or ≈ comes to, if it holds."""
    if isinstance(gold, Scalar) and gold.type == "number":
        return states(gold, answer, s)
    *names, last = answer.sides
    named_only = set(answer.ops) <= {"=", "~"} and answer.ops[-1] == "=" and not any(map(is_constant, names))
    return named_only and equal(gold, read_one(last.text), s)


def _unwrap(gold: Scalar, answer: Item, s: Settings) -> bool:
    """{5} or (5) for 5."""
    return isinstance(answer, Group) and len(answer.items) == 1 and equal(gold, answer.items[0], s)


def _relation(gold: Relation, answer: Item, s: Settings) -> bool:
    if len(gold.sides) > 1 and all(is_constant(side) for side in gold.sides) and set(gold.ops) <= {"=", "~"}:
        # An exact gold with its decimal, `\\frac{1}{3} \\approx 0.333`: either is what was asked.
        return any(equal(side, answer, s) for side in gold.sides)
    own = named(gold)
    if not isinstance(answer, Relation):
        # A bare value for `x = value`: the name says nothing new.
        return own is not None and equal(own.value, answer, s)
    if gold.type == "interval" or answer.type == "interval" or "!=" in gold.ops + answer.ops:
        return _chain(gold, answer, s)
    other = named(answer)
    if own and other and same_label(own.label, other.label):
        return equal(own.value, other.value, s)
    if any(name and is_call(name.label) for name in (own, other)):
        return False  # f(2) = 6 would be read as 2f = 6
    return _equation(gold, answer, s)


_FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!=", "~": "~"}


def _chain(gold: Relation, answer: Relation, s: Settings) -> bool:
    def same(sides: tuple[Scalar, ...], ops: tuple[str, ...]) -> bool:
        return ops == gold.ops and all(same_scalar(g, a, s) for g, a in zip(gold.sides, sides, strict=True))

    backwards = tuple(_FLIP[o] for o in reversed(answer.ops))
    return same(answer.sides, answer.ops) or same(answer.sides[::-1], backwards)


def _equation(gold: Relation, answer: Relation, s: Settings) -> bool:
    """Side by side in either order, or one difference of sides a constant multiple of the other's.

    A solved equation is met by the solution alone, not by an equation that still has to be solved.
    """
    solved = solution(gold)
    if solved:
        given = solution(answer)
        return given is not None and given[0] == solved[0] and same_scalar(solved[1], given[1], s)
    if len(gold.sides) == len(answer.sides) == 2:
        for sides in (answer.sides, answer.sides[::-1]):
            if all(same_scalar(g, a, s) for g, a in zip(gold.sides, sides, strict=True)):
                return True
    trees = [side.tree for r in (gold, answer) for side in (r.sides[0], r.sides[-1])]
    if any(t is None for t in trees):
        return False
    values = [exact(t) for t in trees if t is not None]
    if any(v is None for v in values):
        return False
    g1, g2, a1, a2 = (v for v in values if v is not None)
    one, two = g1 - g2, a1 - a2
    if not one.top or not two.top:
        return False  # identities hold for every value: only their writing counts
    first, second = primitive(one.top), primitive(two.top)
    lead = min(first)
    if lead not in second:
        return False
    factor = Value({(): first[lead] / second[lead]})
    return bool(Value(first).same(Value(second) * factor))


def _interval(gold: Interval, answer: Item, s: Settings) -> bool:
    other = as_interval(answer) if isinstance(answer, Group) else answer
    if isinstance(other, Interval) and gold.solved and not other.solved:
        return False
    if not isinstance(other, Interval) or len(other.pieces) != len(gold.pieces):
        return False
    if gold.name and other.name and gold.name != other.name:
        return False
    left = list(other.pieces)
    for piece in gold.pieces:
        found = next((i for i, p in enumerate(left) if _piece(piece, p, s)), None)
        if found is None:
            return False
        del left[found]
    return True


def _piece(gold: Piece, answer: Piece, s: Settings) -> bool:
    if (gold.low_closed, gold.high_closed) != (answer.low_closed, answer.high_closed):
        return False
    for g, a in ((gold.low, answer.low), (gold.high, answer.high)):
        if (g is None) != (a is None) or (g is not None and a is not None and not same_scalar(g, a, s)):
            return False
    return True


def _group(gold: Group, answer: Item, s: Settings) -> bool:
    if isinstance(answer, Group):
        if len(gold.items) != len(answer.items):
            return False
        if gold.brackets == "{}":
            return answer.brackets in ("{}", "()") and matching(gold.items, answer.items, s, equal)
        if gold.brackets == "::" and answer.brackets == "::":
            return _ratio(gold, answer, s)
        same = gold.brackets == answer.brackets
        return same and all(equal(g, a, s) for g, a in zip(gold.items, answer.items, strict=True))
    if isinstance(answer, Interval):
        own = as_interval(gold)
        return own is not None and _interval(own, answer, s)
    if isinstance(answer, Matrix) and gold.brackets == "()":
        return _vector(answer, gold, s)
    if gold.brackets == "{}" and not gold.items:
        return isinstance(answer, Words) and answer.key == NO_SOLUTION
    if gold.brackets == "{}" and len(gold.items) == 1:
        return equal(gold.items[0], answer, s)
    return False


def _ratio(gold: Group, answer: Group, s: Settings) -> bool:
    """a:b:c is known up to a factor."""

    def over_first(group: Group) -> list[Item]:
        first = group.items[0]
        assert isinstance(first, Scalar) and first.tree is not None
        trees = [i.tree for i in group.items if isinstance(i, Scalar) and i.tree is not None]
        return [Scalar(group.text, ("div", t, first.tree)) for t in trees]

    golds, answers = over_first(gold), over_first(answer)
    return len(golds) == len(answers) and all(equal(g, a, s) for g, a in zip(golds, answers, strict=True))


def _vector(matrix: Matrix, other: Item, s: Settings) -> bool:
    """A matrix of one row or column is the tuple of its entries."""
    if not isinstance(other, Group) or other.brackets not in ("()", "[]") or min(map(len, matrix.rows), default=0) < 1:
        return False
    entries = matrix.rows[0] if len(matrix.rows) == 1 else tuple(row[0] for row in matrix.rows if len(row) == 1)
    return len(entries) == len(other.items) and all(equal(g, a, s) for g, a in zip(entries, other.items, strict=True))


def _cases(gold: Cases, answer: Cases, s: Settings) -> bool:
    """Branch by branch in any order; "otherwise" is what the other conditions leave."""
    rest = _conditions(answer)
    for value, when in _conditions(gold):
        at = next((i for i, (v, w) in enumerate(rest) if _same_condition(when, w, s) and equal(value, v, s)), None)
        if at is None:
            return False
        del rest[at]
    return not rest


def _conditions(cases: Cases) -> list[tuple[Item, Item | None]]:
    stated = [when for _, when in cases.branches if isinstance(when, Interval)]
    if len(stated) != len(cases.branches) - 1:
        return list(cases.branches)
    return [(value, when or complement(stated)) for value, when in cases.branches]


def _same_condition(gold: Item | None, answer: Item | None, s: Settings) -> bool:
    return gold is answer if gold is None or answer is None else equal(gold, answer, s)


def _rows(gold: Matrix, answer: Matrix, s: Settings) -> bool:
    if [len(r) for r in gold.rows] != [len(r) for r in answer.rows]:
        return False
    return all(
        equal(g, a, s) for gr, ar in zip(gold.rows, answer.rows, strict=True) for g, a in zip(gr, ar, strict=True)
    )


def _words(gold: Words, answer: Item) -> bool:
    if isinstance(answer, (Choice, Multi)) or not gold.key:
        return False
    if isinstance(answer, Group) and answer.brackets == "{}" and not answer.items:
        return gold.key == NO_SOLUTION
    if gold.key in ("yes", "no"):
        return reply(answer.text) == gold.key
    return gold.key == (answer.key if isinstance(answer, Words) else text_key(answer.text))
