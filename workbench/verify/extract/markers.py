"""What stands behind words that announce an answer: "the answer is", "Final Answer:", a heading, other languages."""

import re

from workbench.verify.extract.candidates import Candidate, trimmed
from workbench.verify.extract.denials import claim_denied
from workbench.verify.extract.phrases import ANNOUNCED, ENDINGS, may_announce
from workbench.verify.extract.sentences import clause, is_math, stated, words

REACH = 20_000
MAX_STATEMENT = 600
MAX_LINE = 80
MAX_LETTER = 6  # a letter in brackets and print; what is longer is an option's text, which may ask
_TRIES = 5
_DRESS = r"(?:\*\*|__|\]|\)|\"|”)?"
_MARKER = re.compile(
    r"(?:\b(?:final|correct|right|best|required|desired)\s+)*\b(?:answers?"
    r"|solution)(?:\s*\((?:in [^()\n]{1,30}|[a-zA-Z /]{1,20})\))?\s*" + _DRESS + r"\s*"
    r"(?:(?:(?:(?:to|of|for) (?:the|this|that) [a-z ]{1,30}?|to (?:question|problem) \d+|here|then|thus"
    r"|therefore|should)?\s*"
    r"(?:\b(?:is|are|was|would be|should be|must be|will be|be|becomes|equals|comes (?:out )?to(?: be)?"
    r"|turns out to be|works out to(?: be)?|came out to(?: be)?)(?![a-z])"
    r"|[:：=])" + _DRESS + r"\s*(?:that\b)?\s*(?:\*\*)?\s*:?)"
    r"|(?<=answer )(?:of\b)(?=\s*[$\\*]*-?\d)|(?=\s*(?:\\\[|\$\$|\\\())|(?<=[Ff]inal [Aa]nswer)(?:\*\*"
    r"|__)?(?=\s+[$*]*-?\d))"
    r"|\bans\b\s*[.:=](?=\s*[$\\(*]*-?\d)"
    r"|\bcorrect (?:option|choice|answer choice)\s*(?:is|:)\s*:?|\b(?:option|choice) is\s*:?"
    r"|####(?!#)(?=\s*[^\s#A-Za-z])",
    re.I,
)
_MARKS = ("ans", "solution", "option", "choice", "####")
_HEADINGS = ("answer", "result", "conclusion")
_LINE = re.compile(r"[^\n]*(?:\n|$)")
_NUMBERED = re.compile(r"\s*\(\d\)\s*\S")
_ASKED = re.compile(r"[\s$*)\\]{0,4}[?？]")
_LETTER_FIRST = re.compile(r"[*$(\s]*[A-J](?:[).:]|\*\*|\s*$)")
_HEADING = re.compile(
    r"(?:^|\n)[ \t>]*(?:#{1,6}[ \t]*)?(?:\d+[.)][ \t]*)?(?:\*\*|__)?[ \t]*(?:(?:the|my"
    r"|our)[ \t]+)?(?:final[ \t]+|correct[ \t]+)?(?:answer|result|conclusion|respuesta|réponse|antwort|"
    r"resposta|risposta|ответ|答案|答え|正解|정답|最终答案)(?:[ \t]+final[ea]?)?[ \t]*[:：]?[ \t]*(?:\*\*"
    r"|__)?[ \t]*[:：]?[ \t]*(?:#{1,6})?[ \t]*\n",
    re.I,
)


def marked(response: str, start: int, end: int, lettered: bool = False) -> Candidate | None:
    """The value behind the last announcement in [start, end) that has one, None without any.

    `lettered` keeps an option's letter with the text behind it ("C. 45 lb") together.
    """
    begin = max(start, end - REACH)
    said = response[begin:end]
    lower = said.lower()
    foreign = may_announce(said)
    marks = []
    if any(mark in lower for mark in _MARKS):
        marks = [
            (m.end(), m[0], "marker")
            for m in _MARKER.finditer(response, begin, end)
            if not claim_denied(response[begin : m.start()])
        ]
    # "Solution:" heads a derivation as often as an answer, so it counts only where nothing else does.
    others = [(m.end(), m[0], "marker") for m in ANNOUNCED.finditer(response, begin, end)] if foreign else []
    headings = []
    if "\n" in said and (foreign or any(heading in lower for heading in _HEADINGS)):
        headings = [(m.end(), m[0], "heading") for m in _HEADING.finditer(response, begin, end)]
    named = [m for m in marks if "solution" not in m[1].lower()]
    spots = sorted([*named, *others, *headings]) or marks
    candidates = [_behind(response, at, end, rule, lettered) for at, _, rule in reversed(spots[-_TRIES:])]
    offered = [candidate for candidate in candidates if candidate]
    letters = [candidate for candidate in offered if lettered and _LETTER_FIRST.match(candidate.text)]
    return next(iter(letters or offered), None)


def _behind(response: str, at: int, end: int, rule: str, lettered: bool) -> Candidate | None:
    """The value of the clause or paragraph at `at`."""
    candidate = clause(response, at, end, rule)
    if candidate is None:
        return None
    asked = _ASKED.match(response, candidate.span[1], end)
    if asked and not (lettered and len(candidate.text) > MAX_LETTER):
        # The mark is kept: it is a doubt, unless the gold has one too.
        return Candidate(response[candidate.span[0] : asked.end()], rule, (candidate.span[0], asked.end()))
    lines = _lines(response, candidate.span[0], end, rule)
    if lines:
        return lines
    if lettered and _LETTER_FIRST.match(candidate.text):
        return candidate
    ending = ENDINGS.search(candidate.text[-40:])
    if ending and len(ending[0]) < len(candidate.text):
        first = candidate.span[0]
        text = candidate.text[: len(candidate.text) - len(ending[0])].rstrip()
        candidate = Candidate(text, rule, (first, first + len(text))) if text else candidate
    if len(candidate.text) <= MAX_STATEMENT and (words(candidate.text) > 3 or not is_math(candidate.text)):
        inner = stated(response, *candidate.span, rule)
        return inner if inner and is_math(inner.text) else candidate
    return candidate


def _lines(response: str, start: int, end: int, rule: str) -> Candidate | None:
    """Values line by line, one for each blank; None where the first line is all of the answer."""
    last, count = start, 0
    numbered = _NUMBERED.match(response, start) is not None
    for line in _LINE.finditer(response, start, end):
        text = line[0].rstrip("\n")
        if numbered and count and not text.strip() and _NUMBERED.match(response, line.end()):
            continue  # (1) …, (2) … with a line between
        if not text.strip(" *.") or len(text) > MAX_LINE or words(text) > 3 or not is_math(text):
            break
        last, count = line.start() + len(text), count + 1
    return trimmed(response, start, last, rule) if count > 1 else None
