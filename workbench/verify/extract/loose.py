"""For benchmarks whose scorers read prose: the option named, a number in bold, what "there are" counts, a number."""

import re

from workbench.verify.extract.candidates import Candidate
from workbench.verify.extract.denials import bounded, denied, doubtful, hedged
from workbench.verify.extract.sentences import miscounts, sentence_spans, unit_length
from workbench.verify.normalize.styling import unprinted

REACH = 2_000
_OPTION = re.compile(r"(?<![\w(])\(([A-H])\)|\b(?:option|choice|answer) \(?([A-H])\b\)?", re.I)
_DENIAL = re.compile(r"\b(?:not|cannot|no|never|none|neither|impossible|unable|false)\b|n't\b", re.I)
_BOLD = re.compile(r"\*\*\s*(-?\$?\d[\d,]*(?:\.\d+)?%?)[^*\n]{0,20}\*\*")
_THERE_ARE = re.compile(
    r"\bthere (?:are|is|were|was)(?: only| a total of| exactly)? "
    r"(\d+|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b(?!\s*(?:-|%|\.\d))",
    re.I,
)
_NUMBER = re.compile(r"(?<![\w.])(?<!-\()(-?\$?\d[\d,]*(?:\.\d+)?%?)(?![\w])")
_NUMBERED = re.compile(r"\b(?:question|problem|figure|step|case|exercise|equation|part|option|no\.|page|#)\s*$", re.I)
_ONLY_SIDE = re.compile(
    r"\W*(?:sure|ok(?:ay)?|maybe|hello|hi|thanks?|thank you|please|well|hmm+|i see|of course|certainly)\W*$", re.I
)


def loosely(response: str, start: int, end: int, choices: tuple[str, ...] | None) -> Candidate | None:
    """The option or number that [start, end) names last without taking it back; None where it knows of none."""
    start += len(response[start:end]) - len(response[start:end].lstrip())
    end = start + len(response[start:end].rstrip())
    tail = max(start, end - REACH)
    spans = sentence_spans(response, tail, end)
    if spans and doubtful(response[slice(*spans[-1])]):
        return None
    if choices:
        return _option(response, start, end, choices)
    hidden = unprinted(response[tail:end])
    for pattern in (_BOLD, _THERE_ARE, _NUMBER):
        matches = [
            m for m in pattern.finditer(response, tail, end) if not any(a <= m.start() - tail < b for a, b in hidden)
        ]
        if matches:
            number = matches[-1]
            if _taken_back(response, number, tail, end) or (spans and miscounts(response[slice(*spans[-1])])):
                return None
            first, last = number.start(1), number.start(1) + len(number[1].rstrip(","))
            last += unit_length(response[last:end])
            return Candidate(response[first:last], "loose_number", (first, last))
    return None


def _taken_back(response: str, match: re.Match[str], start: int, end: int) -> bool:
    before, after = response[start : match.start()], response[match.end() : end]
    return (
        denied(before, after)
        or bounded(before, after)
        or hedged(after)
        or bool(_NUMBERED.search(before[-20:]))
        or _only_denied_before(before)
    )


def _only_denied_before(before: str) -> bool:
    """Whether nothing but a denial leads to the value: "Not 12"."""
    return bool(re.match(r"\W*(?:not|no)\W*$", before, re.I))


def _option(response: str, start: int, end: int, choices: tuple[str, ...]) -> Candidate | None:
    options = list(_OPTION.finditer(response, start, end))
    if options:
        named = options[-1]
        spans = sentence_spans(response, max(start, named.start() - 1_000), end)
        a, b = next(((a, b) for a, b in spans if a <= named.start() < b), (start, end))
        others = {(m[1] or m[2]).upper() for m in options if a <= m.start() < b}
        if len(others) > 1 or _option_denied(response[a : named.start()], response[named.end() : b]):
            return None
        return Candidate((named[1] or named[2]).upper(), "loose_option", named.span())
    text = response[start:end]
    lower = text.lower()
    hits = [(lower.rfind(c.lower()), c) for c in choices if c.strip() and _mentions(lower, c.lower())]
    if len(hits) == 1 and len(lower) == len(text):
        at, choice = hits[0]
        if _option_denied(text[:at], text[at + len(choice) :]):
            return None
        return Candidate(choice, "loose_option", (start + at, start + at + len(choice)))
    return _side_taken(response, start, end, choices)


def _option_denied(before: str, after: str) -> bool:
    return denied(before, after) or bool(
        re.search(r"\bno (?:answer|idea|opinion)\b|\b(?:any|none|neither) of\b", before, re.I)
    )


def _side_taken(response: str, start: int, end: int, choices: tuple[str, ...]) -> Candidate | None:
    """Yes or no (true or false) of a statement made instead of it: a denial is no, an interjection neither."""
    sides = {c.strip().lower(): c for c in choices}
    text = response[start:end]
    if doubtful(text[-REACH:]) or _ONLY_SIDE.match(text) or len(text.split()) < 3:
        return None
    for yes, no in (("yes", "no"), ("true", "false")):
        if set(sides) == {yes, no}:
            side = no if _DENIAL.search(response, max(start, end - REACH), end) else yes
            return Candidate(sides[side], "loose_statement", (start, end))
    return None


def _mentions(text: str, choice: str) -> bool:
    at = text.rfind(choice)
    if at < 0:
        return False
    before, after = text[at - 1 : at], text[at + len(choice) : at + len(choice) + 1]
    return not (before.isalnum() or after.isalnum())
