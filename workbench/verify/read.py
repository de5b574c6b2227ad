"""Read an answer's text into typed items."""

import re

from workbench.verify.items import Choice, Group, Interval, Item, Matrix, Multi, Piece, Relation, Scalar, Words
from workbench.verify.normalize import latex, text_key
from workbench.verify.parse import NotMath, Tree, parse
from workbench.verify.split import blanks, by_words, labels, presplit
from workbench.verify.units import split_unit

_RELATION = re.compile(r"\\(?:le|ge|ne|approx|equiv)(?![a-zA-Z])|[<>=]")
_OPS = {"\\le": "<=", "\\ge": ">=", "\\ne": "!=", "\\approx": "~", "\\equiv": "=", "<": "<", ">": ">", "=": "="}
_MATRIX = re.compile(r"^\\begin\s*\{([pbvBV]?matrix|array)\}(?:\{[lcr|]*\})?(.*?)\\end\s*\{\1\}$", re.S)
_HEDGED_NUMBER = re.compile(r"^(?:\\approx|approximately|approx\.?|about|around|roughly|exactly|only|just)\s*", re.I)
_COUNT = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
]  # fmt: skip
_NUMBER_WORDS = {word: str(i) for i, word in enumerate(_COUNT)}
_CHOICE_LIST = re.compile(r"^\(?([A-H])\)?(?:\s*(?:,|;|and|&|\s)\s*\(?([A-H])\)?)*\.?$")
_RATIO = re.compile(r"^[^:=<>]+(?::[^:=<>]+)+$")
_SET_BUILDER = re.compile(r"^\s*([a-zA-Z])\s*(?:\\in\s*\\R\s*)?(?:\||:|\\mid)\s*(.*)$", re.S)
_MEMBER = re.compile(r"^\\?\(?([a-zA-Z])(?:_\{?\w\}?)?\)?\s*\\in\s*(?=[\[(\\])")
_PAIRS = {"(": ")", "[": "]"}


def read(raw: str, thousands: bool = True) -> Item:
    """The typed reading of an answer; raises TooBig over a limit. Text that is no formula is `Words`."""
    text = latex(presplit(raw)).strip()
    text = _trim(text)
    picked = labels(text)
    if picked and len(picked) > 1 and not re.fullmatch(r"\d\.\d\.?", text):
        return Multi(tuple(Scalar(p, ("num", p)) for p in picked), free=True)
    if _MATRIX.match(text):
        return _matrix(text)
    if "\\pm" in text or "\\mp" in text:
        plus, minus = text.replace("\\pm", "+").replace("\\mp", "-"), text.replace("\\pm", "-").replace("\\mp", "+")
        head = re.match(r"^\s*([a-zA-Z](?:_\{?\w+\}?)?\s*=)", text)
        if head and not minus.strip().startswith(head[1].strip()):
            minus = head[1] + minus
        return Multi((read_one(plus), read_one(minus)), free=True)
    parts, free = blanks(text, thousands)
    if len(parts) <= 1:
        return read_one(parts[0] if parts else text)
    items = [read_one(p) for p in parts]
    if all(isinstance(i, Words) for i in items) and not free and ";" not in text and "\n" not in text:
        words = _words(text)
        if len(words.key.split()) > 2 * len(items):
            return words
    return Multi(tuple(items), free)


def letters(text: str) -> frozenset[str] | None:
    """Choice letters where the text is nothing else: "A", "(C)", "A, C", "ABD"."""
    text = _trim(latex(text))
    bare = re.fullmatch(r"\(?\s*([A-Ha-h])\s*[).:]*", text)
    if bare:
        return frozenset(bare[1].upper())
    if _CHOICE_LIST.match(text):
        return frozenset(re.findall(r"[A-H]", text))
    run = re.fullmatch(r"\(?([A-H]{2,6})\)?", text)
    if run and list(run[1]) == sorted(set(run[1])):
        return frozenset(run[1])
    return None


