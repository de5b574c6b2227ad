"""A reward that stands in the config itself: whether a response matches a regular expression."""

import re
from typing import Literal

from pydantic import field_validator

from train.algorithm.rewards import Response, Reward
from train.algorithm.settings import Section


class PatternReward(Section):
    """1 where the pattern is found, else 0."""

    weight: float
    """The reward's share of the total."""
    pattern: str
    """A regular expression as Python's `re` reads it."""
    part: Literal["response", "thought", "answer"] = "response"
    """Where it is looked for: everywhere, before the answer part (or the box), or from there on."""
    absent: bool = False
    """Turned round: 1 where the pattern is not found."""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"is not a regular expression ({error})") from error
        return pattern

    def __call__(self, response: Response) -> Reward:
        match = re.search(self.pattern, self._text(response))
        return Reward(float((match is None) == self.absent), "pattern_absent" if match is None else "pattern_found")

    def _text(self, response: Response) -> str:
        if self.part == "response":
            return response.text
        mark = r"\boxed" if response.format == "boxed" else "</think>"
        thought, found, answer = response.text.partition(mark)
        return thought if self.part == "thought" else found + answer
