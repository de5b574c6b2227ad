"""What an extraction yields: candidates for the final answer, each with the rule that found it and where it stands."""

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.verify.normalize.latex import dense


@dataclass(frozen=True)
class Candidate:
    """One candidate: its text, the rule that found it and its [start, end) in the response.

    Where words or signs around a box are read with it, the text is what is read and the span covers them.
    """

    text: str
    rule: str
    span: tuple[int, int]


@dataclass(frozen=True)
class Extraction:
    """Candidates that all have to be right, the reported one first; `reason` says why there is none, or no clear one:
    "no_answer", "empty_box" (the last box is empty or cut off), "denied" (every box is taken back) or "ambiguous"."""

    candidates: tuple[Candidate, ...]
    reason: str | None = None


NO_ANSWER = Extraction((), "no_answer")
EMPTY_BOX = Extraction((), "empty_box")


def trimmed(response: str, start: int, end: int, rule: str) -> Candidate | None:
    """The text of [start, end) without white space around it and commas before it, None where nothing is left."""
    text = response[start:end]
    first = start + len(text) - len(text.lstrip(" \t\r\n,;"))
    last = start + len(text.rstrip())
    return Candidate(response[first:last], rule, (first, last)) if first < last else None


def distinct(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Candidates that differ in writing, in order of appearance."""
    seen: dict[str, Candidate] = {}
    for candidate in candidates:
        seen.setdefault(dense(candidate.text[:1000]), candidate)
    return tuple(seen.values())
