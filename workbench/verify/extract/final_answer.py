"""Find what a response offers as its final answer, and where. Every rule is linear in the response's length."""

import re
from dataclasses import dataclass

from workbench.verify.formula.tokens import TooBig
from workbench.verify.normalize.latex import dense
from workbench.verify.profiles import Profile
from workbench.verify.read.items import Words
from workbench.verify.read.reader import read


@dataclass(frozen=True)
class Found:
    """One candidate: its text, the rule that found it and its [start, end) in the response."""

    text: str
    rule: str
    span: tuple[int, int]


@dataclass(frozen=True)
class Extraction:
    """Candidates that all have to be right; none with the reason why ("no_answer" or "ambiguous")."""

    found: tuple[Found, ...]
    reason: str | None = None


NOTHING = Extraction((), "no_answer")

_THINK = re.compile(r"<(/?)think>", re.I)
_ANSWER = re.compile(r"<(/?)answer>", re.I)
_BOX = re.compile(r"(?:\\boxed|\\fbox|\x08oxed|(?<![a-zA-Z\\])boxed)\s*(?=[{\s\w])")
_MARKER = re.compile(
    r"(?:(?:\bfinal|\bcorrect|\bright|\bbest)\s+)*\b(?:answers?|solution)\s*(?:\*\*|\])?\s*"
    r"(?:(?:(?:to|of|for) (?:the|this|that) [a-z ]{1,30}?)?\s*"
    r"(?:\b(?:is|are|was|would be|should be|must be|will be|=)(?![a-z])|[:=])\s*(?:\*\*)?\s*:?)"
    r"|\bcorrect (?:option|choice|answer choice)\s*(?:is|:)\s*:?|\b(?:option|choice) is\s*:?|####"
    r"|答案\s*(?:是|为|：|:)|故?选(?:择|项)?\s*[:：]?\s*(?=[(（]?[A-H])",
    re.I,
)
_LETTER_LINE = re.compile(
    r"\s*\**(\(?[A-H]\)?)[.:]?\**[ \t]*\n\s*\n?\s*(?:Explanation|Reason|Solution|Because|To )", re.I
)
_HEDGE_AFTER = re.compile(
    r"^[\s.,;$)\\\]*]*(?:text\s*\{\s*)?(?:or\b|maybe\b|perhaps\b|possibly\b|alternatively\b"
    r"|(?:but|though) (?:it )?(?:may|might|could)\b)|^\s*\?\s*(?:no\b|wait\b|actually\b)",
    re.I,
)
_SENTENCE_END = re.compile(r"(?<!\b[A-Z])(?<!\bp\.m)(?<!\ba\.m)[.!?。](?=\s|$|[\"')*])(?!\s*\\)", re.I)
_SENTENCES = re.compile(r"(?<=[.!?。])\s+(?=[A-Z\\$(])")
_TAIL_CLAUSE = re.compile(
    r"\s*(?:,\s*)?\b(?:because|since|which|so that|where|given that|i\.e\.|as (?:the|it|this|we|shown))\b.*$",
    re.I | re.S,
)
_CONCLUSION = re.compile(
    r"\b(?:is|are|was|were|equals?|be|have|has|choose|select|gives?|contains?)\b\s*:?|(?<![<>])=|:(?=\s)|\\approx|≈",
    re.I,
)
_LEAD = re.compile(
    r"^(?:approximately|about|approx\.?|around|exactly|only|just|roughly|equal to|therefore|option|choice|a total of"
    r"|value)\s+",
    re.I,
)


def extract(response: str, profile: Profile, blanks: int = 1) -> Extraction:
    """The final answer of a bare answer or a whole completion; `blanks` is how many the gold has."""
    start, end = 0, len(response)
    marks = list(_THINK.finditer(response))
    if marks:
        closes = [m for m in marks if m[1]]
        opens = [m for m in marks if not m[1]]
        if not closes or (opens and opens[-1].start() > closes[-1].start()):
            return NOTHING
        start = closes[-1].end()
    farewell = _FAREWELL.search(response, start) if profile.loose else None
    if farewell and response[start : farewell.start()].strip():
        end = farewell.start()
    blocks = _answer_blocks(response, start, end)
    if blocks is None:
        return _final(response, start, end, profile, blanks, tagged=False)
    if profile.several_boxes == "last":
        blocks = blocks[-1:]
    found: list[Found] = []
    for a, b in blocks:
        inner = _final(response, a, b, profile, blanks, tagged=True)
        if not inner.found:
            return inner
        found.extend(inner.found)
    return Extraction(_distinct(found))


