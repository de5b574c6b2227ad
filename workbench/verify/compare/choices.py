"""Which options an answer picks: by letter, by a letter with its text, or by an option's text alone."""

import re
from dataclasses import replace
from functools import lru_cache

from workbench.verify.compare.equality import equal
from workbench.verify.compare.scalars import Settings
from workbench.verify.extract.denials import asks, denied, doubtful
from workbench.verify.extract.options import LETTERS, asserted, letters_of, mentions, taken_back
from workbench.verify.extract.sentences import words
from workbench.verify.formula.tokens import TooBig
from workbench.verify.normalize.latex import latex, text_key
from workbench.verify.profiles import Profile
from workbench.verify.read.items import Item
from workbench.verify.read.letters import letters
from workbench.verify.read.reader import read
from workbench.verify.read.scalars import is_plain_number

_LED = re.compile(
    r"^(?:the\s+)?(?:correct\s+)?(?:option|choice|answer|point|figure|graph|picture|image|选项?)?\s*(?:is\s+)?"
    r"(?:\(\s*([A-J])\s*\)|\[\s*([A-J])\s*\]|([A-J])(?=\s*[.:)、,]|\s*$|\s+[-=–—]))\s*(?P<rest>[.:)、,=–—-]*\s*.*)$",
    re.S | re.I,
)
_NAMED = re.compile(
    r"^(?:the\s+)?(?:correct\s+)?(?:option|choice|answer|figure|graph|picture|image|diagram|situation|scenario"
    r"|statement|选项?)\s*\(?([A-J])\)?\s*$",
    re.I,
)
_ENDED = re.compile(r"^(.+?)\s*\(([A-J])\)$", re.S)
_MORE_LETTERS = re.compile(r"(?:\(?[A-J]\)?(?:[\s,;&]+(?:and\b|or\b)?\s*|$)|(?:and|or)\b\s*)+", re.I)
_FORMULA = re.compile(r"\\[a-z]+|\d")
_WORD = re.compile(r"(?<![\\A-Za-z])[a-z]{2,}|[\u4e00-\u9fff]")
_JOINED = re.compile(r"^\(?[A-J]\)?\s*[,、;=]\s*(.*)$", re.S)
_HEDGE = re.compile(
    r"\b(?:or|maybe|perhaps|possibly|either|also|might|could|not sure|neither|unless|and|wait|actually|no)\b", re.I
)


def pick(text: str, choices: tuple[str, ...] | None, s: Settings) -> frozenset[str] | None:
    """The letters picked, None where the text picks nothing; several letters for a hedge."""
    size = len(choices) if choices else len(LETTERS)
    if len(text) == 1 and text in LETTERS[:size]:
        return frozenset(text)
    if is_plain_number(text):
        by_value = _by_text(text, choices, s) if choices and s.profile.option_text else None
        return frozenset(by_value) if by_value else None
    clean = latex(text).strip(" .\"'_*")
    pure = letters(clean)
    if pure and all(ord(c) - 65 < size for c in pure):
        return pure
    if re.fullmatch(f"[{LETTERS[:size]}]{{2,6}}", clean) and len(set(clean)) == len(clean):
        return frozenset(clean)  # in any order: CA
    named = _NAMED.match(clean)
    if named:
        return frozenset(named[1].upper())
    if words(clean) > 8 and asks(clean):
        return None
    joined = _JOINED.match(clean)
    if joined and _FORMULA.search(joined[1]) and not _WORD.search(joined[1]):
        own = _by_text(joined[1], choices, s) if choices else None
        return frozenset(own) if own and own == clean.strip("( ")[0] else None  # a list or chain of formulas
    led = _LED.match(clean)
    if led:
        return _led(led, choices, s)
    by_text = _by_text(clean, choices, s) if choices and s.profile.option_text else None
    if by_text:
        return frozenset(by_text)
    spans = asserted(clean)
    if spans:
        return frozenset(letter for a, b in spans for letter in letters_of(clean[a:b]))
    ended = _ENDED.match(clean)
    if ended and not _HEDGE.search(clean) and not doubtful(clean) and not denied(ended[1] + " ", ""):
        return frozenset(ended[2])
    # "C 45": a letter followed by its own option's text.
    if choices and len(clean) > 2 and clean[1] == " " and _by_text(clean[2:], choices, s) == clean[0]:
        return frozenset(clean[0])
    return None


def _led(led: re.Match[str], choices: tuple[str, ...] | None, s: Settings) -> frozenset[str] | None:
    """A letter with something behind it: more letters, its own text, a reason, or words that take it back."""
    letter = (led[1] or led[2] or led[3]).upper()
    size = len(choices) if choices else len(LETTERS)
    rest = led["rest"].lstrip(".:)、,=–—- ")
    if ord(letter) - 65 >= size or taken_back(led["rest"]) or taken_back(rest):
        return None
    own = _by_text(rest, choices, s) if choices and rest else None
    if led[3] and not led[3].isupper() and own != letter:
        return None
    if choices is None and (led[1] or led[2]) and re.match(r"\s+[A-J]\b", led["rest"]):
        return frozenset(letter)  # "(B) A, D and F": letters are what the option says
    if _MORE_LETTERS.fullmatch(rest):
        return frozenset({letter, *re.findall(f"[{LETTERS}]", re.sub("AND|OR", "", rest.upper()))})
    others = {rest[a:b] for a, b in mentions(rest)} - {letter}
    sign = led["rest"].lstrip()[:1]
    if sign == "=" and others:
        return frozenset({letter} | others)
    if others and (_HEDGE.search(rest) or (choices is None and len(rest) < 12)):
        return frozenset({letter} | others)
    return frozenset({letter, own} if own else {letter})


def _by_text(text: str, choices: tuple[str, ...], s: Settings) -> str | None:
    """The letter of the one option whose text this is, by writing or else by value."""
    key = text_key(text)
    hits = [i for i, k in enumerate(_keys(choices)) if key and k == key]
    if not hits and len(text) <= 200 and any(c.isdigit() or c == "\\" for c in text):
        try:
            item = read(text)
            values = _values(choices)
            # Options are told apart exactly: √3:7 is no 1:4, however a profile rounds.
            exactly = Settings(_exact(s.profile), s.symbolic, None, s.tolerance, s.unit, s.ordered)
            for settings in (exactly,) if exactly == s else (exactly, s):
                hits = hits or [i for i, value in enumerate(values) if equal(value, item, settings)]
        except TooBig:
            return None
    return chr(65 + hits[0]) if len(hits) == 1 else None


# Every answer to a problem is held against the same few options.
@lru_cache(maxsize=4096)
def _keys(choices: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(text_key, choices))


@lru_cache(maxsize=4096)
def _values(choices: tuple[str, ...]) -> tuple[Item, ...]:
    return tuple(map(read, choices))


@lru_cache
def _exact(profile: Profile) -> Profile:
    return replace(profile, closeness="relative")
