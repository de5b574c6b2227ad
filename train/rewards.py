"""Rule-based rewards: each gives a value and the reason for it, or no value where nothing can be said."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from workbench.prompts import ResponseFormat
from workbench.registry import Registry
from workbench.verify.verdict import Judgement, Verdict


@dataclass(frozen=True)
class Response:
    """A response with what its rewards may look at; `format` is the shape its prompt asked for."""

    text: str
    judgement: Judgement
    format: ResponseFormat


@dataclass(frozen=True)
class Reward:
    """`value` None means unscorable: the sample earns nothing and leaves its group."""

    value: float | None
    reason: str


RewardFunction = Callable[[Response], Reward]
REWARDS: Registry[RewardFunction] = Registry("reward")

_TAG = re.compile(r"</?(?:think|answer)>")
_SHAPE = ["<think>", "</think>", "<answer>", "</answer>"]
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


def format_fault(text: str, wanted: ResponseFormat) -> str | None:
    """What keeps `text` from the wanted shape, or None.

    `think_answer`: one think part, then one answer part, neither empty, nothing before, between or after them.
    `think_answer_boxed`: also one `\\boxed{}` with content in the answer part. `boxed`: one such box, after some text.
    """
    if wanted == "boxed":
        box = _BOX.search(text)
        return _box_fault(text) or (None if box and text[: box.start()].strip() else "no_reasoning")
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
    if not text[tags[0].end() : tags[1].start()].strip():
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
