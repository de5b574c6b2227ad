"""What stands around a box is read with it: a sign, a factor, a unit, a relation, a word that bounds or denies it."""

import re
from functools import cached_property

from workbench.verify.extract.boxes import Box, opened
from workbench.verify.extract.candidates import Candidate
from workbench.verify.extract.denials import bounded, denied, hedged, supposed, worked_on
from workbench.verify.normalize.units import SCALES, unit_name

REACH = 200
_MATH_MARK = re.compile(r"(?<!\\)\$\$?|\\[()\[\]]|\n\s*\n|\\(?:begin|end)\s*\{(?:align|equation|gather|aligned)\*?\}")
_DRESSED_BEFORE = re.compile(
    r"(?:[\s&]|\\[,;:!]|\\q?quad|~|\*\*|__|\\(?:text|textbf|mathbf|mathrm|boldsymbol|bm|displaystyle|large"
    r"|Large|huge|bf|left|bigg?|Bigg?)\s*\{?"
    r"|\\(?:color|textcolor)\s*\{[^{}]{0,20}\}\s*\{?|(?<![\w}^\])])\{)$"
)
_PLAIN_END = re.compile(
    r"(?:^|[=:：≈.,;!?，。、]|\\(?:approx|equiv|implies|therefore|Rightarrow|rightarrow|to|Longrightarrow"
    r"|because|simeq|cong|colon)(?![a-zA-Z])"
    r"|=>|→|⇒|∴|\\\\|\\text\s*\{[^{}]*\}|[\"“'(\[|>#])$"
)
_RELATION_BEFORE = re.compile(
    r"(?:[^\s,;:]{1,40}\s*)?(?:(?:<=?|>=?|≤|≥|≠|!=|\\(?:le|ge|lt|gt|ne|leq|geq|neq|leqslant|geqslant|in"
    r"|not|neq)(?![a-zA-Z]))\s*"
    r"(?:[^\s,;:=<>]{1,40}\s*)?){0,2}(?:<=?|(?<![-=])>=?|≤|≥|≠|!=|\\(?:le|ge|lt|gt|ne|leq|geq|neq|leqslant"
    r"|geqslant|not\s*=)(?![a-zA-Z]))$"
)
_SEPARATOR_DASH = re.compile(r"[A-Za-z*]{2,}\s+[-–—−]\s*$|\n[ \t]*[-–—•]\s+$")
_SIGN_END = re.compile(
    r"(?:\\[dt]?frac\s*\{[^{}]*\}\s*\{|[-+−±∓*/^_×÷·]|\\(?:pm|mp|times|cdot|div|ast|sqrt|frac|dfrac|tfrac|log|ln|sin|cos|tan))\s*(?:\{|\[\d\]\s*\{)?$"
)
_GLUED_FACTOR = re.compile(r"(?:[\d.)!π}°]|(?<![A-Za-z])[A-Za-z]|\\[a-zA-Z]+)$")
_DIGITS_BEFORE = re.compile(r"\d$|\d\.$")
_DIGITS_AFTER = re.compile(r"^\{?(?:\d|[.,]\d)")
_FACTOR_AFTER = re.compile(
    r"^(?:[-+−*/^_×÷·!]|\((?!\s*[A-Za-z]{2})|[A-Za-zπ](?![A-Za-z])|\\(?:pm|mp|times|cdot|div|sqrt|frac"
    r"|dfrac|tfrac|pi|log|ln|left\()(?![a-zA-Z]))"
)
_RELATION_AFTER = re.compile(
    r"^\s*(?:<|>|≤|≥|≠|!=|\\(?:le|ge|lt|gt|ne|leq|geq|neq|leqslant|geqslant)(?![a-zA-Z]))\s*[^\s,;.]{1,40}"
)
_CHAIN_AFTER = re.compile(r"^\s*(?:=|≈|\\approx(?![a-zA-Z]))\s*[-\d\\(][^,;\n$]{0,60}")
_LIST_AFTER = re.compile(
    r"^[\s$)\]}*\\]*(?:[,;，、/]|\\(?:lor|vee|quad\s*\\text\s*\{\s*or\s*\})|\\text\s*\{\s*(?:or|and)\s*\}"
    r"|(?:and|or|and/or)\b)(?:\s|\\[,;! ]|\\q?quad|\$|\\\(|and\b|or\b|also\b)*"
    r"(?:-?\d[\d.,/]*|\\frac\s*\{[^{}]*\}\s*\{[^{}]*\}|-?\\?\$\d[\d.,]*"
    r"|\\sqrt\s*\{?\d+\}?)[\s$)\]}*\\%°]*(?:[.,;!]|$|\n|or\b|and\b|(?:cm|m|km|kg|g|units?)\b)"
)
_UNIT_AFTER = re.compile(
    r"^(?:\s|\\[,;:! ]|~|\$(?!\$)|\\\)|\*\*)*(?P<unit>\^\s*\{?\s*\\(?:circ|degree)\s*\}?(?:\s*\\?(?:text"
    r"|mathrm|rm)?\s*\{?[CF]\b\}?)?|°\s?[CF]?\b|\\%|"
    # Not a comment: a remark behind "%" is no unit.
    r"%(?![ \t]*(?!of\b|per\b|more\b|less\b|increase|decrease|chance|probab|by\b|in\b)[A-Za-z])|\\degree\b"
    r"|℃|percent\b|per cent\b|and a (?:half"
    r"|quarter|third)\b"
    r"|\\(?:text|mathrm|textrm|mbox|rm|unit|textbf"
    r"|mathbf)\s*\{(?P<inner>[^{}]{1,40})\}(?:\s*\^\s*\{?-?\d\}?)?(?:\s*(?:/|\\cdot)\s*\\(?:text"
    r"|mathrm)\s*\{[^{}]{1,20}\}(?:\^\{?-?\d\}?)?)?"
    r"|(?P<words>[A-Za-zΩ¢€£元²³^/]+\d?(?:\s*(?:per|/)\s*[A-Za-z]+)?(?:[²³]|\^\{?\d\}?)?))"
)


