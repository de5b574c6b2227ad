"""Numbers in English words: twenty-five, one hundred and five, three quarters, two and a half, one million."""

_ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PARTS = {
    "half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
_PARTS |= {"halves": 2} | {f"{part}s": size for part, size in _PARTS.items() if part != "half"}
_FIRST = {*_ONES, *_TENS, *_PARTS, "a", "an", "hundred", *_SCALES}
_LONGEST = 24
_NO_WORD = frozenset("0123456789\\$")


def in_digits(text: str) -> str | None:
    """The digits of a text that is one number in words: "25", "1000000", "3/4", "5/2"; None for other text."""
    if text[:1] in _NO_WORD:
        return None
    words = text.lower().replace("-", " ").split()
    if not words or len(words) > _LONGEST or words[0] not in _FIRST or words[-1] in ("a", "an", "and"):
        return None
    top, bottom = _whole(words), 1
    if top is None and words[-1] in _PARTS:
        bottom = _PARTS[words[-1]]
        *front, _ = words
        whole: int | None = 0
        if "and" in front:  # two and a half
            at = len(front) - 1 - front[::-1].index("and")
            whole, front = _whole(front[:at]), front[at + 1 :]
        share = 1 if front in ([], ["a"], ["an"]) else _whole(front)
        top = None if whole is None or share is None else whole * bottom + share
    if top is None:
        return None
    return str(top) if bottom == 1 else f"{top}/{bottom}"


def _whole(words: list[str]) -> int | None:
    """Read from left to right, scales falling; "a hundred" is 100. None for what is no number."""
    total, section, smallest = 0, 0, 10**15
    before = ""
    for word, behind in zip(words, [*words[1:], ""], strict=True):
        rest = section % 100
        if word == "and" and behind and before in ("hundred", *_SCALES):
            pass
        elif word in ("a", "an") and not before and behind in ("hundred", *_SCALES):
            section = 1
        elif word in _ONES and (rest == 0 or (rest in _TENS.values() and 0 < _ONES[word] < 10)):
            if word == "zero" and len(words) > 1:
                return None
            section += _ONES[word]
        elif word in _TENS and rest == 0:
            section += _TENS[word]
        elif word == "hundred" and 0 < section < 100:
            section *= 100
        elif word in _SCALES and section and _SCALES[word] < smallest:
            smallest = _SCALES[word]
            total, section = total + section * smallest, 0
        else:
            return None
        before = word
    return total + section if words else None