def _trim(text: str) -> str:
    text = text.strip().strip('"').strip()
    while text.endswith((".", ",", ";", "?")) and not text.endswith("..."):
        text = text[:-1].rstrip()
    while len(text) > 2 and text[0] == "{" and _closes(text, 0) == len(text) - 1:
        if "," in text or "|" in text:
            return "\\" + text[:-1] + "\\}"  # a set written without backslashes
        text = text[1:-1].strip()
    return text


def _closes(text: str, start: int) -> int:
    """Index of the bracket that closes the one at `start` (any kind closes any), -1 where none does."""
    depth = 0
    for at in range(start, len(text)):
        if text[at] in "([{":
            depth += 1
        elif text[at] in ")]}":
            depth -= 1
            if depth == 0:
                return at
    return -1


def read_one(text: str) -> Item:
    """One blank."""
    text = _trim(text)
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
    if "\\cup" in text:
        union = _union(text)
        if union:
            return union
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


def scalar(text: str) -> Scalar | None:
    """A number or expression with its unit, or None where the text is words."""
    word = text.lower()
    if word in _NUMBER_WORDS:
        return Scalar(text, ("num", _NUMBER_WORDS[word]))
    quantity, unit = split_unit(text)
    first, _, rest = quantity.partition(" ")
    if unit is None and first.lower() in _NUMBER_WORDS and rest:
        quantity, unit = split_unit(f"{_NUMBER_WORDS[first.lower()]} {rest}")
        if unit is None:
            return None
    tree = formula(quantity)
    if tree is None and unit is not None:
        quantity, unit, tree = text, None, formula(text)
    if tree is not None:
        percent = tree[0] == "pct"
        return Scalar(quantity, tree, unit, percent)
    if closes_unevenly(text) or len(re.findall(r"(?<!\\)\b[A-Za-z][a-z]+\b", text)) > 4:
        return None
    if "\\" in text and re.search(r"\\(?:frac|sqrt|sum|int|lim|log|sin|cos|tan|prod|begin|left|cdot|times)", text):
        return Scalar(text, None)
    return None


def formula(text: str) -> Tree | None:
    """The tree of a formula, or None where it is none; raises TooBig over a limit."""
    try:
        return parse(text)
    except NotMath:
        return None


def _words(text: str) -> Words:
    return Words(text, text_key(text))


def _relation(text: str) -> Item | None:
    """A chain of relations; one variable between constants, or beside one, is an interval."""
    found = list(_RELATION.finditer(text))
    cuts = [0, *(e for m in found for e in (m.start(), m.end())), len(text)]
    raw = [text[a:b].strip() for a, b in zip(cuts[::2], cuts[1::2], strict=True)]
    ops = [_OPS[m[0]] for m in found]
    if not raw[0] and len(raw) == 2 and ops[0] != "=" and raw[1]:
        raw[0] = "x"  # ">-2" says it of the unknown
    if any(not r for r in raw):
        return _words(text) if not any(raw) else None
    if any(closes_unevenly(r) for r in raw):
        return None
    sides = [_side(r) for r in raw]
    if any(s is None for s in sides):
        return None
    relation = Relation(text, tuple(s for s in sides if s), tuple(ops))
    return _as_piece(relation) or relation


def _side(text: str) -> Scalar | None:
    inner = _group(text)
    return scalar(text) or (Scalar(text, None) if isinstance(inner, Group) or _is_label(text) else None)


def _is_label(text: str) -> bool:
    """A name for a value: "Area", "the perimeter", "P(A)", "|PF_1|"."""
    return len(re.findall(r"[A-Za-z]+", text)) <= 6 and bool(re.search(r"[A-Za-z]", text)) and len(text) <= 60


def closes_unevenly(text: str) -> bool:
    """Whether some bracket has no partner (by count alone)."""
    return any(text.count(o) != text.count(c) for o, c in ("()", "[]", "{}"))


