"""Answers that need no close reading: bare, in a box that ends the response, or announced in its last sentence."""

import re

from workbench.verify.extract.boxes import read_box
from workbench.verify.extract.candidates import Candidate, Extraction
from workbench.verify.extract.surroundings import stands_alone
from workbench.verify.extract.window import is_undivided

_LONGEST = 30
_BARE = re.compile(
    r"\s*([-+]?[0-9]{1,12}(?:\.[0-9]{1,12}|/[0-9]{1,12})?\.?|\(?[A-Z]\)|[A-Z]\.?|[A-Za-z]{2,15}[0-9]{0,3})\s*"
)
_REACH = 80
# Behind a line that ends in a mark, so that no word before can deny or suppose what is announced.
_ANNOUNCED = re.compile(
    r"(?:[^\w\s]\s*\n\s*|[.;:]\s+)(?:(?:Therefore|So|Thus|Hence),? )?[Tt]he (?:final |correct )?answer is:? "
    r"(?:(?P<letter>\([A-J]\))|(?P<number>-?[0-9]{1,9}))\.?\s*\Z"
)
_OPTION_MARK = re.compile(r"[\s*•-]*\(?[A-Ja-j][).:]\s")


def at_a_glance(response: str, lettered: bool) -> Extraction | None:
    """What the general rules extract from a response of one of the plain forms, None for any other.

    `lettered` says that the gold is an option's letter.
    """
    if len(response) <= _LONGEST:
        bare = _BARE.fullmatch(response)
        if bare:
            return Extraction((Candidate(bare[1], "bare", bare.span(1)),))
    candidate = _last_box(response) if "ox" in response else _last_sentence(response, lettered)
    return Extraction((candidate,)) if candidate and is_undivided(response) else None


def _last_box(response: str) -> Candidate | None:
    """The content of the only box, where nothing but the end of its formula follows."""
    at = response.find("\\boxed{")
    if at < 0 or response.find("ox") != at + 2 or response.find("ox", at + 3) >= 0:
        return None
    box = read_box(response, at, at + 6, len(response))
    if not box.closed or box.empty or not stands_alone(response, box, 0, len(response)):
        return None
    return Candidate(box.text, "boxed", box.inside)


def _last_sentence(response: str, lettered: bool) -> Candidate | None:
    """The letter or number of a last sentence "The answer is …"; among options a number may not be what is meant."""
    announced = _ANNOUNCED.search(response, max(0, len(response) - _REACH))
    if not announced or (lettered and announced["number"]) or _OPTION_MARK.match(response[response.rfind("\n") + 1 :]):
        return None
    group = "letter" if announced["letter"] else "number"
    return Candidate(announced[group], "marker", announced.span(group))
