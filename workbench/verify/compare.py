"""Is the answer the gold? Cheap exact rules first, stated closeness next, symbolic work by call-back last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from workbench.verify.algebra import Value, evaluate, primitive
from workbench.verify.items import (
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
from workbench.verify.normalize import dense, text_key
from workbench.verify.numeric import decimals, maybe_equal, near, real, rounded, significant, terminates
from workbench.verify.parse import NotMath, TooBig, Tree
from workbench.verify.profiles import Profile
from workbench.verify.read import as_interval, read_one
from workbench.verify.units import compatible, stated_unit

Symbolic = Callable[[Scalar, Scalar], bool]


@dataclass(frozen=True)
class Settings:
    """A profile and what one row adds. `symbolic` decides what exact rules leave open; it may raise."""

    profile: Profile
    symbolic: Symbolic
    precision: int | None = None
    tolerance: float | tuple[float, ...] | None = None
    unit: str | None = None


def equal(gold: Item, answer: Item, s: Settings) -> bool:
    """Whether `answer` is `gold` under the settings. Raises TooBig and whatever `s.symbolic` raises."""
    if isinstance(gold, Multi) or isinstance(answer, Multi):
        return _blanks(gold, answer, s)
    if isinstance(s.tolerance, tuple):
        s = replace(s, tolerance=s.tolerance[0] if s.tolerance else None)
    if not isinstance(gold, Choice) and not isinstance(answer, Choice) and dense(gold.text) == dense(answer.text):
        return not isinstance(gold, Scalar) or not isinstance(answer, Scalar) or _scalar(gold, answer, s)
    if isinstance(answer, Relation) and not isinstance(gold, Relation):
        return _value_of(gold, answer, s)
    match gold:
        case Choice():
            return isinstance(answer, Choice) and gold.letters == answer.letters
        case Scalar():
            return (isinstance(answer, Scalar) and _scalar(gold, answer, s)) or _unwrap(gold, answer, s)
        case Relation():
            return _relation(gold, answer, s)
        case Interval():
            return _interval(gold, answer, s)
        case Group():
            return _group(gold, answer, s)
        case Matrix():
            return isinstance(answer, Matrix) and _rows(gold, answer, s)
        case Words():
            return _words(gold, answer)
    return False


def _blanks(gold: Item, answer: Item, s: Settings) -> bool:
    golds = list(gold.items) if isinstance(gold, Multi) else [gold]
    answers = list(answer.items) if isinstance(answer, Multi) else [answer]
    if len(answers) == 1 and len(golds) > 1 and isinstance(answers[0], Group) and answers[0].brackets in ("()", "{}"):
        answers = list(answers[0].items)
    if len(golds) == 1 and isinstance(golds[0], Group) and len(answers) == len(golds[0].items) and len(answers) > 1:
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


def _scalar(gold: Scalar, answer: Scalar, s: Settings) -> bool:
    gold_unit = gold.unit
    if gold_unit is None and s.unit:
        gold_unit = stated_unit(s.unit)
    if answer.unit is None and gold_unit is not None and not s.profile.missing_unit:
        return False
    if answer.unit is not None and not compatible(gold_unit, answer.unit):
        return False
    if gold.percent != answer.percent and s.profile.percent == "number":
        gold, answer = _without_percent(gold), _without_percent(answer)
    if gold.percent != answer.percent and s.unit == "%":
        gold, answer = _without_percent(gold), _without_percent(answer)
    if gold.tree is None or answer.tree is None:
        return dense(gold.text) == dense(answer.text) or s.symbolic(gold, answer)
    if gold.tree == answer.tree:
        return True
    if _value_equal(gold, answer, s):
        return True
    if s.profile.percent == "any" and not has_symbols(gold.tree) and not has_symbols(answer.tree):
        factors = (("num", "100"), ("div", ("num", "1"), ("num", "100")))
        return any(_value_equal(replace(gold, tree=("mul", f, gold.tree)), answer, s) for f in factors)
    return False


def _without_percent(scalar: Scalar) -> Scalar:
    if scalar.tree is None or not scalar.percent:
        return scalar
    return replace(scalar, tree=scalar.tree[1], text=scalar.text.replace("%", "").strip(), percent=False)


def exact(tree: Tree) -> Value | None:
    """The exact form, None where it has none (a division by zero)."""
    try:
        return evaluate(tree)
    except NotMath:
        return None


def _value_equal(gold: Scalar, answer: Scalar, s: Settings) -> bool:
    assert gold.tree is not None and answer.tree is not None
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
        return near(complex(float(g)), complex(float(a)), 1e-8)
    if rule == "two_decimals":
        return _same_rounded(g, a, 2)
    shift = 2 if gold.percent else 0
    if places:
        return _same_rounded(g, a, places + shift)
    if rule != "stated" or places is not None:
        return False
    # A gold without a finite decimal form, met by a decimal right at its own places.
    own = decimals(answer.text)
    if own is None or significant(answer.text) < 3 or (one.rational is not None and terminates(one.rational)):
        return False
    return _same_rounded(g, a, own + (2 if answer.percent else 0))


def _same_rounded(g: Fraction, a: Fraction, places: int) -> bool:
    one, two = rounded(g, places), rounded(a, places)
    return one is not None and one == two


def _value_of(gold: Item, answer: Relation, s: Settings) -> bool:
    """`x = 5` for 5; `3 + 2 = 5` and `1/3 ≈ 0.333` too, but every constant in the chain has to agree."""
    if not set(answer.ops) <= {"=", "~"}:
        return False
    named = [side for side in answer.sides if side.tree is None or has_symbols(side.tree)]
    values = [side for side in answer.sides if side not in named]
    if isinstance(gold, Scalar) and gold.type == "number":
        if not values:
            return False
        first = values[0]
        rest_agree = all(
            _agree(first, v, op) for v, op in zip(values[1:], answer.ops[-len(values) + 1 :], strict=False)
        )
        return rest_agree and any(_scalar(gold, v, s) for v in values)
    last = answer.sides[-1]
    return answer.ops[-1] == "=" and equal(gold, read_one(last.text), s)


def _agree(one: Scalar, two: Scalar, op: str) -> bool:
    assert one.tree is not None and two.tree is not None
    a, b = exact(one.tree), exact(two.tree)
    if a is None or b is None:
        return False
    x, y = real(one.tree, a), real(two.tree, b)
    if x is None or y is None:
        return False
    return abs(x - y) <= abs(x) * (Fraction(1, 20) if op == "~" else Fraction(1, 1000))


def _unwrap(gold: Scalar, answer: Item, s: Settings) -> bool:
    """{5} or (5) for 5."""
    return isinstance(answer, Group) and len(answer.items) == 1 and equal(gold, answer.items[0], s)


def _relation(gold: Relation, answer: Item, s: Settings) -> bool:
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
                return _scalar(value, answer, s)
    return False


def _is_function(tree: Tree) -> bool:
    return len(tree) == 3 and tree[1][0] == tree[2][0] == "sym"  # f(x) is read as f·x


_FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!=", "~": "~"}


def _chain(gold: Relation, answer: Relation, s: Settings) -> bool:
    def same(sides: tuple[Scalar, ...], ops: tuple[str, ...]) -> bool:
        return ops == gold.ops and all(_scalar(g, a, s) for g, a in zip(gold.sides, sides, strict=True))

    backwards = tuple(_FLIP[o] for o in reversed(answer.ops))
    return same(answer.sides, answer.ops) or same(answer.sides[::-1], backwards)


def _equation(gold: Relation, answer: Relation, s: Settings) -> bool:
    """Side by side in either order, or one difference of sides a constant multiple of the other's."""
    if len(gold.sides) == len(answer.sides) == 2:
        for sides in (answer.sides, answer.sides[::-1]):
            if all(_scalar(g, a, s) for g, a in zip(gold.sides, sides, strict=True)):
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
    if not isinstance(other, Interval) or len(other.pieces) != len(gold.pieces):
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
        if (g is None) != (a is None) or (g is not None and a is not None and not _scalar(g, a, s)):
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


def _rows(gold: Matrix, answer: Matrix, s: Settings) -> bool:
    if [len(r) for r in gold.rows] != [len(r) for r in answer.rows]:
        return False
    return all(
        equal(g, a, s) for gr, ar in zip(gold.rows, answer.rows, strict=True) for g, a in zip(gr, ar, strict=True)
    )


def _words(gold: Words, answer: Item) -> bool:
    if isinstance(answer, (Choice, Multi)) or not gold.key:
        return False
    key = answer.key if isinstance(answer, Words) else text_key(answer.text)
    if key == gold.key:
        return True
    return gold.key in ("yes", "no") and _yes_no(key) == gold.key


def _yes_no(key: str) -> str | None:
    """The side a short reply takes: "no, it does not" is no; one that says both takes none."""
    words = key.split()
    if not words or len(words) > 8 or words[0] not in ("yes", "no"):
        return None
    return None if {"yes", "no"} <= set(words) else words[0]
