"""Read an answer's text into typed items."""

import re
from dataclasses import replace
from functools import lru_cache

from workbench.verify.formula.parse import Tree
from workbench.verify.normalize.latex import carries_case, latex, remainder, text_key
from workbench.verify.normalize.units import split_unit
from workbench.verify.read import chemistry
from workbench.verify.read.brackets import BOTH_SIGNS, both_signs, closes_unevenly, closing, trim
from workbench.verify.read.conditions import common, in_signs
from workbench.verify.read.intervals import all_but, all_reals, as_interval, excluded, of_relation, union
from workbench.verify.read.items import Cases, Group, Interval, Item, Matrix, Multi, Relation, Scalar, Words
from workbench.verify.read.naming import without_clause
from workbench.verify.read.piecewise import branches, system
from workbench.verify.read.quantities import compound
from workbench.verify.read.scalars import formula, in_words, is_plain_number, plain_number, scalar
from workbench.verify.read.split import blanks, by_words, labels, numbered, presplit

_RELATION = re.compile(r"\\(?:le|ge|ne|approx|equiv)(?![a-zA-Z])|[<>=]")
_OPS = {"\\le": "<=", "\\ge": ">=", "\\ne": "!=", "\\approx": "~", "\\equiv": "=", "<": "<", ">": ">", "=": "="}
_MATRIX = re.compile(
    r"^(?P<factor>[^\[(&]*?)(?:\\cdot|\\times|\*)?\s*(?P<open>[\[(]?)\s*\\begin\s*\{(?P<kind>[pbvBV]?matrix|array)\}(?:\{[lcr|]*\})?"
    r"(?P<cells>.*?)\\end\s*\{(?P=kind)\}\s*(?P<close>[\])]?)$",
    re.S,
)
_CONGRUENCE = re.compile(
    r"^(?:[a-zA-Z]\s*(?:\\equiv|=)\s*)?(-?\d{1,30})\s*\(?\s*\\?[pb]?mod\s*\{?\s*([1-9]\d{0,30})\s*\}?\s*\)?$"
)
# No letters, brackets, commas or gaps: none of the readings below but the last applies.
_ARITHMETIC_ONLY = re.compile(r"(?:[0-9./^{}+*-]|\\(?:frac|sqrt|pi)(?![a-zA-Z]))+\Z")
_NAMES = re.compile(
    r"^\(\s*([a-zA-Z](?:_\{?\w+\}?)?(?:\s*,\s*[a-zA-Z](?:_\{?\w+\}?)?)+)\s*\)\s*(?:=|\\in)\s*(?=\(|\\\{)"
)
_HEDGED_NUMBER = re.compile(r"^(?:\\approx|approximately|approx\.?|about|around|roughly|exactly|only|just)\s*", re.I)
_UNIT_AT_END = re.compile(r"\d\s*([A-Za-z]{1,12})(?:\s*\^\s*\{?[23]\}?)?$")
_ARITHMETIC = re.compile(r"\d\s*[A-Za-z]{1,12}\s*(?:[-+*/]|\\times|\\cdot)\s*\d")
_RATIO = re.compile(r"^[^:=<>]+(?::[^:=<>]+)+$")
_SET_BUILDER = re.compile(r"^\s*([a-zA-Z])\s*(?:\\in\s*\\R\s*)?(?:\||:|\\mid)\s*(.*)$", re.S)
_MEMBER = re.compile(r"^\\?\(?([a-zA-Z])(?:_\{?\w\}?)?\)?\s*\\in\s*(?=[\[(\\])")
# A point with its name, P(2, -3), and a value behind words, "Area: 12" or "the area is 12".
_POINT = re.compile(r"^([A-Z]'*(?:_\{?\w{1,3}\}?)?)\s*=?\s*(?=\()")
_TOLD = re.compile(
    r"^(?:the\s+)?([A-Za-z][a-z]+(?: [A-Za-z]{1,12}){0,3}|[A-Za-z])\s*"
    r"(?::|\b(?:is|are|was|were|equals?|takes?|costs?|needs?|has|have|weighs?|measures?)\b)\s*(?=\S)",
    re.I,
)
_NO_LABEL = re.compile(
    r"\b(?:not|never|no|neither|hardly|if|unless|maybe|perhaps|only|suppose|assume|imagine|let|would)\b", re.I
)
_EXCEPT = re.compile(
    r"\s*(?:[,(]\s*)?(?:\b(?:but|and|where|with|except)\b|且|并且)?\s*(?=[a-zA-Z]\s*\\ne(?![a-z])[^,()]*\)?$)"
)


