"""Find what a response offers as its final answer, and where. Every rule is linear in the response's length."""

import re
from itertools import pairwise

from workbench.verify.extract.boxes import Box, boxes
from workbench.verify.extract.candidates import EMPTY_BOX, NO_ANSWER, Candidate, Extraction, distinct, trimmed
from workbench.verify.extract.denials import retracted
from workbench.verify.extract.glance import at_a_glance
from workbench.verify.extract.loose import loosely
from workbench.verify.extract.markers import marked
from workbench.verify.extract.options import before_list, led, option
from workbench.verify.extract.sentences import CONCLUDES, concluded, is_math, is_sentence, miscounts
from workbench.verify.extract.several import several
from workbench.verify.extract.surroundings import Surroundings, stands_alone
from workbench.verify.extract.window import answer_window
from workbench.verify.normalize.clock import clock
from workbench.verify.normalize.styling import unprinted
from workbench.verify.profiles import Profile

_ANSWER_TAG = re.compile(r"<(/?)(?:final[_ ]?)?answer(?:\s[^<>]{0,100})?>", re.I)
_LETTER_LINE = re.compile(
    r"\s*\**(\(?[A-J]\)?)[.:]?\**[ \t]*\n\s*\n?\s*(?:Explanation|Reason|Solution|Because|To )", re.I
)
_SEPARATORS = re.compile(r"(?:[\s,;$*&、，]|\\[,;:! ]|\\q?quad|\\text\s*\{\s*(?:,|and)?\s*\}|\\[()\[\]]|\band\b)*")
_LEAD = re.compile(
    r"[\s*]*(?:[A-Za-z]{2,}\s+){1,6}(?:is|are|equals|takes|has|have|costs|was|were|holds|lasts|weighs|at)\b[\s:$\\(*]*",
    re.I,
)
_ARROW = re.compile(r"\s*(?:=>|[⇒→∴]|\\(?:therefore|Rightarrow|implies)(?![a-z]))\s*")
_HIDING = ("cancel", "sout", "~~", "%", "phantom")
_STRUCK = re.compile(r"~~[^~\n]{1,200}~~")
_REPLY = re.compile(r"\W*(?:yes|no|true|false)\s*[,.;:—-](?!.*\d)[^\n]*$", re.I)
_CHINESE_LEAD = re.compile(r"(?:所以|因此|故|[共约]?[有用需]|(?<![不因以认\d])[是为])[，,:：]?[\s$\\(]*$")
MAX_BARE = 400


def extract(response: str, profile: Profile, blanks: int = 1, lettered: bool = False) -> Extraction:
    """The final answer of a bare answer or a whole completion.

    `blanks` is how many values the gold has; `lettered` says that it is an option's letter.
    """
    return at_a_glance(response, lettered) or _read_closely(response, profile, blanks, lettered)


def _read_closely(response: str, profile: Profile, blanks: int, lettered: bool) -> Extraction:
    window = answer_window(response)
    if window is None:
        return NO_ANSWER
    start, end = window
    blocks = _answer_blocks(response, start, end)
    if blocks is None:
        return _final(response, start, end, profile, blanks, lettered, tagged=False)
    if profile.several_boxes == "last":
        blocks = blocks[-1:]
    results: list[Candidate] = []
    for a, b in blocks:
        inner = _final(response, a, b, profile, blanks, lettered, tagged=True)
        if not inner.candidates:
            return inner
        results.extend(inner.candidates)
    return Extraction(distinct(reversed(results)))


def extract_loosely(response: str, choices: tuple[str, ...] | None) -> Candidate | None:
    """For benchmarks whose scorers read prose: the option or number named last outside of thinking."""
    window = answer_window(response)
    return loosely(response, *window, choices) if window else None


def _answer_blocks(response: str, start: int, end: int) -> list[tuple[int, int]] | None:
    if "<" not in response:
        return None
    marks = list(_ANSWER_TAG.finditer(response, start, end))
    if not any(not m[1] for m in marks):
        return None
    blocks: list[tuple[int, int]] = []
    beginning: int | None = None
    for mark in marks:
        if not mark[1]:
            beginning = mark.end()
        elif beginning is not None:
            blocks.append((beginning, mark.start()))
            beginning = None
    if beginning is not None:
        blocks.append((beginning, end))
    return blocks


def _final(
    response: str, start: int, end: int, profile: Profile, blanks: int, lettered: bool, tagged: bool
) -> Extraction:
    written = boxes(response, start, end)
    every = _printed(response, written)
    if written and not every:
        return Extraction((), "denied")
    if every and (every[-1].empty or not every[-1].closed):
        return EMPTY_BOX
    offers = [box for box in every if not box.empty]
    if offers:
        return _boxed(response, start, end, offers, profile, blanks)
    candidate = _free(response, start, end, lettered, tagged)
    if candidate is None:
        return NO_ANSWER
    withdrawn = retracted(candidate.text.rstrip(". "), response[candidate.span[1] : end])
    return Extraction((candidate,), "ambiguous" if withdrawn or miscounts(candidate.text) else None)


