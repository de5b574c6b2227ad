"""Times of day: 20:34, 8:34 p.m., half past three, 3 o'clock."""

import re
from dataclasses import dataclass

_HOURS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12,
}  # fmt: skip
_MINUTES = {"half": 30, "quarter": 15, "a quarter": 15, "five": 5, "ten": 10, "twenty": 20, "twenty-five": 25}
_HALF = r"(a\.?m\.?|p\.?m\.?)"
_HOUR = rf"(\d{{1,2}}|{'|'.join(_HOURS)})"
_DIGITS = re.compile(rf"^(\d{{1,2}})\s*[:：]\s*([0-5]\d)(?:\s*[:：]\s*([0-5]\d))?\s*{_HALF}?(?:\s*o'clock)?$", re.I)
_WHOLE = re.compile(rf"^{_HOUR}\s*(?:{_HALF}|o'clock\s*{_HALF}?)$", re.I)
_MINUTE = "|".join(sorted(_MINUTES, key=len, reverse=True))
_WORDS = re.compile(
    rf"^({_MINUTE}|\d{{1,2}})(?:\s+minutes?)?\s+(past|after|to|before)\s+{_HOUR}(?:\s*o'clock)?\s*{_HALF}?$", re.I
)
DAY = 24 * 3600


@dataclass(frozen=True)
class Clock:
    """`seconds` since midnight; of a time that does not say which half of the day it means, since twelve.

    `plain` is a time in digits alone, which could be a ratio as well.
    """

    seconds: int
    says_half: bool
    plain: bool

    def same(self, other: "Clock") -> bool:
        return (self.seconds, self.says_half) == (other.seconds, other.says_half)


def clock(text: str) -> Clock | None:
    """The time of day a text is, None where it is none."""
    text = text.strip().strip("$.").replace("\\text", "").replace("{", "").replace("}", "").replace("’", "'").strip()
    digits = _DIGITS.match(text)
    if digits:
        hour, minute, second = int(digits[1]), int(digits[2]), int(digits[3] or 0)
        return _clock(hour, minute, second, digits[4], plain=not digits[4] and not digits[3])
    whole = _WHOLE.match(text)
    if whole:
        return _clock(_number(whole[1]), 0, 0, whole[2] or whole[3], plain=False)
    words = _WORDS.match(text)
    if words:
        minute = _MINUTES.get(words[1].lower()) or int(words[1])
        hour = _number(words[3])
        if words[2].lower() in ("to", "before"):
            hour, minute = hour - 1, 60 - minute
        return _clock(hour, minute, 0, words[4], plain=False)
    return None


def _number(word: str) -> int:
    return _HOURS.get(word.lower()) or int(word)


def _clock(hour: int, minute: int, second: int, half: str | None, plain: bool) -> Clock | None:
    if hour > 24 or minute > 59 or (half and not 1 <= hour <= 12):
        return None
    seconds = (hour * 60 + minute) * 60 + second
    if half:
        seconds = seconds % (DAY // 2) + (DAY // 2 if half[0] in "pP" else 0)
    says_half = bool(half) or hour > 12
    return Clock(seconds % (DAY if says_half else DAY // 2), says_half, plain)
