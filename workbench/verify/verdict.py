"""What the verifier is asked and what it answers: typed verdicts, never a bare bool."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

# An absolute error, or one per blank; None for a blank leaves it to the profile.
Tolerance = float | tuple[float | None, ...]


class Verdict(StrEnum):
    """`UNSCORABLE` is the gold's fault or ours, never the answer's: it earns no reward and leaves its group."""

    CORRECT = "correct"
    WRONG = "wrong"
    UNSCORABLE = "unscorable"


@dataclass(frozen=True)
class Pair:
    """One answer to judge. `response` is a bare answer or a whole completion.

    `choices` are option texts (the gold is then a letter or an option's text); `answer_type` is a hint from
    `schema.ANSWER_TYPES`, other words are ignored; `precision` is decimal places; `tolerance` an absolute error (or one
    per blank); `unit` the gold's unit where the gold does not carry it. `ordered` says whether the order of
    several values counts; where it is None the `question` decides, and without both it does not.
    """

    gold: str
    response: str
    choices: tuple[str, ...] | None = None
    answer_type: str | None = None
    precision: int | None = None
    tolerance: Tolerance | None = None
    unit: str | None = None
    ordered: bool | None = None
    question: str | None = None


@dataclass(frozen=True)
class Judgement:
    """A verdict and how it came about.

    `reason` is a short code ("equal", "different", "no_answer", "ambiguous", "timeout", "too_long", "gold_unknown", …);
    `extracted` is the final answer, `rule` the extraction rule that gave it and `span` its [start, end) in the
    response; all three are None when nothing was offered as the final answer. `seconds` is the time spent on it,
    without the wait for a worker process to start or to be free.
    """

    verdict: Verdict
    reason: str
    extracted: str | None
    rule: str | None
    span: tuple[int, int] | None
    gold_type: str | None
    seconds: float


Pairs = Sequence[Pair]
