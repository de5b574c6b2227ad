"""Inequalities in words and with exceptions: "at least 3", "between 3 and 5", `m ≥ -1 and m ≠ 0`, "otherwise"."""

import re
from fractions import Fraction

from workbench.verify.formula.algebra import exact
from workbench.verify.formula.numeric import real
from workbench.verify.read.items import Interval, Piece, Scalar

_SUBJECT = (
    r"^(?:(?P<name>[a-zA-Z])\s+|(?:the\s+)?(?:number|values?|answer|it)\s+)?"
    r"(?:(?:is|are|must be|should be|can be|lies|ranges)\s+)?"
)
_COMPARED = {
    ">=": r"at least|(?:no|not) (?:less|fewer|smaller|lower) than|a minimum of|(?:greater|more|larger) than or equal to"
    "|不小于|不少于|不低于|至少为?|大于或?等于",
    "<=": r"at most|(?:no|not) (?:more|greater|larger|higher) than|not exceeding|a maximum of|up to"
    "|(?:less|smaller|fewer) than or equal to|不大于|不多于|不高于|不超过|至多为?|小于或?等于",
    ">": "(?:strictly )?(?:greater|more|larger|bigger|higher) than|above|over|exceed(?:s|ing)|大于|超过|多于|高于",
    "<": "(?:strictly )?(?:less|smaller|fewer|lower) than|below|under|小于|少于|低于",
    "!=": "not equal to|不等于",
}
_COMPARISON = [
    (re.compile(f"{_SUBJECT}(?:{words})\\s*(?P<bound>.+)$", re.I | re.S), sign) for sign, words in _COMPARED.items()
]
_AFTER = [
    (re.compile(r"^(.*\d[^a-z]*)\s*(?:or|and) (?:more|greater|above|larger|higher|over|up)$", re.I), ">="),
    (re.compile(r"^(.*\d[^a-z]*)\s*(?:or|and) (?:less|fewer|below|smaller|lower|under)$", re.I), "<="),
]
_BETWEEN = re.compile(
    rf"{_SUBJECT}(?:(?P<strict>strictly )?between\s+(?P<low>.+?)\s+and\s+(?P<high>.+?)"
    r"|from\s+(?P<start>.+?)\s+to\s+(?P<end>.+?)|在\s*(?P<cl>.+?)\s*(?:和|与|到|至)\s*(?P<ch>.+?)\s*之间)"
    r"(?:\s*[,(]?\s*(?P<how>including both"
    r"|(?:both )?(?:ends |endpoints )?(?:included|excluded|inclusive|exclusive))\)?)?$",
    re.I | re.S,
)
_SIGN = {">=": "\\ge", "<=": "\\le", ">": ">", "<": "<", "!=": "\\ne"}
_SAYS = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2}|[\u4e00-\u9fff]")  # words, not commands
MAX_PHRASE = 120


def in_signs(text: str) -> str | None:
    """The inequality that a phrase states, written with signs ("x" where it names nothing); None for other texts."""
    if len(text) > MAX_PHRASE or not _SAYS.search(text):
        return None
    between = _BETWEEN.match(text)
    if between:
        return _between(between)
    for pattern, op in _COMPARISON:
        compared = pattern.match(text)
        if compared and _is_bound(compared["bound"]):
            return f"{compared['name'] or 'x'} {_SIGN[op]} {compared['bound']}"
    for pattern, op in _AFTER:
        bound = pattern.match(text)
        if bound and _is_bound(bound[1]):
            return f"x {_SIGN[op]} {bound[1]}"
    return None


def _between(match: re.Match[str]) -> str | None:
    """ "between 3 and 5" leaves the ends out, "from 3 to 5" and "inclusive" do not."""
    low, high = (match["low"] or match["start"] or match["cl"]), (match["high"] or match["end"] or match["ch"])
    how = (match["how"] or "").lower()
    closed = "inclu" in how or (match["start"] is not None and "exclu" not in how)
    if not _is_bound(low) or not _is_bound(high) or (match["strict"] and closed):
        return None
    sign = "\\le" if closed else "<"
    return f"{low} {sign} {match['name'] or 'x'} {sign} {high}"


def _is_bound(text: str) -> bool:
    """A number with at most a unit behind it, never a sentence."""
    return bool(re.search(r"\d|\\(?:pi|sqrt|infty)", text)) and len(re.findall(r"(?<!\\)\b[A-Za-z]{3,}", text)) <= 1


End = tuple[Fraction, Scalar] | None
Ends = tuple[End, End]


def _ends(piece: Piece) -> Ends | None:
    """The ends with their values, None for an infinite one; nothing where an end is no number."""
    ends: list[End] = []
    for end in (piece.low, piece.high):
        if end is None:
            ends.append(None)
            continue
        value = real(end.tree, exact(end.tree)) if end.tree is not None else None
        if value is None:
            return None
        ends.append((value, end))
    return ends[0], ends[1]


def common(first: Interval, second: Interval, text: str) -> Interval | None:
    """The numbers that are in both, None where an end is no number or nothing is left."""
    if first.name and second.name and first.name != second.name:
        return None
    pieces: list[tuple[Fraction | None, Piece]] = []
    for a in first.pieces:
        for b in second.pieces:
            ends = _ends(a), _ends(b)
            if ends[0] is None or ends[1] is None:
                return None
            piece = _overlap(a, b, ends[0], ends[1])
            if piece:
                pieces.append(piece)
    # An end at minus infinity comes first.
    pieces.sort(key=lambda pair: (pair[0] is not None, pair[0] or 0))
    solved = first.solved and second.solved
    return Interval(text, tuple(p for _, p in pieces), first.name or second.name, solved) if pieces else None


def _overlap(
    a: Piece, b: Piece, ends_a: tuple[End, End], ends_b: tuple[End, End]
) -> tuple[Fraction | None, Piece] | None:
    (low_a, high_a), (low_b, high_b) = ends_a, ends_b
    # The higher of the lower ends and the lower of the upper ones; at equal ends an open one wins.
    low, low_closed = max(
        (low_a, a.low_closed), (low_b, b.low_closed), key=lambda e: (e[0] is not None, e[0][0] if e[0] else 0, not e[1])
    )
    high, high_closed = min(
        (high_a, a.high_closed), (high_b, b.high_closed), key=lambda e: (e[0] is None, e[0][0] if e[0] else 0, e[1])
    )
    if low and high and (low[0] > high[0] or (low[0] == high[0] and not (low_closed and high_closed))):
        return None
    return low and low[0], Piece(low and low[1], low_closed, high and high[1], high_closed)


def complement(intervals: list[Interval]) -> Interval | None:
    """The numbers in none of the intervals, None where an end is no number or nothing is left."""
    rest: Interval | None = Interval("", (Piece(None, False, None, False),))
    for interval in intervals:
        for piece in interval.pieces:
            outside = []
            if piece.low is not None:
                outside.append(Piece(None, False, piece.low, not piece.low_closed))
            if piece.high is not None:
                outside.append(Piece(piece.high, not piece.high_closed, None, False))
            rest = common(rest, Interval("", tuple(outside)), "") if rest and outside else None
    return rest