# A box alone in its sentence, or behind "The answer is": nothing stands there that could belong to it.
_NOTHING_BEFORE = re.compile(
    r"(?:\A|[!?]\s*|(?<!\d)\.\s*|\.[ \t]*\n\s*)"
    r"(?:(?:(?:Therefore|So|Thus|Hence),? )?[Tt]he (?:final |correct )?answer is:? )?"
    r"(?:\$\$?|\\\(|\\\[)?\s*\Z"
)
_NOTHING_AFTER = re.compile(r"\s*(?:\$\$?|\\\)|\\\])?[\s.]*\Z")


def stands_alone(response: str, box: Box, start: int, end: int) -> bool:
    """Whether nothing that stands around the only box of [start, end) can change how it is read."""
    first, last = box.outside
    if end - last > REACH or not _NOTHING_AFTER.match(response[last:end]):
        return False
    return _NOTHING_BEFORE.search(response, max(start, first - 60), first) is not None


class Surroundings:
    """A box with the formula and the words around it, cut at `start` and `end`."""

    def __init__(self, response: str, box: Box, start: int, end: int):
        self.response, self.box = response, box
        self.before = response[max(start, box.outside[0] - REACH) : box.outside[0]]
        self.after = response[box.outside[1] : min(end, box.outside[1] + REACH)]
        mark = _last_mark(self.before)
        opening = mark[0] if mark and _opens(mark[0], response, start, box.outside[0], self.before, mark) else ""
        self.in_math = bool(opening)
        close = _MATH_MARK.search(self.after)
        self.math_after = self.after[: close.start()] if close and self.in_math else self.after
        first = mark.end() if mark else 0
        self.math_before = self.before[first:] if self.in_math else self.before.rpartition("\n")[2]
        self.words_before = self.before[: mark.start()] if mark and self.in_math else self.before
        self.words_after = self.after[close.end() :] if close and self.in_math else self.after

    def candidate(self, within: list[Box]) -> Candidate | None:
        """The box as it has to be read, None where the words around it take it back."""
        if self._denied():
            return None
        first, last = self.span()
        if (first, last) == self.box.outside:
            return Candidate(self.box.text, "boxed", self.box.inside)
        return Candidate(opened(self.response, first, last, within), "boxed", (first, last))

    def _denied(self) -> bool:
        before, after = self._words_around
        return denied(before, after) or supposed(before) or (not self.in_math and worked_on(before, ""))

    @cached_property
    def _tail(self) -> str:
        return _undressed(self.math_before)

    @cached_property
    def _words_around(self) -> tuple[str, str]:
        """The words right before and behind, where no more than marks of formulas lie between."""
        before = self.before
        if self.in_math:
            inner = self._tail
            before = inner or self.words_before
            text = re.search(r"\\text\s*\{([^{}]*)\}?\s*$", inner)
            before = text[1] if text else before
        after = self.after
        text = re.match(r"[\s\\,;!}]*\\text(?:bf|rm)?\s*\{([^{}]*)\}", after)
        return before, text[1] if text else after

    @property
    def ambiguous(self) -> bool:
        """Whether another value stands beside the box, or digits are pushed against it."""
        _, after = self._words_around
        tail = self._tail
        if _DIGITS_AFTER.match(self.math_after) or (_DIGITS_BEFORE.search(tail) and self._touches(tail)):
            return True
        if bounded("", after) or hedged(after) or hedged(self.words_after):
            return True
        return bool(_LIST_AFTER.match(self.after)) and not re.match(r"[^a-zA-Z\d]*\\?boxed", self.after)

    @property
    def fills_a_blank(self) -> bool:
        """Whether the box is one term of several in an equation, as a blank of the question is."""
        tail, rest = self._tail, self.math_after.lstrip("}")
        terms = re.search(r"[\w)}]\s*[-+−×÷]\s*$|(?:\\times|\\cdot|\\div)\s*$", tail) or re.match(
            r"\s*(?:[-+−×÷]|\\(?:times|cdot|div)(?![a-zA-Z]))\s*[\w\\(]", rest
        )
        return bool(terms) and "=" in self.math_before + self.math_after

    def _touches(self, tail: str) -> bool:
        return self.in_math or self.math_before == tail or self.math_before.strip() == tail.strip() == tail

    def span(self) -> tuple[int, int]:
        """[start, end) of the box with what belongs to its value."""
        start, end = self.box.outside
        before, _ = self._words_around
        if bounded(before, ""):
            words = re.search(r"\w+(?:\s+\w+)?[\s:$(\\[]*$", self.before)
            return (start - len(words[0]) if words else start), end
        tail = self._tail
        dropped = len(self.math_before) - len(tail)
        relation = _RELATION_BEFORE.search(tail)
        if relation:
            start -= dropped + len(relation[0])
        elif self._continues_a_term(tail, dropped):
            start -= dropped + len(_last_side(tail, self.in_math))
        return start, end + self._reach_after(start < self.box.outside[0])

    def _continues_a_term(self, tail: str, dropped: int) -> bool:
        """Whether a sign or a factor stands right before the box."""
        if _PLAIN_END.search(tail) or _SEPARATOR_DASH.search(self._line_before()):
            return False
        return bool(_SIGN_END.search(tail) or (_GLUED_FACTOR.search(tail) and (self.in_math or not dropped)))

    def _line_before(self) -> str:
        return "" if self.in_math else "\n" * ("\n" in self.before) + self.math_before

    def _reach_after(self, nested: bool) -> int:
        """How many characters behind the box belong to it: a unit, a factor, the rest of a term or relation."""
        text = self.math_after
        skipped = len(text) - len(text.lstrip("}")) if not nested else 0
        rest = text[skipped:]
        spaced = re.match(r"(?:\s|\\[,;:! ])*", rest) if self.in_math else None
        gap = spaced.end() if spaced else 0
        if _FACTOR_AFTER.match(rest[gap:]) and not (self._is_punctuation(rest[gap:])):
            side = re.match(r"(?:[^=<>,;$\n]|\\[,;])*", rest)
            return skipped + len((side[0] if side else "").rstrip(" .")) if self.in_math else skipped + self._term(rest)
        if relation := (_RELATION_AFTER.match(rest) or _CHAIN_AFTER.match(rest)):
            return skipped + len(relation[0].rstrip(" .!"))
        unit = _UNIT_AFTER.match(self.after[skipped:])
        if unit and self._is_unit(unit):
            return skipped + unit.end()
        return len(re.match(r"[\s}]*", text)[0]) if nested and "}" in text[:2] else 0  # type: ignore[index]

    def _is_punctuation(self, rest: str) -> bool:
        """An exclamation mark that ends a sentence is no factorial; a spaced dash is no minus."""
        if rest[0] == "!":
            return not self.in_math and len(re.findall(r"[A-Za-z]{2,}", self.math_before)) >= 2
        if rest[0] in "(-–*_^/" and not self.in_math:
            return not re.match(r"[-*/^]\s?[\d\\(a-z](?![a-z])|\(\d", rest)
        return False

    @staticmethod
    def _term(rest: str) -> int:
        term = re.match(r"(?:[-+−*/^!×÷·]?[\w\\{}()π]*)", rest)
        return term.end() if term else 0

    @staticmethod
    def _is_unit(unit: re.Match[str]) -> bool:
        words = (unit["inner"] or unit["words"] or "").strip()
        if not words:
            return True
        first = re.match(r"[A-Za-z]+", words)
        if words.lower() in SCALES or (first and first[0].lower() in SCALES):
            return True
        if words.lower() in ("percent", "per cent", "degrees", "degree"):
            return True
        return unit_name(words) is not None and words not in (
            "in",
            "a",
            "A",
            "h",
            "t",
            "C",
            "N",
            "T",
            "s",
            "I",
            "as",
            "is",
        )


