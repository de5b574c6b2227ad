"""Whether a question asks for several values in a certain order."""

import re
from functools import lru_cache

from workbench.verify.normalize.latex import unify

MAX_QUESTION = 20_000

# A gap to be filled: ____, \_\_\_, \underline{\qquad}, ( ), ▲, or an equals sign with nothing behind it.
_BLANK = re.compile(
    r"(?:\\?_\s?){2,}|\\underline\s*\{[\s~\\a-z]{0,40}(?:\{[^{}]{0,12}\}[\s~\\a-z]{0,20})?\}|\\qquad|\([\s~]{0,20}\)|▲"
    r"|=[\s$\\)]{0,6}[,;.](?!\d)"
)
_ASKS = re.compile(
    r"\b(?:find|what|which|how|determine|calculate|compute|solve|write|state|give|fill|list|name|answers?)\b|求|写出|填|[?？]",
    re.I,
)
_SENTENCE_END = re.compile(r"(?<=[.?!;])\s+|\n|。|；")
_SEQUENCE = re.compile(
    r"\brespectively\b|分别|依次|先后|\bin (?:that|this|the (?:same|given|following|stated|correct)) order\b"
    r"|\bin (?:ascending|descending|increasing|decreasing|alphabetical|chronological)(?: numerical)? order\b"
    r"|\bin order\b"
    r"|\bfrom (?:the )?(?:least|smallest|lowest|shortest|greatest|largest|highest|longest|left) to\b"
    r"|从(?:小到大|大到小|左到右|左至右)|按[^。;]{0,12}(?:顺序|次序)",
    re.I,
)
_NUMBERED = re.compile(r"(?<![A-Za-z\d)_^}])\(\s*([1-9]|[a-h]|i{1,3}|iv)\s*\)")
_PART = re.compile(r"\b(?:part|question|blank)s?\s+([1-9]|[A-Ha-h])\b", re.I)
_FIRST_TWO = ({"1", "2"}, {"a", "b"}, {"i", "ii"})
_NAME = r"[$\\(]{0,3}\s*%s[A-Za-z]{1,2}(?![A-Za-z])(?:\$?_\{?\w{1,8}\}?)?"
# "the values of a and b", "the coordinates of points B and D": each name has its own value.
_NAMES = re.compile(
    r"(?:\b(?:find|determine|compute|calculate|solve for|what (?:is|are))|\b(?:values?|lengths?|measures?|areas?|"
    r"coordinates|sizes?) of|求)\s*(?:both\s+)?(?:(?:point|segment|angle|side)s?\s+)?(?P<first>"
    + _NAME % r"(?:\\angle\s*)?"
    + r")\s*[$\\)]{0,3}\s*(?:,|and\b|和|与|及)\s*(?:(?:point|segment|angle|side)s?\s+)?(?P<second>"
    + _NAME % r"(?:\\angle\s*)?"
    + r")"
)


@lru_cache(maxsize=4096)
def asks_in_order(question: str | None) -> bool:
    """Whether the order of an answer's values counts: several blanks or parts, "respectively", several named values."""
    if not question:
        return False
    text = unify(question[:MAX_QUESTION])
    if len(_BLANK.findall(text)) > 1 or text.count("?") > 1 or _asks_for_sequence(text):
        return True
    for mark in (_NUMBERED, _PART):
        marks = {m[1].lower() for m in mark.finditer(text)}
        if any(first_two <= marks for first_two in _FIRST_TWO):
            return True
    names = _NAMES.search(text)
    return names is not None and names["first"].strip(" $\\(") != names["second"].strip(" $\\(")


def _asks_for_sequence(text: str) -> bool:
    """Whether a sentence that asks says so: "points D and E lie on AB and AC, respectively" is only told."""
    if not _SEQUENCE.search(text):
        return False
    sentences = [s for s in _SENTENCE_END.split(text) if s.strip()]
    asking = [s for s in sentences if _ASKS.search(s) or _BLANK.search(s)] + sentences[-1:]
    return any(_SEQUENCE.search(s) for s in asking)
