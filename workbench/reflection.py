"""Reflection in a response: which cues, where, and whether second thoughts changed the answer.

The cue lists are those of the literature: the strict ones of "Understanding R1-Zero-Like Training" (arXiv 2503.20783)
with oat-zero's "try again"; the noisy ones ("wait", "however", …) of Open-Reasoner-Zero and SimpleRL, which also occur
without any second thought and are therefore kept apart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from workbench.verify import Pair, Verdict, Verifier
from workbench.verify.extract.final_answer import extract

# Each stands for its inflections and its writing with a hyphen or a space (re-evaluating, double checked).
STRICT_CUES = (
    "recheck", "rethink", "reassess", "reevaluate", "reexamine", "reconsider", "reanalyze",
    "double-check", "check again", "think again", "verify again", "go over the steps", "try again",
)  # fmt: skip
NOISY_CUES = ("wait", "alternatively", "however", "retry")
TRANSITIONS = ("right→right", "wrong→right", "right→wrong", "wrong→same", "wrong→other")


def _pattern(cue: str) -> str:
    """The cue with its inflections: rechecks, rechecked, re-checking, double checking, checking again."""
    match cue.split():
        case [verb, *rest]:
            stem = re.escape(verb).replace(r"\-", r"[-\s]?").removesuffix("e")
            stem = re.sub("^re(?=[a-z])", "re-?", stem)
            ending = r"(?:e|es|ed|ing)" if verb.endswith("e") else r"(?:s|es|ed|ing)?"
            if cue in NOISY_CUES:
                stem, ending = re.escape(verb), ""
            return r"\s+".join([stem + ending, *rest])
    return cue


_STRICT = re.compile(rf"\b(?:{'|'.join(f'(?P<c{i}>{_pattern(c)})' for i, c in enumerate(STRICT_CUES))})\b", re.I)
_NOISY = re.compile(rf"\b(?:{'|'.join(f'(?P<c{i}>{_pattern(c)})' for i, c in enumerate(NOISY_CUES))})\b", re.I)
_QUICK = re.compile(
    r"\bre-?(?:check|think|assess|eval|exam|consid|anal|try)|again|double|over the steps|wait|altern|however", re.I
)
_THINK_OPEN = re.compile(r"<think>", re.I)
_THINK_CLOSE = re.compile(r"</think>", re.I)
_ANSWER_OPEN = re.compile(r"<answer>", re.I)

_VALUE = (
    r"(?:-?\\?\$?\s*\\[dt]?frac\s*\{[^{}]*\}\s*\{[^{}]*\}"
    r"|-?\\?\$?\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?\s*(?:%|°)?|\(?[A-H]\)?(?![A-Za-z]))"
)
_CANDIDATE = re.compile(
    rf"\\boxed\s*\{{(?P<box>[^{{}}]*(?:\{{[^{{}}]*\}}[^{{}}]*)*)\}}"
    rf"|\b(?:answer|result|total|sum|it|that|this|value)\s*(?:is|'s|=|was|would be|should be|must be|equals)\s*:?\s*"
    rf"(?P<said>{_VALUE}|[^.,;:!?\n<]{{1,40}})"
    rf"|\b(?:is(?:\s+about)?|looks?\s+like|(?:seems?|appears?)\s+(?:like|to\s+(?:be|give|make))|gives?|makes?|guess)"
    rf"\s+(?P<seen>{_VALUE})"
    rf"|=\s*(?P<sum>{_VALUE})",
    re.I,
)  # fmt: skip


@dataclass(frozen=True)
class CueSpan:
    """A cue at [start, end) of the response; `cue` is its name in the list it is of."""

    start: int
    end: int
    cue: str


@dataclass(frozen=True)
class Reflection:
    """What a response shows.

    `cues` are the strict ones and `noisy` the others, in order. `position` is where in the thinking the first strict
    cue stands, 0 to 1. `first_answer` is the last answer stated before that cue, `final_answer` what the response
    offers at its end; `after_answer` the last one stated in the thinking behind the cue.
    """

    cues: tuple[CueSpan, ...]
    noisy: tuple[CueSpan, ...]
    position: float | None
    first_answer: str | None
    after_answer: str | None
    final_answer: str | None

    @property
    def reflective(self) -> bool:
        return bool(self.cues)


def is_reflective(response: str) -> bool:
    """Whether a strict cue occurs."""
    return _QUICK.search(response) is not None and _STRICT.search(response) is not None


def cue_spans(response: str) -> tuple[tuple[CueSpan, ...], tuple[CueSpan, ...]]:
    """(strict, noisy) cues of a response."""
    if not _QUICK.search(response):
        return (), ()
    return _spans(_STRICT, STRICT_CUES, response), _spans(_NOISY, NOISY_CUES, response)


def _spans(pattern: re.Pattern[str], names: Sequence[str], response: str) -> tuple[CueSpan, ...]:
    found = pattern.finditer(response)
    return tuple(CueSpan(m.start(), m.end(), names[int((m.lastgroup or "c0")[1:])]) for m in found)


def analyze_reflection(response: str) -> Reflection:
    """Cues, their place, and the answers before and after the first strict one."""
    strict, noisy = cue_spans(response)
    start, end = thinking_span(response)
    inside = [c for c in strict if start <= c.start < end]
    position = (inside[0].start - start) / max(1, end - start) if inside else None
    final = _final(response)
    if not inside:
        return Reflection(strict, noisy, position, None, None, final)
    return Reflection(
        strict, noisy, position, _last(response, start, inside[0].start), _last(response, inside[0].end, end), final
    )


def thinking_span(response: str) -> tuple[int, int]:
    """[start, end) of the thinking: inside the think tags, else all before the answer tag, else everything."""
    opened = _THINK_OPEN.search(response)
    start = opened.end() if opened else 0
    closed = _THINK_CLOSE.search(response, start) or _ANSWER_OPEN.search(response, start)
    return start, closed.start() if closed else len(response)


def _last(response: str, start: int, end: int) -> str | None:
    every = list(_CANDIDATE.finditer(response, start, end))
    if not every:
        return None
    found = every[-1]
    return (found["box"] or found["said"] or found["seen"] or found["sum"] or "").strip() or None


def _final(response: str) -> str | None:
    from workbench.verify import PROFILES

    candidates = extract(response, PROFILES["default"]).candidates
    return candidates[0].text if candidates else None


def per_thousand_tokens(responses: Sequence[str], n_tokens: Sequence[int]) -> float:
    """Strict cues per 1,000 tokens over all responses; 0.0 where there are no tokens."""
    total = sum(n_tokens)
    return 1000 * sum(len(cue_spans(r)[0]) for r in responses) / total if total else 0.0


class Answered(NamedTuple):
    """A response with the gold, the options and the question of its problem."""

    response: str
    gold: str
    choices: tuple[str, ...] | None = None
    question: str | None = None

    def pair(self, answer: str, gold: str | None = None) -> Pair:
        """What to ask about an answer given on the way, against the problem's gold or another one."""
        return Pair(self.gold if gold is None else gold, answer, self.choices, question=self.question)


