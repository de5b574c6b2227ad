"""Names that stand before a value: `x = 5`, `\\angle A = 30°`, `f(2) = 6`, `AB:BC = 2:3`, `P(2, -3)`, `Area = 12`."""

import re
from dataclasses import dataclass

from workbench.verify.compare.chains import stated_value
from workbench.verify.formula.algebra import exact
from workbench.verify.formula.parse import Tree
from workbench.verify.formula.tokens import TooBig
from workbench.verify.normalize.latex import dense, text_key
from workbench.verify.read.items import Item, Relation, Scalar, has_symbols
from workbench.verify.read.reader import read_one

_CALL = re.compile(r"^[A-Za-z][A-Za-z]?'*(?:_\{?\w{1,8}\}?)?\s*\((.*)\)$", re.S)
_FUNCTION = re.compile(r"^[A-Za-z]\s*\(\s*[a-z]\s*\)$")
_INDEXED = re.compile(r"^([A-Za-z]|[a-z]{2,8})_\{?(\d)\}?$")
_SHORT_WORDS = {"max": "maximum", "min": "minimum", "avg": "average", "vol": "volume"}
_FILLER = frozenset(["value", "values", "of", "answer", "total", "answers"])


@dataclass(frozen=True)
class Named:
    """A value under a label."""

    label: Scalar
    value: Item

    @property
    def base(self) -> str:
        """The label without its index: the roots x₁ and x₂ are both x."""
        text = dense(self.label.text)
        indexed = _INDEXED.match(text)
        return indexed[1] if indexed else text


def named(item: Item) -> Named | None:
    """The label and value of an equation whose one side only names the other, else None."""
    if not isinstance(item, Relation) or not set(item.ops) <= {"=", "~"}:
        return None
    if len(item.sides) > 2:
        last = stated_value(item)
        return Named(item.sides[0], last) if last is not None and is_label(item.sides[0]) else None
    for label, value in (item.sides, item.sides[::-1]):
        if is_label(label) and not _is_name(value):
            return Named(label, value if value.tree is not None else read_one(value.text))
    return None


def is_label(side: Scalar) -> bool:
    """Whether a side is a name: a symbol, a function's value, segments and indexed symbols however combined, words."""
    if side.tree is None:
        return bool(re.search(r"[A-Za-z\u4e00-\u9fff]", side.text)) and side.unit is None and not _is_tuple(side.text)
    if is_call(side) or _is_name(side) or (":" in side.text and _only_symbols(side.tree)):
        return True
    return has_symbols(side.tree) and _combines_names(side.tree)


def is_call(side: Scalar) -> bool:
    """`f(2)` or `P(A)`, which the parser reads as a product."""
    call = _CALL.match(side.text)
    return call is not None and "(" not in call[1].partition(")")[2]  # f(2)(3) and f(2) + g(3) are more than one


def _is_tuple(text: str) -> bool:
    return text.startswith(("(", "[", "\\{"))


def _is_name(side: Scalar) -> bool:
    return side.tree is not None and side.tree[0] == "sym" and has_symbols(side.tree)


def _only_symbols(tree: Tree) -> bool:
    return tree[0] == "sym" if tree[0] in ("sym", "num") else all(_only_symbols(t) for t in tree[1:] if _is_tree(t))


def _is_tree(node: object) -> bool:
    return isinstance(node, tuple)


def _combines_names(tree: Tree) -> bool:
    """Built from names that are no unknowns of an equation: AB, S_1, \\vec a, \\sin A, |x|."""
    kind = tree[0]
    if kind == "sym":
        return len(tree[1]) > 1
    if kind == "fn":
        return has_symbols(tree)
    if kind == "num":
        return True
    return has_symbols(tree) and all(_combines_names(t) for t in tree[1:] if _is_tree(t))


def same_label(gold: Scalar, answer: Scalar) -> bool:
    """Whether two labels name the same thing."""
    if dense(gold.text) == dense(answer.text):
        return True
    if is_call(gold) or is_call(answer):
        functions = (gold.text.replace(" ", ""), answer.text.replace(" ", ""))
        return "y" in functions and any(_FUNCTION.match(f) for f in functions)  # y = f(x)
    if gold.tree is not None and answer.tree is not None:
        try:
            first, second = exact(gold.tree), exact(answer.tree)
        except TooBig:
            return False
        return first is not None and second is not None and bool(first.same(second))
    words = [_words(side) for side in (gold, answer)]
    if not all(words):
        return False
    return words[0] == words[1] or _stands_for(gold, words[1]) or _stands_for(answer, words[0])


def _words(side: Scalar) -> frozenset[str]:
    words = [_SHORT_WORDS.get(w, w) for w in text_key(side.text).split()]
    return frozenset(w for w in words if w not in _FILLER) or frozenset(words)


def _stands_for(symbol: Scalar, words: frozenset[str]) -> bool:
    """A letter for the word that begins with it, S for an area."""
    letter = symbol.text.strip().lower()
    if symbol.tree is None or len(letter) != 1 or len("".join(words)) < 3:
        return False
    return any(w[0] == letter for w in words) or (letter == "s" and "area" in words)
