"""Answers that need no close reading: a bare number, letter or word, with its dot or brackets."""

import re

from workbench.verify.extract.candidates import Candidate, Extraction

_LONGEST = 30
_BARE = re.compile(
    r"\s*([-+]?[0-9]{1,12}(?:\.[0-9]{1,12}|/[0-9]{1,12})?\.?|\(?[A-Z]\)|[A-Z]\.?|[A-Za-z]{2,15}[0-9]{0,3})\s*"
)


def at_a_glance(response: str) -> Extraction | None:
    """What the general rules extract from a response that is nothing but a number, letter or word; else None."""
    if len(response) > _LONGEST:
        return None
    bare = _BARE.fullmatch(response)
    return Extraction((Candidate(bare[1], "bare", bare.span(1)),)) if bare else None