def _answer_blocks(response: str, start: int, end: int) -> list[tuple[int, int]] | None:
    marks = list(_ANSWER.finditer(response, start, end))
    if not any(not m[1] for m in marks):
        return None
    blocks: list[tuple[int, int]] = []
    opened: int | None = None
    for mark in marks:
        if not mark[1]:
            opened = mark.end()
        elif opened is not None:
            blocks.append((opened, mark.start()))
            opened = None
    if opened is not None:
        blocks.append((opened, end))
    return blocks


def _distinct(found: list[Found]) -> tuple[Found, ...]:
    """Different answers, the last one first: it is the one that is reported."""
    seen: dict[str, Found] = {}
    for one in reversed(found):
        seen.setdefault(dense(one.text[:1000]), one)
    return tuple(seen.values())


def _final(response: str, start: int, end: int, profile: Profile, blanks: int, tagged: bool) -> Extraction:
    boxes = _boxes(response, start, end)
    if boxes:
        if _HEDGE_AFTER.match(response[boxes[-1].span[1] : min(end, boxes[-1].span[1] + 60)].lstrip("}")):
            return Extraction((boxes[-1],), "ambiguous")
        different = _distinct(boxes)
        if len(different) == 1:
            return Extraction((boxes[-1],))
        if blanks > 1 and len(boxes) == blanks:
            span = (boxes[0].span[0], boxes[-1].span[1])
            return Extraction((Found("; ".join(b.text for b in boxes), "boxed", span),))
        return Extraction((boxes[-1],) if profile.several_boxes == "last" else different)
    text = response[start:end]
    if not text.strip():
        return NOTHING
    marked = _marked(response, start, end)
    if marked:
        return marked
    if tagged:
        return _whole(response, start, end, "answer_tag")
    led = _LETTER_LINE.match(text)
    if led:
        return Extraction((Found(led[1], "first_line", (start + led.start(1), start + led.end(1))),))
    if "\n" not in text.strip() or _is_list(text):
        whole = _whole(response, start, end, "bare")
        if len(text) <= 400 and not _is_sentence(text):
            return whole
    return _last_line(response, start, end)


def _marked(response: str, start: int, end: int) -> Extraction | None:
    """What stands behind the last "the answer is" of [start, end)."""
    markers = list(_MARKER.finditer(response, max(start, end - 20_000), end))
    # "Solution:" heads a derivation as often as an answer, so it counts only where nothing else does.
    markers = [m for m in markers if "solution" not in m[0].lower()] or markers
    return _clause(response, markers[-1].end(), end, "marker") if markers else None