def read(raw: str, thousands: bool = True, coupled: bool = False) -> Item:
    """The typed reading of an answer; raises TooBig over a limit. Text that is no formula is `Words`.

    A comma between groups of three digits belongs to the number where `thousands`. The signs of (±1, ±2) are
    independent, unless they are `coupled`.
    """
    if is_plain_number(raw):
        return plain_number(raw)
    return (_read_short if len(raw) <= _SHORT else _read)(raw, thousands, coupled)


def _read(raw: str, thousands: bool, coupled: bool) -> Item:
    text = trim(without_clause(trim(latex(presplit(raw)).strip()))[0])
    if is_plain_number(text):
        return plain_number(text)
    if _ARITHMETIC_ONLY.match(text):
        tree = formula(text)
        if tree is not None:
            return Scalar(text, tree)
    special = in_words(text) or _special(text)
    if special:
        return special
    picked = labels(text)
    if picked and len(picked) > 1 and not re.fullmatch(r"\d\.\d\.?", text):
        return Multi(tuple(Scalar(p, ("num", p)) for p in picked), free=True)
    matrix = _matrix(text)
    if matrix:
        return matrix
    named = _NAMES.match(text)
    if named:
        return _assigned(named[1].split(","), read(text[named.end() :], thousands))
    equations = system(text)
    if equations:
        text = equations
    stated = _stated(text)
    if stated:
        return stated
    parts, free = blanks(text, thousands)
    if len(parts) > MAX_ITEMS:
        return _words(text)
    if BOTH_SIGNS.search(text) and not text.startswith("\\{"):
        parts, free = both_signs(parts, coupled), True
    if len(parts) <= 1:
        return read_one(parts[0] if parts else text)
    items = [read_one(p) for p in parts]
    if all(isinstance(i, Words) for i in items) and not free and ";" not in text and "\n" not in text:
        words = _words(text)
        if len(words.key.split()) > 2 * len(items):
            return words
    return _joined(items, text) or Multi(tuple(items), free, parts=numbered(text) is not None)


def _stated(text: str) -> Item | None:
    """A function in branches, or an inequality in words or with an exception: commas and "and" are part of it."""
    pieces = branches(text)
    if pieces:
        head, rows = pieces
        cases = text[text.index("\\begin") :]
        if head:
            label = head.rstrip("= ")
            return (
                Relation(text, (scalar(label) or Scalar(label, None), Scalar(cases, None)), ("=",))
                if "=" in head
                else None
            )
        return Cases(text, tuple((read_one(value), read_one(when) if when else None) for value, when in rows))
    signs = in_signs(text)
    if signs:
        interval = read_one(signs)
        if isinstance(interval, Interval):
            return replace(interval, text=text, name=interval.name if signs[0] == text[0] else None)
    if "\\ne" in text:
        excepted = _EXCEPT.search(text)
        if excepted and excepted.start() > 0:
            items = [read_one(text[: excepted.start()]), read_one(text[excepted.end() :].rstrip(") "))]
            return _joined(items, text)
    return None


def _joined(items: list[Item], text: str) -> Interval | None:
    """Inequalities of one unknown that hold together: one with an exception, or bounds from both sides."""
    intervals = [i for i in items if isinstance(i, Interval) and i.name]
    if len(intervals) != len(items) or len({i.name for i in intervals}) != 1 or ";" in text or "\n" in text:
        return None
    open_below = [i.pieces[0].low is None for i in intervals]
    open_above = [i.pieces[-1].high is None for i in intervals]
    if any(len(i.pieces) > 1 for i in intervals) or (
        len(items) == 2 and open_below != open_above and open_below[0] != open_below[1]
    ):
        both: Interval | None = intervals[0]
        for other in intervals[1:]:
            both = common(both, other, text) if both else None
        return both
    return None


