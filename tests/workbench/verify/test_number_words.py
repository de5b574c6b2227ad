"""Numbers in words, against what the number says when it is spelled by another hand."""

from fractions import Fraction

from workbench.verify.normalize.number_words import in_digits

SMALL = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def spelled(number: int, join: str = " and ") -> str:
    """The usual spelling of a number below 10^9."""
    if number < 20:
        return SMALL[number]
    if number < 100:
        return TENS[number // 10 - 2] + (f"-{SMALL[number % 10]}" if number % 10 else "")
    for size, name in ((10**6, "million"), (10**3, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number % size
            tail = (join if size == 100 or rest < 100 else " ") + spelled(rest, join) if rest else ""
            return f"{spelled(number // size, join)} {name}{tail}"
    raise AssertionError


def test_whole_numbers_read_back() -> None:
    for number in [*range(2_000), *range(2_000, 10**6, 997), *range(10**6, 10**9, 7_654_321)]:
        assert in_digits(spelled(number)) == str(number)
        assert in_digits(spelled(number, " ").replace("-", " ")) == str(number)


def test_shares() -> None:
    for text, value in {
        "three quarters": Fraction(3, 4), "one half": Fraction(1, 2), "a third": Fraction(1, 3),
        "two and a half": Fraction(5, 2), "seven eighths": Fraction(7, 8), "three and two fifths": Fraction(17, 5),
    }.items():  # fmt: skip
        assert Fraction(in_digits(text) or "0") == value


def test_what_is_no_number() -> None:
    for text in ["", "one two", "twenty thirty", "hundred hundred", "ten one", "and", "one and", "apples", "half two",
                 "two thousand million", "one or two", "a", "second"]:  # fmt: skip
        assert in_digits(text) is None, text
