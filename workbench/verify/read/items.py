"""What an answer is made of: a scalar, a relation, a group, a matrix, words, choice letters, or several blanks."""

from dataclasses import dataclass, field

from workbench.verify.formula.parse import Tree


@dataclass(frozen=True)
class Scalar:
    """A number or expression. `tree` is None where our reader cannot take the LaTeX; `text` has the unit stripped."""

    text: str
    tree: Tree | None
    unit: str | None = None
    percent: bool = False

    @property
    def type(self) -> str:
        return "expression" if self.tree is None or has_symbols(self.tree) else "number"


@dataclass(frozen=True)
class Relation:
    """sides[0] ops[0] sides[1] ops[1] …; ops of "=", "<", "<=", ">", ">=", "!=", "~"."""

    text: str
    sides: tuple[Scalar, ...]
    ops: tuple[str, ...]

    @property
    def type(self) -> str:
        return "equation" if set(self.ops) <= {"=", "~", "!="} else "interval"


@dataclass(frozen=True)
class Piece:
    """One interval; an end of None is infinite."""

    low: Scalar | None
    low_closed: bool
    high: Scalar | None
    high_closed: bool


@dataclass(frozen=True)
class Interval:
    """A union of pieces of one variable (`name` is None where the interval does not say).

    `solved` is False for an inequality that still has to be worked out, such as 3x − 9 > 0 or |x| < 3.
    """

    text: str
    pieces: tuple[Piece, ...]
    name: str | None = None
    solved: bool = True
    type: str = field(default="interval", init=False)


@dataclass(frozen=True)
class Group:
    """A bracketed list; `brackets` is "()", "[]", "(]", "[)", "{}" or "::" for a ratio of several numbers."""

    text: str
    brackets: str
    items: "tuple[Item, ...]"

    @property
    def type(self) -> str:
        if self.brackets == "{}":
            return "set"
        return "interval" if self.brackets in ("[)", "(]") else "tuple"


@dataclass(frozen=True)
class Cases:
    """A function in branches of (value, condition); a condition of None is "otherwise"."""

    text: str
    branches: "tuple[tuple[Item, Item | None], ...]"
    type: str = field(default="expression", init=False)


@dataclass(frozen=True)
class Matrix:
    text: str
    rows: "tuple[tuple[Item, ...], ...]"
    type: str = field(default="matrix", init=False)


@dataclass(frozen=True)
class Words:
    text: str
    key: str
    type: str = field(default="text", init=False)


@dataclass(frozen=True)
class Choice:
    letters: frozenset[str]
    type: str = field(default="choice", init=False)


@dataclass(frozen=True)
class Multi:
    """Several values: in any order where `free`, in their own where they are numbered `parts`, else as is asked."""

    items: "tuple[Item, ...]"
    free: bool = False
    parts: bool = False
    type: str = field(default="multi", init=False)


Item = Scalar | Relation | Interval | Group | Cases | Matrix | Words | Choice | Multi


def has_symbols(tree: Tree) -> bool:
    """Whether an unknown occurs (π, e and i are numbers)."""
    if tree[0] == "sym":
        return tree[1] not in ("pi", "e", "i", "infty")
    return any(has_symbols(t) for t in tree[1:] if isinstance(t, tuple))
