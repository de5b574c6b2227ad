"""An answer's text against a gold: the option it picks, the time of day or the value it states."""

import re

from workbench.verify.compare.choices import pick
from workbench.verify.compare.equality import equal
from workbench.verify.compare.scalars import Settings
from workbench.verify.golds import Gold
from workbench.verify.normalize.clock import clock
from workbench.verify.normalize.latex import dense, text_key
from workbench.verify.read.items import Choice, Item, Multi, Scalar, Words
from workbench.verify.read.naming import in_golds_names, shifted
from workbench.verify.read.reader import read
from workbench.verify.read.scalars import is_plain_number
from workbench.verify.verdict import Verdict

_RATIO_IN_WORDS = re.compile(r"(?<=\d) to (?=\d)")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_GROUPS = re.compile(r"-?\d{1,3}(?:,\d{3})+")  # thousands, whatever the gold
Finding = tuple[Verdict, str]


def meets(answer: str, text: str, gold: Gold, choices: tuple[str, ...] | None, s: Settings) -> Finding:
    """The verdict and its reason for `answer`, where `text` was read as `gold`.

    Raises TooBig, RecursionError and whatever `s.symbolic` raises.
    """
    if answer == text or dense(answer) == dense(text):
        return Verdict.CORRECT, "same_text"
    first = gold.items[0]
    if isinstance(first, Choice):
        return _picks(answer, first, choices, s)
    if not is_plain_number(answer):
        times = clock(text), clock(answer)
        if times[0] and times[1] and not (times[0].plain and times[1].plain):
            return (Verdict.CORRECT, "equal") if times[0].same(times[1]) else (Verdict.WRONG, "different")
        if _is_decimal_comma(answer, text):
            return Verdict.CORRECT, "equal"
    readings = _readings(answer, text, gold)
    if any(equal(g, a, s) for g in gold.items for a in readings):
        return Verdict.CORRECT, "equal"
    hedged = isinstance(readings[0], Multi) and len(readings[0].items) > gold.blanks
    return Verdict.WRONG, "ambiguous" if hedged else "different"


def _is_decimal_comma(answer: str, gold: str) -> bool:
    """Whether an answer is the gold with a comma for its point: the gold tells that it is no list."""
    plain = answer.replace("{,}", ",").strip("$ ")
    return "," in plain and not _GROUPS.fullmatch(plain) and _DECIMAL_COMMA.sub(".", plain) == gold.strip("$ ")


def _picks(answer: str, gold: Choice, choices: tuple[str, ...] | None, s: Settings) -> Finding:
    picked = pick(answer, choices, Settings(s.profile, _never, s.precision, s.tolerance, s.unit, s.ordered))
    if picked == gold.letters:
        return Verdict.CORRECT, "equal"
    return Verdict.WRONG, "ambiguous" if picked and len(picked) > len(gold.letters) else "different"


def _readings(answer: str, text: str, gold: Gold) -> list[Item]:
    """What an answer can mean: a comma may divide or group, the names in it may be the gold's under other letters."""
    worded = any(isinstance(g, Words) for g in gold.items)
    if is_plain_number(answer):
        return [read(answer), Words(answer, text_key(answer))] if worded else [read(answer)]
    if ":" in text:
        answer = _RATIO_IN_WORDS.sub(":", answer)
    answer = in_golds_names(answer, text)
    readings = [read(answer)]
    if worded:
        readings.append(Words(answer, text_key(answer)))
    if "," in answer:
        readings.append(read(answer, thousands=False))
    return readings + [read(moved) for moved in shifted(answer, text)]


def _never(gold: Scalar, answer: Scalar) -> bool:
    return False
