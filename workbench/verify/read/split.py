"""Cut an answer of several blanks into its blanks: "3; 5", "(1) … (2) …", "1331 and 1728", one a line."""

import re

from workbench.verify.normalize.latex import latex

_ADJACENT = re.compile(r"(\$\$?)(\s+)\1(?=[^\s$])")
_MARK = re.compile(r"(?<![A-Za-z\d)_^}])\(\s*(\d)\s*\)")
_LIST_MARK = re.compile(r"^\s*(\d)[.)、:]\s+(?=\S)")
_NUMBER = r"[-+]?(?:\d+(?:,\d{3})+|\d+)(?:\.\d+)?%?"
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_SPACED = re.compile(r"(?<=\d)\s+(?=[-+]?\d)")
_FORMULA = re.compile(r"(?<![A-Za-z\\])[A-Za-z]{3}|\\(?!(?:frac|sqrt|pi)(?![a-z]))[a-z]+|_")
_MIXED = re.compile(r"\d+\s+\d+\s*/\s*\d+|\d+\s+\\frac")
_WORD_JOIN = re.compile(r"\s*,?\s*(?:\b(and|or)\b|(?<=[\d})])\s*(?:或者?|和|及|与)\s*(?=[\d\\({$a-z-]))\s*", re.I)
_LEADING_JOIN = re.compile(r"^\s*(?:and|or)\b\s*", re.I)
_LABELS = re.compile(r"^(?:\d\.){2,}\d?$|^(?:\(\d\)\s*,?\s*){2,}\.?$")
_INEQUALITY = re.compile(r"[<>]|\\[lg]e(?![a-z])")
_STATEMENT = re.compile(
    r"^(?:the\s+)?(?!.*\b(?:not|never|no|if)\b)[A-Za-z]+(?:\s[A-Za-z]+){0,3}\s+(?:is|are|equals?|=)\s+[-$\\(\d][^\s,]*$",
    re.I,
)
_OPEN = "([{"
_CLOSE = ")]}"


def presplit(raw: str) -> str:
    """Formulas side by side (`$$7$$ $$10$$`) are blanks: put a semicolon between them. Works on raw text."""
    return _ADJACENT.sub(r"\1;\1", raw)


def labels(text: str) -> tuple[str, ...] | None:
    """The numbers of statements chosen: "1.3.4.", "(1)(3)" (a circled ① is "(1)" by now)."""
    return tuple(re.findall(r"\d", text)) if _LABELS.match(text.strip()) else None


def blanks(text: str, thousands: bool = True) -> tuple[list[str], bool]:
    """(blanks, free): `free` says they were joined by "or", so their order does not count. `text` is normalised."""
    parts: list[str] = []
    for marked in numbered(text) or [text]:
        for part in _cut(marked, ";\n"):
            parts.extend(_cut(part, ",", thousands))
    free = False
    found: list[str] = []
    for part in parts:
        pieces = [part] if _INEQUALITY.search(part) else by_words(part)
        free |= len(pieces) > 1 and bool(re.search(r"\bor\b|或", part, re.I))
        for piece in pieces:
            found.extend(_by_spaces(_LEADING_JOIN.sub("", piece) if len(parts) > 1 else piece))
    found = [f for f in (p.strip().rstrip(".").strip() for p in found) if f]
    if len(found) > 1 and any(_is_prose(f) for f in found) and not _MARK.match(text.strip()):
        return [text.strip()], False
    return found, free


def numbered(text: str) -> list[str] | None:
    """The parts behind marks (1), (2), … or "1. " line by line, in the order of their numbers; None without marks."""
    lines = [line for line in text.split("\n") if line.strip()]
    marked = [mark for line in lines if (mark := _LIST_MARK.match(line))]
    if len(lines) > 1 and [mark[1] for mark in marked] == [str(i) for i in range(1, len(lines) + 1)]:
        return [line[mark.end() :] for line, mark in zip(lines, marked, strict=True)]
    marks = list(_MARK.finditer(text))
    if len(marks) < 2 or text[: marks[0].start()].strip():
        return None
    numbers = [int(mark[1]) for mark in marks]
    if sorted(numbers) != list(range(1, len(marks) + 1)):
        marks = _ascending(marks)
        numbers = list(range(1, len(marks) + 1))
        if len(marks) < 2 or text[: marks[0].start()].strip():
            return None
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    parts = {
        number: text[mark.end() : end].strip(" ;,\n") for number, mark, end in zip(numbers, marks, ends, strict=True)
    }
    return [parts[number] for number in sorted(parts)]


def _ascending(marks: list[re.Match[str]]) -> list[re.Match[str]]:
    """The marks 1, 2, 3, … where they stand in that order; others belong to the text."""
    chosen: list[re.Match[str]] = []
    for mark in marks:
        if int(mark[1]) == len(chosen) + 1:
            chosen.append(mark)
    return chosen


def _cut(text: str, signs: str, thousands: bool = True) -> list[str]:
    """Cut at signs outside brackets; a comma between groups of three digits cuts only where not `thousands`."""
    if not any(s in text for s in signs):
        return [text]
    kept = (
        {m.start() + i for m in _THOUSANDS.finditer(text) for i, c in enumerate(m[0]) if c == ","}
        if thousands
        else set()
    )
    depth, start, parts = 0, 0, []
    for at, char in enumerate(text):
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth = max(0, depth - 1)
        elif char in signs and depth == 0 and at not in kept:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return parts


def by_words(text: str) -> list[str]:
    """The parts joined by "and" or "or" outside brackets; prose stays whole."""
    pieces, depth, start = [], 0, 0
    for match in _WORD_JOIN.finditer(text):
        between = text[start : match.start()]
        depth = sum(between.count(c) for c in _OPEN) - sum(between.count(c) for c in _CLOSE)
        if depth <= 0:
            pieces.append(between)
            start = match.end()
    pieces.append(text[start:])
    pieces = [p for p in pieces if p.strip()]
    return pieces if len(pieces) > 1 and not any(_is_prose(p) for p in pieces) else [text]


def _by_spaces(text: str) -> list[str]:
    """Numbers with nothing but white space between them."""
    if not _SPACED.search(text) or _MIXED.search(text) or _FORMULA.search(text) or "^" in text:
        return [text]
    return _SPACED.split(text)


def _is_prose(text: str) -> bool:
    """Many words that do not just name a value ("the second blank is 1")."""
    return not _STATEMENT.match(text.strip()) and len(re.findall(r"(?<!\\)\b[A-Za-z]{2,}\b", text)) > 3


def alternatives(gold: str) -> list[str]:
    """The golds a gold offers: "35/4 (or fill in 8.75)" is two, an "or" between equations too."""
    fill = re.match(r"(?s)^(.*?)[(（]\s*(?:or(?: fill in)?|or written as|也可)\s+(.*?)[)）]\s*\.?$", gold)
    if fill and fill[1].strip():
        return [fill[1].strip(), fill[2].strip()]
    parts = re.split(r"\s*\bor\b\s*", latex(gold))
    if len(parts) > 1 and all(
        "=" in p and re.search(r"[A-Za-z]{2}|\\angle", p.partition("=")[0] + p.partition("=")[2]) for p in parts
    ):
        return [gold, *parts]
    return [gold]