def _printed(response: str, every: list[Box]) -> list[Box]:
    """The boxes that a reader sees: none in a comment, a phantom or struck out."""
    if not every or not any(mark in response for mark in _HIDING):
        return every
    hidden = [*unprinted(response), *(m.span() for m in _STRUCK.finditer(response))]
    return [box for box in every if not any(a <= box.outside[0] and box.outside[1] <= b for a, b in hidden)]


def _boxed(response: str, start: int, end: int, offers: list[Box], profile: Profile, blanks: int) -> Extraction:
    """The boxes with what stands around them; one that fills a blank of an equation is no offer beside others."""
    if len(offers) == 1 and stands_alone(response, offers[0], start, end):
        return Extraction((Candidate(offers[0].text, "boxed", offers[0].inside),))
    around = [Surroundings(response, box, start, end) for box in offers[-50:]]
    listed = _listed(response, offers, blanks) if profile.several_boxes == "wrong" else _adjacent(response, offers)
    if listed:
        return Extraction((listed,))
    candidates = [(a, a.candidate(offers)) for a in around]
    standing = [(a, c) for a, c in candidates if c is not None]
    if not standing:
        return Extraction((), "denied")
    plain = [(a, c) for a, c in standing if not a.fills_a_blank]
    standing = plain or standing
    last, candidate = standing[-1]
    if last.ambiguous or retracted(last.box.text, response[last.box.outside[1] : end]):
        return Extraction((candidate,), "ambiguous")
    if profile.several_boxes == "last":
        return Extraction((candidate,))
    return Extraction(distinct(c for _, c in reversed(standing)))


def _listed(response: str, offers: list[Box], blanks: int) -> Candidate | None:
    """One box for each blank: the last ones with nothing but commas between, else all of them, or all that differ."""
    if blanks < 2 or len(offers) < 2:
        return None
    last = offers[-blanks:]
    gaps = [response[a.outside[1] : b.outside[0]] for a, b in pairwise(offers)]
    joined = [_SEPARATORS.fullmatch(gap) is not None for gap in gaps]
    if len(last) == blanks and all(joined[-blanks + 1 :]) and not (len(offers) > blanks and joined[-blanks]):
        return _joined(last)
    if len(offers) == blanks:
        return _joined(offers)
    different = list({box.text: box for box in offers}.values())
    return _joined(different) if len(different) == blanks else None


def _adjacent(response: str, offers: list[Box]) -> Candidate | None:
    """Different boxes at the end with nothing but commas between, read as a list whatever the gold is."""
    first = len(offers) - 1
    while first and _SEPARATORS.fullmatch(response[offers[first - 1].outside[1] : offers[first].outside[0]]):
        first -= 1
    last = offers[first:]
    return _joined(last) if len({box.text for box in last}) > 1 else None


def _joined(parts: list[Box]) -> Candidate:
    return Candidate("; ".join(p.text for p in parts), "boxes", (parts[0].inside[0], parts[-1].inside[1]))


def _free(response: str, start: int, end: int, lettered: bool, tagged: bool) -> Candidate | None:
    """The answer of text without a box: announced, led by a letter, bare, or concluded."""
    end = before_list(response, start, end) if lettered else end
    arrow = _ARROW.match(response, start, end)
    start = arrow.end() if arrow and response[arrow.end() : end].strip() else start
    text = response[start:end]
    if not text.strip():
        return None
    led_by = led(response, start, end) if lettered else None
    announced = led_by or marked(response, start, end, lettered)
    if announced:
        return announced
    if tagged:
        return trimmed(response, start, end, "answer_tag")
    first_line = _LETTER_LINE.match(text)
    if first_line:
        return Candidate(first_line[1], "first_line", (start + first_line.start(1), start + first_line.end(1)))
    if not lettered and _REPLY.match(text):
        return trimmed(response, start, end, "bare")
    named = several(response, start, end)
    if named:
        return named
    if lettered and (is_sentence(text) or "\n" in text.strip()):
        picked = option(response, start, end)
        if picked:
            return picked
    if ("\n" not in text.strip() or _is_list(text)) and len(text) <= MAX_BARE and not is_sentence(text):
        inner = concluded(response, start, end)
        whole = trimmed(response, start, end, "bare")
        return inner if inner and _is_led_to(inner, text, start) else whole
    return concluded(response, start, end)


def _is_led_to(inner: Candidate, text: str, start: int) -> bool:
    """Whether a short text only leads to its value: "The circle is $x^2+y^2=9$", "所以 AB∥CD"."""
    lead = text[: inner.span[0] - start]
    if _CHINESE_LEAD.search(lead):
        return True
    is_value = is_math(inner.text) or clock(inner.text) is not None
    return is_value and bool(CONCLUDES.match(text) or _LEAD.fullmatch(lead) or not is_math(text))


def _is_list(text: str) -> bool:
    """Short lines, one blank each; formulas set on their own with words between are no such list."""
    if "\\[" in text or "$$" in text or "\\begin" in text:
        return False
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return len(lines) <= 12 and all(len(line) <= 60 and not is_sentence(line) for line in lines)