def transition(
    response: str,
    gold: str,
    choices: tuple[str, ...] | None = None,
    verifier: Verifier | None = None,
    question: str | None = None,
) -> str | None:
    """One of TRANSITIONS, first answer to final one; None without a cue, a first answer or a usable gold."""
    return transitions([Answered(response, gold, choices, question)], verifier)[0]


def transitions(
    rows: Sequence[Answered | tuple[str, str, tuple[str, ...] | None]], verifier: Verifier | None = None
) -> list[str | None]:
    """`transition` of many responses, judged in batches."""
    from workbench.verify import shared_verifier

    verifier = verifier or shared_verifier("default")
    out: list[str | None] = [None] * len(rows)
    answered = [Answered(*row) for row in rows]
    chosen: list[tuple[int, str, str]] = []
    for i, row in enumerate(answered):
        found = analyze_reflection(row.response) if is_reflective(row.response) else None
        if found and found.first_answer:
            chosen.append((i, found.first_answer, found.final_answer or found.after_answer or ""))
    first = verifier.judge([answered[i].pair(before) for i, before, _ in chosen])
    final = verifier.judge([answered[i].pair(after) for i, _, after in chosen])
    same = verifier.judge([answered[i].pair(after, gold=before) for i, before, after in chosen])
    for (i, before, after), one, two, three in zip(chosen, first, final, same, strict=True):
        if Verdict.UNSCORABLE in (one.verdict, two.verdict):
            continue
        kept = three.verdict is Verdict.CORRECT or before.strip() == after.strip()
        if one.verdict is Verdict.CORRECT:
            out[i] = "right→right" if two.verdict is Verdict.CORRECT else "right→wrong"
        elif two.verdict is Verdict.CORRECT:
            out[i] = "wrong→right"
        else:
            out[i] = "wrong→same" if kept else "wrong→other"
    return out
