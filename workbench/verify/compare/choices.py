"""Which options an answer picks: by letter, by a letter with its text, or by an option's text alone."""

import re
from dataclasses import replace

from workbench.verify.compare.equality import equal
from workbench.verify.compare.scalars import Settings
from workbench.verify.formula.tokens import TooBig
from workbench.verify.normalize.latex import latex, text_key
from workbench.verify.read.letters import letters
from workbench.verify.read.reader import read

_LED = re.compile(
    r"^(?:the\s+)?(?:correct\s+)?(?:option|choice|answer|point|figure|graph|picture|image|选项?)?\s*(?:is\s+)?"
    r"(?:\(\s*([A-H])\s*\)|\[\s*([A-H])\s*\]|([A-H])(?=\s*[.:)、,]|\s*$|\s+[-=]))\s*[.:)、,=-]*\s*(.*)$",
    re.S | re.I,
)
_NAMED = re.compile(
    r"^(?:the\s+)?(?:correct\s+)?(?:option|choice|answer|figure|graph|picture|image|选项?)\s*\(?([A-H])\)?\s*$", re.I
)
_ENDED = re.compile(r"^(.+?)\s*\(([A-H])\)$", re.S)
_MORE_LETTERS = re.compile(r"(?:\(?[A-H]\)?(?:[\s,;&]+(?:and\b|or\b)?\s*|$)|(?:and|or)\b\s*)+", re.I)
_LONE = re.compile(r"(?<![A-Za-z\\])([A-H])(?![A-Za-z'])")
_HEDGE = re.compile(r"\b(?:or|maybe|perhaps|possibly|either|also|might|could|not sure|not|neither|unless)\b", re.I)


def pick(text: str, choices: tuple[str, ...] | None, s: Settings) -> frozenset[str] | None:
    """The letters picked, None where the text picks nothing; several letters for a hedge."""
    size = len(choices) if choices else 8
    if len(text) == 1 and text in "ABCDEFGH"[:size]:
        return frozenset(text)
    clean = latex(text).strip(" .\"'")
    pure = letters(clean)
    if pure and all(ord(c) - 65 < size for c in pure):
        return pure
    named = _NAMED.match(clean)
    if named:
        return frozenset(named[1].upper())
    if _HEDGE.search(clean) and not (choices and _by_text(clean, choices, s)):
        several = set(_LONE.findall(clean))
        return frozenset(several) if len(several) > 1 else None
    led = _LED.match(clean)
    if led:
        letter = (led[1] or led[2] or led[3]).upper()
        others = set(_LONE.findall(led[4])) - {letter}
        if _MORE_LETTERS.fullmatch(led[4].strip()):
            others = set(re.findall("[A-H]", re.sub("AND|OR", "", led[4].upper()))) - {letter}
        if choices is None or _MORE_LETTERS.fullmatch(led[4].strip()):
            return frozenset({letter} | others) if led[1] or led[2] or (led[3] or "").isupper() else None
        if ord(letter) - 65 < size and (led[1] or led[2] or led[3].isupper()):
            by_text = _by_text(led[4], choices, s) if led[4].strip() else None
            return frozenset({letter}) if by_text in (None, letter) else frozenset({letter, by_text})
    if choices and s.profile.option_text:
        found = _by_text(clean, choices, s)
        if found:
            return frozenset({found})
    ended = _ENDED.match(clean)
    if ended:
        return frozenset({ended[2]})
    # "C 45": a letter followed by its own option's text.
    if choices and len(clean) > 2 and clean[1] == " " and _by_text(clean[2:], choices, s) == clean[0]:
        return frozenset({clean[0]})
    return None


def _by_text(text: str, choices: tuple[str, ...], s: Settings) -> str | None:
    """The letter of the one option whose text this is, by writing or else by value."""
    key = text_key(text)
    hits = [i for i, c in enumerate(choices) if key and text_key(c) == key]
    if not hits and len(text) <= 200 and any(c.isdigit() or c == "\\" for c in text):
        try:
            item = read(text)
            values = [read(c) for c in choices]
            # Options are told apart exactly: √3:7 is no 1:4, however a profile rounds.
            exactly = replace(s, profile=replace(s.profile, closeness="relative"), precision=None)
            for settings in (exactly,) if exactly == s else (exactly, s):
                hits = hits or [i for i, value in enumerate(values) if equal(value, item, settings)]
        except TooBig:
            return None
    return chr(65 + hits[0]) if len(hits) == 1 else None
