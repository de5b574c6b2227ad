"""Which side a short reply takes, yes or no, and whether the rest of it stands by that."""

import re

_SIDES = {"yes": "yes", "true": "yes", "no": "no", "false": "no"}
_HEAD = re.compile(r"^\W*(yes|no|true|false)\b[\s,.;:!-]*(.*?)[\s.!\"')]*$", re.I | re.S)
_TAIL = re.compile(
    r"^(?:it|they|he|she|this|that|there|these|those|we|you|i|the [\w ]{1,30}?|[a-z]+)\s+"
    r"(?:is|are|was|were|does|do|did|can|could|will|would|has|have|had|must)\s*(?P<denied>not\b|n't\b)?"
    r"(?P<rest>[\w ]{0,30})$"
    r"|^(?P<why>because|since)\b[^.!?;\n]{3,120}$"
    r"|^(?P<short>isn't|aren't|doesn't|don't|didn't|can't|cannot|won't)\b[\w ]{0,30}$|^(?P<shorter>not [\w ]{1,30})$",
    re.I,
)
_HEDGE = re.compile(
    r"\b(?:if|but|maybe|perhaps|possibly|probably|unless|or|also|sometimes|otherwise|depends?|unsure|sure|idea|yes|no|true"
    r"|false|not|never|only|when)\b",
    re.I,
)


def reply(text: str) -> str | None:
    """ "yes" or "no" for a reply that takes a side and stands by it ("No, it does not"), None for any other text."""
    head = _HEAD.match(text.strip())
    if not head:
        return None
    side = _SIDES[head[1].lower()]
    tail = head[2].replace("’", "'")
    if not tail:
        return side
    clause = _TAIL.match(tail)
    if not clause:
        return None
    if clause["why"]:
        return None if _HEDGE.search(tail) else side
    rest = clause["rest"] or ""
    denied = bool(clause["denied"] or clause["short"] or clause["shorter"])
    if _HEDGE.search(rest) or denied != (side == "no"):
        return None
    return side
