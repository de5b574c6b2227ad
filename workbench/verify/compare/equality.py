"""Is the answer the gold? Cheap exact rules first, stated closeness next, symbolic work by call-back last."""

from collections.abc import Sequence
from dataclasses import replace

from workbench.verify.compare.chains import is_constant, solution, states
from workbench.verify.compare.replies import reply
from workbench.verify.compare.scalars import Settings, same_scalar
from workbench.verify.formula.algebra import Value, exact, primitive
from workbench.verify.formula.parse import Tree
from workbench.verify.normalize.latex import NO_SOLUTION, dense, text_key
from workbench.verify.read.intervals import as_interval
from workbench.verify.read.items import (
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
    has_symbols,
)
from workbench.verify.read.reader import read_one


def equal(gold: Item, answer: Item, s: Settings) -> bool:
    """Whether `answer` is `gold` under the settings. Raises TooBig and whatever `s.symbolic` raises."""
    if isinstance(gold, Multi) or isinstance(answer, Multi):
        return _blanks(gold, answer, s)
    if isinstance(s.tolerance, tuple):
        s = replace(s, tolerance=s.tolerance[0] if s.tolerance else None)
    if not isinstance(gold, Choice) and not isinstance(answer, Choice) and dense(gold.text) == dense(answer.text):
        return not isinstance(gold, Scalar) or not isinstance(answer, Scalar) or same_scalar(gold, answer, s)
    if isinstance(answer, Relation) and not isinstance(gold, Relation):
        return _value_of(gold, answer, s)
    match gold:
        case Choice():
            return isinstance(answer, Choice) and gold.letters == answer.letters
        case Scalar():
            return (isinstance(answer, Scalar) and same_scalar(gold, answer, s)) or _unwrap(gold, answer, s)
        case Relation():
            return _relation(gold, answer, s)
        case Interval():
            return _interval(gold, answer, s)
        case Group():
            return _group(gold, answer, s)
        case Matrix():
            return (isinstance(answer, Matrix) and _rows(gold, answer, s)) or _vector(gold, answer, s)
        case Words():
            return _words(gold, answer)
    return False


def _blanks(gold: Item, answer: Item, s: Settings) -> bool:
    golds = list(gold.items) if isinstance(gold, Multi) else [gold]
    answers = list(answer.items) if isinstance(answer, Multi) else [answer]
    named, given = _values_by_name(golds), _values_by_name(answers)
    if named and given and set(named) == set(given):
        return all(same_scalar(named[name], given[name], s) for name in named)
    if given and len(golds) == 1 and isinstance(golds[0], Group) and golds[0].brackets == "()":
        return equal(golds[0], Group("", "()", tuple(given[name] for name in _in_custom(list(given)))), s)
    if len(answers) == 1 and len(golds) > 1 and isinstance(answers[0], Group) and answers[0].brackets in ("()", "{}"):
        answers = list(answers[0].items)
    if len(golds) == 1 and isinstance(golds[0], Group) and len(answers) == len(golds[0].items) and len(answers) > 1:
        if golds[0].brackets == "()" and len(answers) > 2:  # two numbers may be an interval's ends
            return all(equal(g, a, s) for g, a in zip(golds[0].items, answers, strict=True))
        return golds[0].brackets == "{}" and _matching(golds[0].items, answers, s)
    if len(golds) != len(answers):
        return False
    if (isinstance(gold, Multi) and gold.free) or s.profile.free_order:
        return _matching(golds, answers, s)
    if isinstance(s.tolerance, tuple) and len(s.tolerance) == len(golds):
        each = [replace(s, tolerance=t) for t in s.tolerance]
    else:
        each = [s] * len(golds)
    return all(equal(g, a, one) for g, a, one in zip(golds, answers, each, strict=True))


def _values_by_name(items: Sequence[Item]) -> dict[str, Scalar]:
    """{name: value} of "p = 2", "q = 3"; empty where an item is no such equation or a name comes twice."""
    found: dict[str, Scalar] = {}
    for item in items:
        if not isinstance(item, Relation) or item.ops != ("=",) or item.sides[0].tree is None:
            return {}
        if item.sides[0].tree[0] != "sym" or item.sides[0].tree[1] in found:
            return {}
        found[item.sides[0].tree[1]] = item.sides[1]
    return found if len(found) > 1 else {}


def _in_custom(names: list[str]) -> list[str]:
    """The order in which a tuple lists these unknowns: x before y, otherwise as given."""
    custom = any(set(names) <= set(family) for family in ("abcd", "xyzw", "pqrst", "mn", "uvw", "ijk"))
    return sorted(names, key="abcdijkmnpqrstuvwxyz".index) if custom else names


def _matching(golds: Sequence[Item], answers: Sequence[Item], s: Settings) -> bool:
    """Every gold has its own answer. Equality is transitive but for closeness, so taking the first match is enough."""
    left = list(answers)
    if len(left) != len(golds):
        return False
    for gold in golds:
        found = next((i for i, a in enumerate(left) if equal(gold, a, s)), None)
        if found is None:
            return False
        del left[found]
    return True


def _value_of(gold: Item, answer: Relation, s: Settings) -> bool:
    """`x = 5` for 5: what a chain of = or ≈ comes to, if it holds."""
    if isinstance(gold, Scalar) and gold.type == "number":
        return states(gold, answer, s)
    last = answer.sides[-1]
    return set(answer.ops) <= {"=", "~"} and answer.ops[-1] == "=" and equal(gold, read_one(last.text), s)


def _unwrap(gold: Scalar, answer: Item, s: Settings) -> bool:
    """{5} or (5) for 5."""
    return isinstance(answer, Group) and len(answer.items) == 1 and equal(gold, answer.items[0], s)


def _relation(gold: Relation, answer: Item, s: Settings) -> bool:
    if len(gold.sides) > 1 and all(is_constant(side) for side in gold.sides) and set(gold.ops) <= {"=", "~"}:
        # An exact gold with its decimal, `\\frac{1}{3} \\approx 0.333`: either is what was asked.
        return any(equal(side, answer, s) for side in gold.sides)
    if isinstance(answer, Relation):
        if gold.type == "interval" or answer.type == "interval" or "!=" in gold.ops + answer.ops:
            return _chain(gold, answer, s)
        return _equation(gold, answer, s)
    # A bare value for `x = value`: the name says nothing new.
    if gold.ops == ("=",) and isinstance(answer, Scalar):
        for name, value in (gold.sides, gold.sides[::-1]):
            if name.tree is None or (name.tree[0] in ("sym", "mul") and has_symbols(name.tree)):
                if name.tree is not None and name.tree[0] == "mul" and not _is_function(name.tree):
                    continue
                return same_scalar(value, answer, s)
    return False


def _is_function(tree: Tree) -> bool:
    return len(tree) == 3 and tree[1][0] == tree[2][0] == "sym"  # f(x) is read as f·x


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
            return answer.brackets in ("{}", "()") and _matching(gold.items, answer.items, s)
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
