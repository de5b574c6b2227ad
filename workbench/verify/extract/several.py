"""A sentence that states every blank: "The maximum is 2 and the minimum is 1"."""

import re

from workbench.verify.extract.candidates import Candidate, trimmed
from workbench.verify.extract.denials import asks, doubtful
from workbench.verify.extract.sentences import sentence_spans
from workbench.verify.formula.tokens import TooBig
from workbench.verify.read.items import Item, Multi, Words
from workbench.verify.read.reader import read

MAX_SENTENCE = 300
_LEAD = re.compile(r"[\s*#>]*(?:(?:so|thus|hence|therefore|then|finally)\b|所以|因此|故)[\s,:，：]*", re.I)


def several(response: str, start: int, end: int, blanks: int) -> Candidate | None:
    """The last sentence of [start, end) where it reads as exactly `blanks` values, each with its name; else None."""
    spans = sentence_spans(response, start, end)
    if blanks < 2 or not spans or spans[-1][1] - spans[-1][0] > MAX_SENTENCE:
        return None
    first, last = spans[-1]
    lead = _LEAD.match(response[first:last])
    first += lead.end() if lead else 0
    candidate = trimmed(response, first, last, "conclusion")
    if candidate is None or asks(candidate.text) or doubtful(candidate.text):
        return None
    return candidate if _count(candidate.text) == blanks else None


def _count(text: str) -> int:
    try:
        item: Item = read(text)
    except (TooBig, RecursionError):
        return 0
    return len(item.items) if isinstance(item, Multi) and not any(isinstance(i, Words) for i in item.items) else 0
