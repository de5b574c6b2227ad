"""Chains of = and ≈: what value they state, and whether they hold."""

from fractions import Fraction

from workbench.verify.compare.scalars import Settings, same_scalar
from workbench.verify.formula.algebra import exact
from workbench.verify.formula.numeric import decimals, real, relatively_near, rounded, significant
from workbench.verify.formula.parse import Tree
from workbench.verify.normalize.dimensions import conversion
from workbench.verify.read.items import Relation, Scalar, has_symbols

_NUMERICAL = Fraction(1, 10**12)  # roots and functions are worked out to more digits than this


def is_constant(side: Scalar) -> bool:
    """Whether a side is a number, not a name or an expression with unknowns."""
    return side.tree is not None and not has_symbols(side.tree)


def occurs(name: Tree | None, tree: Tree | None) -> bool:
    """Whether the symbol `name` stands in `tree`."""
    if name is None or tree is None or name[0] != "sym":
        return False
    return tree == name or any(occurs(name, t) for t in tree[1:] if isinstance(t, tuple))


def stated_value(chain: Relation) -> Scalar | None:
    """The value that `x = 5`, `3 + 2 = 5`, `A = xy = 12` or `√2 ≈ 1.41` states: the last member.

    None where the chain states none: it does not hold, it ends in an expression, or it is an equation still to be
    solved (`x + 1 = 4`).
    """
    if not set(chain.ops) <= {"=", "~"}:
        return None
    sides, ops = chain.sides, chain.ops
    if len(sides) == 2 and is_constant(sides[0]) and sides[1].tree and sides[1].tree[0] == "sym":
        sides = sides[::-1]  # 5 = x
    if not is_constant(sides[-1]) or (not is_constant(sides[0]) and _is_to_be_solved(sides[0].tree)):
        return None
    if any(occurs(sides[0].tree, side.tree) for side in sides[1:]):
        return None  # x = 0x = 17 says nothing of x
    last: Scalar | None = None
    loosely = False
    for side, op in zip(sides, ("=", *ops), strict=True):
        loosely |= op == "~"
        if is_constant(side):
            if last is not None and not _holds(last, side, loosely):
                return None
            last, loosely = side, False
    return last


def _is_to_be_solved(tree: Tree | None) -> bool:
    """Whether arithmetic mixes numbers and unknowns, as in x + 1, 2x or x/3; f(2), sin A, xy and x² are names."""
    if tree is None:
        return False
    if tree[0] in ("fn", "root", "pow"):
        return any(_is_to_be_solved(branch) for branch in tree[1:] if isinstance(branch, tuple))
    if tree[0] not in ("add", "mul", "div", "neg"):
        return False
    branches = tree[1:]
    if tree[0] == "mul":
        return branches[0][0] == "num" or any(_is_to_be_solved(b) for b in branches)
    return tree[0] == "neg" or any(b[0] == "num" or _is_to_be_solved(b) for b in branches)


def _holds(left: Scalar, right: Scalar, loosely: bool) -> bool:
    """Equal, or a rounding of one another: ≈ at the decimals either shows, = only from three significant digits on."""
    a, b = _number(left), _number(right)
    if a is None or b is None:
        return False
    if left.unit is not None and right.unit is not None and left.unit != right.unit:
        factor = conversion(left.unit, right.unit)
        if factor is None:
            return False
        a *= factor
    if relatively_near(a, b, _NUMERICAL):
        return True
    for text in (left.text, right.text):
        places = decimals(text)
        if places is None or (not loosely and significant(text) < 3):
            continue
        if places <= 0 and not loosely:
            continue
        shift = places + 2 if text.rstrip().endswith("%") else places
        if rounded(a, shift) is not None and rounded(a, shift) == rounded(b, shift):
            return True
    return False


def _number(side: Scalar) -> Fraction | None:
    assert side.tree is not None
    value = exact(side.tree)
    return None if value is None else real(side.tree, value)


def states(gold: Scalar, chain: Relation, s: Settings) -> bool:
    """Whether the chain states the gold, a number."""
    value = stated_value(chain)
    return value is not None and same_scalar(gold, value, s)


def solution(relation: Relation) -> tuple[Tree, Scalar] | None:
    """(unknown, value) of a solved equation such as `x = 5` or `x = 10/2 = 5`; None for any other."""
    value = stated_value(relation)
    ends = (relation.sides[0].tree, relation.sides[-1].tree)
    name = next((tree for tree in ends if tree and tree[0] == "sym" and has_symbols(tree)), None)
    return (name, value) if name is not None and value is not None else None