def _special(text: str) -> Item | None:
    """What must not be taken for a product or a list: a formula of chemistry, a genotype, a quantity in two units."""
    if carries_case(text) or remainder(text):
        return Words(text, text_key(text))
    chemical = chemistry.key(text)
    return Words(text, chemical) if chemical else compound(text)


MAX_ITEMS = 40  # a longer list or chain is compared as it is written

# Options and short answers come again and again.
_SHORT = 400
_read_short = lru_cache(maxsize=8192)(_read)


def _assigned(names: list[str], item: Item) -> Item:
    """`(p, q) = (2, 3)` as p = 2, q = 3; of several tuples the values alone."""
    if not isinstance(item, Group) or item.brackets != "()" or len(item.items) != len(names):
        return item
    relations: list[Item] = []
    for name, value in zip(names, item.items, strict=True):
        left = scalar(name.strip())
        if left is None or not isinstance(value, Scalar):
            return item
        relations.append(Relation(f"{name.strip()}={value.text}", (left, value), ("=",)))
    return Multi(tuple(relations))


def read_one(text: str) -> Item:
    """One blank."""
    text = trim(text)
    text = (
        re.sub(r"^\(\d\)\s*(?=\S)", "", text)
        if re.match(r"^\(\d\)\s*[^\s^\d+*/()-]", text) and "," not in text
        else text
    )
    text = _HEDGED_NUMBER.sub("", text)
    member = _MEMBER.match(text)
    if member:
        inner = read_one(text[member.end() :])
        if isinstance(inner, Interval):
            return Interval(text, inner.pieces, member[1])
        if isinstance(inner, Group):
            return as_interval(inner) or inner
    if text.startswith("\\{") and text.endswith("\\}"):
        return _braces(text)
    if text == "\\emptyset":
        return Group(text, "{}", ())
    stated = _stated(text)
    if stated:
        return stated
    label = _POINT.match(text) or _TOLD.match(text)
    if label and not _RELATION.search(text) and not _NO_LABEL.search(label[1]):
        value = read_one(text[label.end() :])
        reaction = chemistry.key(text[label.end() :])
        if reaction:
            return Words(text, reaction)
        if not isinstance(value, Words | Multi) and (label.re is _TOLD or isinstance(value, Group)):
            right = value if isinstance(value, Scalar) else Scalar(text[label.end() :], None)
            return Relation(text, (scalar(label[1]) or Scalar(label[1], None), right), ("=",))
    everything = all_reals(text)
    if everything:
        return everything
    congruence = _CONGRUENCE.match(text)
    if congruence:
        rest, modulus = str(int(congruence[1]) % int(congruence[2])), congruence[2]
        return Group(text, "mod", (Scalar(rest, ("num", rest)), Scalar(modulus, ("num", modulus))))
    left_out = excluded(text)
    if left_out is not None:
        points = [scalar(p) for p in both_signs(blanks(left_out, thousands=False)[0], coupled=False)]
        rest_of_line = all_but([p for p in points if p], text) if all(points) else None
        if rest_of_line:
            return rest_of_line
    if "\\cup" in text:
        joined = union([read_one(part) for part in text.split("\\cup")], text)
        if joined:
            return joined
    if _RELATION.search(text):
        sides = by_words(text)
        if len(sides) > 1:
            joined = _join_inequalities([read_one(s) for s in sides], text)
            return joined or Multi(tuple(read_one(s) for s in sides), free=bool(re.search(r"\bor\b", text, re.I)))
        relation = _relation(text)
        if relation:
            return relation
    group = _group(text)
    if group:
        return group
    if text.count(":") >= 2 and _RATIO.match(text):
        parts = tuple(read_one(p) for p in text.split(":"))
        if all(isinstance(p, Scalar) for p in parts):
            return Group(text, "::", parts)
    return scalar(text) or _words(text)


def _words(text: str) -> Words:
    return Words(text, text_key(text))


