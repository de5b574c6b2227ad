"""A sentence that states several values, each with its name: "The maximum is 2 and the minimum is 1"."""

import re

from workbench.verify.extract.candidates import Candidate, trimmed
from workbench.verify.extract.denials import asks, doubtful
from workbench.verify.extract.sentences import sentence_spans
from workbench.verify.formula.tokens import TooBig
from workbench.verify.read.items import Multi, Relation
from workbench.verify.read.reader import read

MAX_SENTENCE = 300
_LEAD = re.compile(
    r"[\s*#>]*(?:(?:(?:so|thus|hence|therefore|then|finally)\b|所以|因此|故)[\s,:，：]*)?"
    r"(?:(?:the|its|all|we get|we have)?\s*(?:[a-z]{3,} ){1,4}(?:is|are):?\s+(?=[$\\(]*[A-Za-z]\w*\s*=))?",
    re.I,
)
_NAMES = re.compile(
    r"[=<>:≈≤≥≠±∓(]|\\(?:le|ge|ne|lt|gt|pm|mp|approx|equiv|in|simeq|thickapprox)|\b(?:is|are|was|were|equals?|takes?|costs?|needs?|has"
    r"|have|weighs?|measures?)\b",
    re.I,
)
_CONCLUDES = re.compile(r"\b(?:so|thus|hence|therefore|then|since|because|if|when)\b|所以|因此", re.I)


def several(response: str, start: int, end: int) -> Candidate | None:
    """The last sentence of [start, end) where it reads as nothing but values with their names; else None."""
    spans = sentence_spans(response, start, end)
    if not spans or spans[-1][1] - spans[-1][0] > MAX_SENTENCE:
        return None
    first, last = spans[-1]
    lead = _LEAD.match(response[first:last])
    candidate = trimmed(response, first + (lead.end() if lead else 0), last, "conclusion")
    if candidate and ("$$" in candidate.text or "\\[" in candidate.text):
        return None  # steps on lines of their own
    if candidate is None or asks(candidate.text) or doubtful(candidate.text) or _CONCLUDES.search(candidate.text):
        return None
    return candidate if _may_name(candidate.text) and _all_named(candidate.text) else None


def _may_name(text: str) -> bool:
    """Whether there are as many verbs and relation signs as two named values need; ± and (p, q) = … need one."""
    return len(_NAMES.findall(text)) > 1


def _all_named(text: str) -> bool:
    try:
        item = read(text)
    except (TooBig, RecursionError):
        return False
    return isinstance(item, Multi) and len(item.items) > 1 and all(isinstance(i, Relation) for i in item.items)