def _as_piece(relation: Relation) -> Interval | None:
    """The interval of `a < x <= b`, `x > a` or `a < x` where all ends are numbers."""
    ops, sides = relation.ops, relation.sides
    if not set(ops) <= {"<", "<=", ">", ">="} or len(ops) > 2:
        return None
    if any(o[0] == ">" for o in ops):
        if not all(o[0] == ">" for o in ops):
            return None
        ops, sides = tuple("<" + o[1:] for o in reversed(ops)), tuple(reversed(sides))
    names = [i for i, s in enumerate(sides) if s.type == "expression"]
    if len(names) != 1 or sides[names[0]].tree is None or sides[names[0]].tree[0] != "sym":  # type: ignore[index]
        return None
    at = names[0]
    low = sides[at - 1] if at > 0 else None
    high = sides[at + 1] if at + 1 < len(sides) else None
    if len(sides) == 3 and at != 1:
        return None
    piece = Piece(
        _finite(low), low is not None and ops[at - 1] == "<=", _finite(high), high is not None and ops[at] == "<="
    )
    return Interval(relation.text, (piece,), sides[at].text)


def _finite(end: Scalar | None) -> Scalar | None:
    if end is None or end.tree is None or end.tree in (("sym", "infty"), ("neg", ("sym", "infty"))):
        return None
    return end


def _join_inequalities(items: list[Item], text: str) -> Interval | None:
    """`x < -2 or 0 < x < 1` is a union, `x > 1 and x < 3` an intersection."""
    if not all(isinstance(i, Interval) for i in items):
        return None
    intervals = [i for i in items if isinstance(i, Interval)]
    if re.search(r"\bor\b", text, re.I):
        return Interval(text, tuple(p for i in intervals for p in i.pieces), intervals[0].name)
    if len(intervals) == 2 and len({i.name for i in intervals}) == 1 and re.search(r"\band\b", text, re.I):
        one, two = intervals[0].pieces[0], intervals[1].pieces[0]
        if one.low is None and one.high is not None and two.high is None:
            one, two = two, one
        if one.high is None and two.low is None and one.low is not None and two.high is not None:
            return Interval(text, (Piece(one.low, one.low_closed, two.high, two.high_closed),), intervals[0].name)
    return None


def _group(text: str) -> Item | None:
    """(a, b), [a, b), … ; a bracket around one item is no group."""
    if len(text) < 3 or text[0] not in "([" or text[-1] not in ")]" or _closes(text, 0) != len(text) - 1:
        return None
    parts, _ = blanks(text[1:-1], thousands=False)
    if len(parts) < 2 or "," not in text:
        return None
    return Group(text, text[0] + text[-1], tuple(read_one(p) for p in parts))


def as_interval(group: Group) -> Interval | None:
    """A pair read as an interval: (1, 2), [0, ∞)."""
    if len(group.items) != 2 or not all(isinstance(i, Scalar) for i in group.items) or group.brackets in ("{}", "::"):
        return None
    low, high = (i for i in group.items if isinstance(i, Scalar))
    piece = Piece(_finite(low), group.brackets[0] == "[", _finite(high), group.brackets[1] == "]")
    closed_low = piece.low_closed and piece.low is not None
    return Interval(
        group.text, (Piece(piece.low, closed_low, piece.high, piece.high_closed and piece.high is not None),)
    )


def _union(text: str) -> Interval | None:
    pieces: list[Piece] = []
    name = None
    for part in text.split("\\cup"):
        item = read_one(part)
        interval = as_interval(item) if isinstance(item, Group) else item
        if not isinstance(interval, Interval):
            return None
        pieces.extend(interval.pieces)
        name = name or interval.name
    return Interval(text, tuple(pieces), name)


def _braces(text: str) -> Item:
    inside = text[2:-2].strip()
    builder = _SET_BUILDER.match(inside)
    if builder:
        item = read(builder[2])
        if isinstance(item, Interval):
            return Interval(text, item.pieces, builder[1])
    parts, _ = blanks(inside, thousands=False)
    return Group(text, "{}", tuple(read_one(p) for p in parts))


def _matrix(text: str) -> Item:
    match = _MATRIX.match(text)
    assert match
    rows = [r for r in re.split(r"\\\\|\n", match[2]) if r.strip()]
    return Matrix(text, tuple(tuple(read_one(cell) for cell in row.split("&")) for row in rows))


def choice_item(text: str) -> Choice | None:
    found = letters(text)
    return Choice(found) if found else None