def _is_list(text: str) -> bool:
    """Short lines, one blank each."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return len(lines) <= 12 and all(len(line) <= 60 and not _is_sentence(line) for line in lines)


def _is_sentence(text: str) -> bool:
    return len(re.findall(r"(?<!\\)\b[A-Za-z][a-z]+\b", text[:2000])) > 4


def _whole(response: str, start: int, end: int, rule: str) -> Extraction:
    text = response[start:end]
    a = start + len(text) - len(text.lstrip())
    b = start + len(text.rstrip())
    return Extraction((Found(response[a:b], rule, (a, b)),)) if a < b else NOTHING


def _boxes(response: str, start: int, end: int) -> list[Found]:
    found: list[Found] = []
    if "box" not in response and "oxed" not in response:
        return found
    at = start
    while match := _BOX.search(response, at, end):
        a = match.end()
        if a < end and response[a] == "{":
            depth, b = 0, a
            while b < end:
                if response[b] == "\\":
                    b += 2
                    continue
                depth += {"{": 1, "}": -1}.get(response[b], 0)
                if depth == 0:
                    break
                b += 1
            b = min(b, end)
            inside = (a + 1, b)
        else:
            word = re.compile(r"\\?[\w.]+").match(response, a, end)
            b = word.end() if word else a
            inside = (a, b)
        text = response[inside[0] : inside[1]].strip()
        if text.endswith("$") and text.count("$") == 1:  # an unterminated box ran into the end of its formula
            text = text[:-1].strip()
        if text:
            found.append(Found(text, "boxed", inside))
        at = max(b, a + 1)
    return found


def _clause(response: str, start: int, end: int, rule: str) -> Extraction | None:
    """The clause after a marker: to the end of its line and sentence, without the reason given for it."""
    text = response[start:end]
    start += len(text) - len(text.lstrip(" \t\n*:："))
    text = response[start:end]
    line = text.partition("\n")[0]
    if line.strip() in ("$$", "\\[", "\\begin{align*}") and "\n" in text:
        line = text[: text.index("\n", text.index("\n") + 1) if text.count("\n") > 1 else len(text)]
    stop = _SENTENCE_END.search(line)
    clause = line[: stop.start()] if stop and stop.start() > 0 else line
    rest = line[len(clause) :]
    if _HEDGE_AFTER.match(rest):
        clause = line
    clause = _TAIL_CLAUSE.sub("", clause)
    if not clause.strip(" *$.\"'"):
        return None
    lead = _LEAD.match(clause)
    if lead:
        start, clause = start + lead.end(), clause[lead.end() :]
    a = start + len(clause) - len(clause.lstrip())
    return Extraction((Found(clause.strip(), rule, (a, start + len(clause.rstrip()))),))


def _last_line(response: str, start: int, end: int) -> Extraction:
    text = response[start:end].rstrip()
    a = max(text.rfind("\n"), len(text) - 4_000) + 1
    line = text[a:]
    if not line.strip(" *$\\[]") and a > 1:
        a = text.rfind("\n", 0, a - 1) + 1
        line = text[a:]
    cuts = [m.end() for m in _SENTENCES.finditer(line)]
    a += cuts[-1] if cuts else 0
    sentence = text[a:]
    whole = _whole(response, start + a, start + len(text), "last_line")
    if not whole.found or not _is_sentence(sentence):
        return whole
    # A sentence offers what stands behind its last verb or equals sign.
    last = None
    for cut in _CONCLUSION.finditer(sentence):
        if not sentence[cut.end() :].strip(" .*"):
            break
        last = cut
    if last is None:
        return whole
    return _clause(response, start + a + last.end(), start + len(text), "conclusion") or whole


_OPTION = re.compile(r"(?<![\w(])\(([A-H])\)|\b(?:option|choice|answer) \(?([A-H])\b\)?", re.I)
_FAREWELL = re.compile(
    r"\n+\s*(?:I hope|Let me know|Do you have|Is there anything|Please let me|Would you like|Here is a breakdown)", re.I
)
_DENIAL = re.compile(r"\b(?:not|cannot|no|never|none|neither|impossible|unable|false)\b|n't\b", re.I)
_BOLD = re.compile(r"\*\*\s*(-?\$?\d[\d,]*(?:\.\d+)?%?)[^*\n]{0,20}\*\*")
_THERE_ARE = re.compile(
    r"\bthere (?:are|is|were|was)(?: only| a total of| exactly)? "
    r"(\d+|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b(?!\s*(?:-|%|\.\d))",
    re.I,
)
_NUMBER = re.compile(r"(?<![\w.])(?<!-\()-?\$?\d[\d,]*(?:\.\d+)?%?(?![\w])")


def loosely(response: str, choices: tuple[str, ...] | None) -> Found | None:
    """For benchmarks whose scorers read prose: the option named last or mentioned alone, or a number.

    Of numbers a bold one comes first, then what "there are three" says, then the last one.
    """
    if choices:
        options = list(_OPTION.finditer(response))
        if options:
            named = options[-1]
            return Found((named[1] or named[2]).upper(), "loose_option", named.span())
        lower = response.lower()
        hits = [(lower.rfind(c.lower()), c) for c in choices if c.strip() and _mentions(lower, c.lower())]
        if len(hits) == 1:
            return Found(hits[0][1], "loose_option", (hits[0][0], hits[0][0] + len(hits[0][1])))
        return _side_taken(response, choices)
    tail = max(0, len(response) - 2_000)
    bold = list(_BOLD.finditer(response, tail)) or list(_THERE_ARE.finditer(response, tail))
    if bold:
        return Found(bold[-1][1], "loose_number", bold[-1].span(1))
    numbers = list(_NUMBER.finditer(response, tail))
    return Found(numbers[-1][0].rstrip(","), "loose_number", numbers[-1].span()) if numbers else None


def _side_taken(response: str, choices: tuple[str, ...]) -> Found | None:
    """Yes or no (true or false) of a statement made instead of it: a denial or a refusal is no."""
    sides = {c.strip().lower(): c for c in choices}
    for yes, no in (("yes", "no"), ("true", "false")):
        if set(sides) == {yes, no}:
            start = len(response) - len(response.lstrip())
            end = len(response.rstrip())
            denied = _DENIAL.search(response, max(start, end - 2_000), end)
            return Found(sides[no if denied else yes], "loose_statement", (start, end)) if start < end else None
    return None


def _mentions(text: str, option: str) -> bool:
    at = text.rfind(option)
    if at < 0:
        return False
    before, after = text[at - 1 : at], text[at + len(option) : at + len(option) + 1]
    return not (before.isalnum() or after.isalnum())


def is_math(text: str) -> bool:
    """Whether a text reads as anything but words."""
    try:
        return not isinstance(read(text), Words)
    except TooBig:
        return True
