"""The boxes of a response: `\\boxed{…}` and its kin, closed or cut off, filled or empty."""

import re
from dataclasses import dataclass

_OPENS = re.compile(
    r"(?:\\boxed|\\fbox|\\framebox|\x08oxed)\s*(?=[{\s\w\\])|(?<![a-zA-Z\\])boxed\s*(?=\{)|<\|begin_of_box\|>"
)
_TOKEN = re.compile(r"\\?[\w.]+")
_TOKEN_END = "<|end_of_box|>"
_NOTHING = re.compile(
    r"\\[hv]?phantom\s*\{[^{}]*\}|\\(?:hspace|vspace|rule|hskip)\*?\s*(?:\[[^\]]*\])?(?:\{[^{}]*\})+"
    r"|\\(?:quad|qquad|text|mathrm|mbox|ldots|dots|cdots"
    r"|square|Box|_|,|;|:|!| )|[\s{}~?？_.…$*]"
)


@dataclass(frozen=True)
class Box:
    """`text` stands at [inside[0], inside[1]) of the response; `outside` covers the command and its brace as well."""

    text: str
    inside: tuple[int, int]
    outside: tuple[int, int]
    closed: bool

    @property
    def empty(self) -> bool:
        """Whether nothing is offered: blank, spaces, a phantom, a question mark."""
        return not _NOTHING.sub("", self.text)


def boxes(response: str, start: int, end: int) -> list[Box]:
    """Every box of [start, end), in order; of nested boxes the outer one."""
    results: list[Box] = []
    first = response.find("ox", start, end)
    if first < 0:
        return results
    at = max(start, first - len("<|begin_of_b"))
    while match := _OPENS.search(response, at, end):
        box = _token_box(response, match, end) if match[0][0] == "<" else read_box(response, *match.span(), end)
        results.append(box)
        at = max(box.outside[1], match.end())
    return results


def _token_box(response: str, match: re.Match[str], end: int) -> Box:
    close = response.find(_TOKEN_END, match.end(), end)
    inside = (match.end(), close if close >= 0 else end)
    outside = (match.start(), min(end, inside[1] + len(_TOKEN_END)))
    return Box(response[inside[0] : inside[1]].strip(), inside, outside, close >= 0)


def read_box(response: str, start: int, first: int, end: int) -> Box:
    """The box whose command is [start, first): what its braces hold, or the token behind it."""
    if first >= end or response[first] != "{":
        token = _TOKEN.match(response, first, end)
        last = token.end() if token else first
        return Box(response[first:last], (first, last), (start, last), token is not None)
    last = _closing_brace(response, first, end)
    text = response[first + 1 : last].strip()
    closed = last < end
    if text.endswith("$") and text.count("$") == 1:  # an unterminated box ran into the end of its formula
        text, closed = text[:-1].strip(), True
    return Box(text, (first + 1, last), (start, min(end, last + 1)), closed)


def _closing_brace(response: str, at: int, end: int) -> int:
    """Index of the brace that closes the one at `at`, `end` where none does."""
    depth = 0
    while at < end:
        if response[at] == "\\":
            at += 2
            continue
        depth += {"{": 1, "}": -1}.get(response[at], 0)
        if depth == 0:
            return at
        at += 1
    return end


def opened(response: str, start: int, end: int, within: list[Box]) -> str:
    """The text of [start, end) with its boxes opened: their contents, in brackets where they are sums."""
    pieces: list[str] = []
    at = start
    for box in within:
        if box.outside[0] >= at and box.outside[1] <= end:
            pieces += [response[at : box.outside[0]], _bracketed(box.text)]
            at = box.outside[1]
    return ("".join(pieces) + response[at:end]).strip()


def _bracketed(text: str) -> str:
    return f"({text})" if re.search(r"(?<=[\w)}])\s*[-+−]", text) and not re.search(r"[=<>,]", text) else text