def _relation(text: str) -> Item | None:
    """A chain of relations; one variable between constants, or beside one, is an interval."""
    found = list(_RELATION.finditer(text))
    if len(found) > MAX_ITEMS:
        return _words(text)
    cuts = [0, *(e for m in found for e in (m.start(), m.end())), len(text)]
    raw = [text[a:b].strip() for a, b in zip(cuts[::2], cuts[1::2], strict=True)]
    ops = [_OPS[m[0]] for m in found]
    if not raw[0] and len(raw) == 2 and ops[0] not in ("=", "~") and raw[1]:
        interval = _relation(f"x{text}")  # ">-2" says it of the unknown
        return replace(interval, text=text, name=None) if isinstance(interval, Interval) else interval
    if any(not r for r in raw):
        return _words(text) if not any(raw) else None
    if any(closes_unevenly(r) for r in raw):
        return None
    raw = [*(_without_unit_of(raw[-1], r) for r in raw[:-1]), raw[-1]]
    sides = [_side(r) for r in raw]
    if any(s is None for s in sides):
        return None
    relation = Relation(text, tuple(s for s in sides if s), tuple(ops))
    return of_relation(relation) or relation


def _without_unit_of(last: str, side: str) -> str:
    """A sum or product without the unit in which its value is given: 4 m + 4 m = 8 m, 4 m × 2 m = 8 m²."""
    unit = _UNIT_AT_END.search(last)
    if not unit or not split_unit(last)[1] or not _ARITHMETIC.search(side):
        return side
    return re.sub(rf"(?<=\d)\s*{unit[1]}(?![A-Za-z^])", "", side)


def _side(text: str) -> Scalar | None:
    inner = _group(text)
    is_set = text.startswith("\\{") and text.endswith("\\}")
    return (
        scalar(text)
        or compound(text)
        or (Scalar(text, None) if isinstance(inner, Group) or is_set or _is_label(text) else None)
    )


def _is_label(text: str) -> bool:
    """A name for a value: "Area", "the perimeter", "P(A)", "|PF_1|"."""
    return len(re.findall(r"[A-Za-z]+", text)) <= 6 and bool(re.search(r"[A-Za-z]", text)) and len(text) <= 60


def _join_inequalities(items: list[Item], text: str) -> Interval | None:
    """`x < -2 or 0 < x < 1` is a union, `x > 1 and x < 3` an intersection."""
    intervals = [i for i in items if isinstance(i, Interval)]
    if not intervals:
        return None
    if re.search(r"\bor\b", text, re.I):
        return union(items, text)
    if len(intervals) == len(items) and re.search(r"\band\b|且", text, re.I):
        both: Interval | None = intervals[0]
        for other in intervals[1:]:
            both = common(both, other, text) if both else None
        return both
    return None


def _group(text: str) -> Item | None:
    """(a, b), [a, b), … ; a bracket around one item is no group."""
    if len(text) < 3 or text[0] not in "([" or text[-1] not in ")]" or closing(text, 0) != len(text) - 1:
        return None
    parts, _ = blanks(text[1:-1], thousands=False)
    if len(parts) < 2 or "," not in text:
        return None
    return Group(text, text[0] + text[-1], tuple(read_one(p) for p in parts))


def _braces(text: str) -> Item:
    inside = text[2:-2].strip()
    builder = _SET_BUILDER.match(inside)
    if builder:
        item = read(builder[2])
        if isinstance(item, Interval):
            return Interval(text, item.pieces, builder[1])
    parts = both_signs(blanks(inside, thousands=False)[0], coupled=False)
    return Group(text, "{}", tuple(read_one(p) for p in parts))


def _matrix(text: str) -> Item | None:
    """A matrix, or a number times one."""
    match = _MATRIX.match(text)
    if not match or bool(match["open"]) != bool(match["close"]):
        return None
    factor = formula(match["factor"]) if match["factor"].strip() else None
    if factor is None and match["factor"].strip():
        return None
    rows = [
        tuple(_times(factor, read_one(cell)) for cell in row.split("&"))
        for row in re.split(r"\\\\|\n", match["cells"])
        if row.strip()
    ]
    return Matrix(text, tuple(rows))


def _times(factor: Tree | None, cell: Item) -> Item:
    if factor is None or not isinstance(cell, Scalar) or cell.tree is None:
        return cell
    return Scalar("", ("mul", factor, cell.tree))