def _undressed(text: str) -> str:
    """`text` without spaces and font commands at its end."""
    while text:
        match = _DRESSED_BEFORE.search(text[-60:])
        if not match:
            return text
        text = text[: len(text) - len(match[0])]
    return text


def _last_side(tail: str, in_math: bool) -> str:
    """What stands behind the last relation, comma or word of `tail`: the term that a box continues."""
    cuts = (
        r".*(?:[=<>≈,;:&]|\\(?:approx|le|ge|leq|geq|implies|Rightarrow|text\s*\{[^{}]*\})(?![a-zA-Z]))"
        if in_math
        else r".*[\s=<>≈,;:]"
    )
    cut = re.match(cuts, tail.rstrip(), re.S)
    return tail[cut.end() :] if cut else tail


def _last_mark(text: str) -> re.Match[str] | None:
    return max(_MATH_MARK.finditer(text), key=lambda match: match.start(), default=None)


def _opens(mark: str, response: str, start: int, at: int, before: str, match: re.Match[str]) -> bool:
    if mark.startswith("\\"):
        return mark in ("\\(", "\\[") or mark.startswith("\\begin")
    if not mark.startswith("$"):
        return False
    paragraph = response.rfind("\n\n", start, at)
    begun = response[max(start, paragraph, at - 2_000) : at]
    return len(re.findall(r"(?<!\\)\$\$?", begun)) % 2 == 1
