"""Brackets and signs in text: what closes where, outer dressing, and the two readings of ±."""

import re
from itertools import product

BOTH_SIGNS = re.compile(r"\\(pm|mp)(?![a-zA-Z])")


def trim(text: str) -> str:
    text = text.strip().strip('"').strip()
    while text.endswith((".", ",", ";", "?")) and not text.endswith("..."):
        text = text[:-1].rstrip()
    text = text.rstrip("\\ ")
    while len(text) > 2 and text[0] == "{" and closing(text, 0) == len(text) - 1:
        if "," in text or "|" in text:
            return "\\" + text[:-1] + "\\}"  # a set written without backslashes
        text = text[1:-1].strip()
    return text


def closing(text: str, start: int) -> int:
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


def closes_unevenly(text: str) -> bool:
    """Whether some bracket has no partner (by count alone)."""
    return any(text.count(o) != text.count(c) for o, c in ("()", "[]", "{}"))


def both_signs(parts: list[str], coupled: bool) -> list[str]:
    """Each part with ± or ∓ as its readings; a name before an equals sign stays with all of them.

    The signs of one number go together, those of a tuple's numbers only where they are `coupled` or ∓ says so.
    """
    readings: list[str] = []
    for part in parts:
        signs = BOTH_SIGNS.findall(part)
        if not signs:
            readings.append(part)
        elif 1 < len(signs) <= 4 and set(signs) == {"pm"} and is_tuple(part) and not coupled:
            pieces = re.split(r"\\pm(?![a-zA-Z])", part)
            for choice in product("+-", repeat=len(signs)):
                readings.append("".join(a + b for a, b in zip(pieces, [*choice, ""], strict=True)))
        else:
            for plus, minus in (("+", "-"), ("-", "+")):
                readings.append(BOTH_SIGNS.sub(lambda m, p=plus, n=minus: p if m[1] == "pm" else n, part))  # type: ignore[misc]
    return readings


def is_tuple(text: str) -> bool:
    return text.startswith("(") and closing(text, 0) == len(text) - 1 and "," in text
