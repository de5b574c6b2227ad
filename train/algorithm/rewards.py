"""Rule-based rewards: each gives a value and the reason for it, or no value where nothing can be said."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field

from train.algorithm.settings import Section
from workbench.images import ImageStore
from workbench.prompts import ResponseFormat
from workbench.registry import Registry
from workbench.schema import Problem
from workbench.verify.verdict import Judgement, Verdict


@dataclass(frozen=True)
class Response:
    """A response with what its rewards may look at; `format` is the shape its prompt asked for.

    `n_tokens` of at most `max_tokens` were drawn. `problem` is what was asked: question, answer (the gold), choices,
    language, solution, subject, …; `store` has its pictures.
    """

    text: str
    judgement: Judgement
    format: ResponseFormat
    n_tokens: int
    max_tokens: int
    problem: Problem
    store: ImageStore

    @property
    def images(self) -> tuple[Path, ...]:
        """The files of the problem's pictures."""
        return tuple(self.store.path(sha) for sha in self.problem.images)

    @cached_property
    def extra(self) -> dict[str, Any]:
        """What the problem's source brought beside the columns of the table."""
        extra: dict[str, Any] = json.loads(self.problem.extra or "{}")
        return extra


@dataclass(frozen=True)
class Reward:
    """`value` None means unscorable: the sample earns nothing and leaves its group."""

    value: float | None
    reason: str


# A reward takes a Response, and its settings if it has some.
REWARDS: Registry[Callable[..., Reward]] = Registry("reward")


class RepetitionSettings(Section):
    ngram: int = Field(4, ge=1)
    """Words of an n-gram."""


class OverlongSettings(Section):
    overlong_buffer: int | None = Field(None, ge=1)
    """Tokens before the limit where length begins to cost; a fifth of `rollout.max_tokens` if not given, as in DAPO's
    4,096 of 20,480."""


_TAG = re.compile(r"</?(?:think|answer)>")
_SHAPE = ["<think>", "</think>", "<answer>", "</answer>"]
_WORD = re.compile(r"[^\W_]+")
# Different words before the box of a response without think tags; the published rule, 300 characters, passes 300 dots.
LEAST_WORDS = 3
_BOX = re.compile(r"\\boxed\s*\{")


@REWARDS.register("accuracy")
def accuracy(response: Response) -> Reward:
    """1 for a correct final answer, 0 for a wrong one; the answer must stand where the prompt asked for it."""
    judgement = response.judgement
    if judgement.verdict == Verdict.UNSCORABLE:
        return Reward(None, judgement.reason)
    return Reward(float(judgement.verdict == Verdict.CORRECT), judgement.reason)


@REWARDS.register("format")
def format_(response: Response) -> Reward:
    """1 if the response has exactly the shape its prompt asked for, else 0 with what is amiss."""
    fault = format_fault(response.text, response.format)
    return Reward(float(fault is None), fault or "well_formed")


@REWARDS.register("repetition", settings=RepetitionSettings)
def repetition(response: Response, settings: RepetitionSettings) -> Reward:
    """−(1 − different n-grams / n-grams) of the response's words: 0 where none repeats, near −1 for a loop.

    The n-gram penalty of "Demystifying Long Chain-of-Thought Reasoning" (arXiv 2502.03373, appendix C.2) as a share.
    """
    words, n = _WORD.findall(response.text.lower()), settings.ngram
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    repeated = len(grams) - len(set(grams))
    return Reward(-repeated / len(grams) if grams else 0.0, f"{repeated}_of_{len(grams)}_{n}-grams_repeated")


@REWARDS.register("overlong", settings=OverlongSettings)
def overlong(response: Response, settings: OverlongSettings) -> Reward:
    """0 up to L − B tokens, then (L − B − length) / B down to −1 at the limit L (DAPO, arXiv 2503.14476).

    The soft overlong punishment; L is `max_tokens`, B the buffer.
    """
    limit = response.max_tokens
    buffer = min(settings.overlong_buffer or max(1, limit // 5), limit)
    over = response.n_tokens - (limit - buffer)
    if over <= 0:
        return Reward(0.0, "within_length")
    return Reward(-min(1.0, over / buffer), f"{over}_tokens_into_the_last_{buffer}")


def format_fault(text: str, wanted: ResponseFormat) -> str | None:
    """What keeps `text` from the wanted shape, or None.

    `think_answer`: one think part, then one answer part, neither empty, nothing before, between or after them.
    `think_answer_boxed`: also one `\\boxed{}` with content in the answer part. `boxed`: one such box, after some words.
    Dots and dashes are no thought.
    """
    if wanted == "boxed":
        box = _BOX.search(text)
        reasoned = box and len(set(_WORD.findall(text[: box.start()]))) >= LEAST_WORDS
        return _box_fault(text) or (None if reasoned else "no_reasoning")
    tags = list(_TAG.finditer(text))
    names = [tag[0] for tag in tags]
    if names != _SHAPE:
        missing = [name for name in _SHAPE if name not in names]
        if missing:
            return f"no_{missing[0].strip('</>')}" if not names else f"missing_{missing[0]}"
        return "tags_repeated" if len(names) > len(_SHAPE) else "tags_out_of_order"
    if text[: tags[0].start()].strip():
        return "text_before_think"
    if text[tags[1].end() : tags[2].start()].strip():
        return "text_between_parts"
    if text[tags[3].end() :].strip():
        return "text_after_answer"
    if not _WORD.search(text, tags[0].end(), tags[1].start()):
        return "empty_think"
    answer = text[tags[2].end() : tags[3].start()]
    if not answer.strip():
        return "empty_answer"
    return _box_fault(answer) if wanted == "think_answer_boxed" else None


def _box_fault(text: str) -> str | None:
    boxes = list(_BOX.finditer(text))
    if len(boxes) != 1:
        return "no_box" if not boxes else "several_boxes"
    depth, start = 1, boxes[0].end()
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return None if text[start:position].strip() else "empty_box"
    return "box_not_closed"


def has_answer_part(text: str, wanted: ResponseFormat) -> bool:
    """Whether the final answer stands where the prompt asked for it: in an answer part outside think, or in a box."""
    if wanted == "boxed":
        return bool(_BOX.search(text))
    if "<think>" in text and "</think>" not in text:
        return False
    after = text.rpartition("</think>")[2]
    return bool(re.search(r"<answer>.*?</answer>", after, re.DOTALL))
