"""Chinese numerals: 二十, 一百零五, 三分之二, 百分之二十, 1.2万, 八五折."""

import re
from fractions import Fraction

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_ALL = "".join((*_DIGITS, *_TENS, *_LARGE))
_WHOLE = re.compile(rf"^负?[{_ALL}]+(?:点[{''.join(_DIGITS)}]+)?$")
_FRACTION = re.compile(rf"^([{_ALL}]+)分之([{_ALL}]+)$")
_SCALED = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s*([万亿])")
_OFF = re.compile(rf"^打?(\d(?:\.\d+)?|[{''.join(_DIGITS)}]{{1,2}})\s*折$")


def numeral(text: str) -> int | None:
    """The whole number that Chinese characters write, None for other text."""
    total, section, digit = 0, 0, 0
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _TENS:
            section += (digit or (1 if character == "十" else 0)) * _TENS[character]
            digit = 0
        elif character in _LARGE:
            total = (total + section + digit) * _LARGE[character]
            section, digit = 0, 0
        else:
            return None
    return total + section + digit


def in_digits(text: str) -> str:
    """`text` with its Chinese numbers in digits, where all of it is one number or a number stands before 万 or 亿."""
    stripped = text.strip()
    off = _OFF.match(stripped)
    if off:
        digits = "".join(str(_DIGITS.get(c, c)) for c in off[1])
        tenths = Fraction(digits) if "." in digits or len(digits) == 1 else Fraction(int(digits), 10)
        return f"{_decimal(tenths * 10)}%"
    fraction = _FRACTION.match(stripped)
    if fraction:
        bottom, top = numeral(fraction[1]), numeral(fraction[2])
        return f"{top}%" if bottom == 100 else rf"\frac{{{top}}}{{{bottom}}}"
    if _WHOLE.match(stripped):
        whole, _, decimals = stripped.lstrip("负").partition("点")
        number = str(numeral(whole)) + ("." + "".join(str(_DIGITS[c]) for c in decimals) if decimals else "")
        return "-" + number if stripped[0] == "负" else number
    return _SCALED.sub(lambda m: _decimal(Fraction(m[1]) * _LARGE[m[2]]), text)


def _decimal(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"
