"""Which options a sentence asserts: "B is correct", "option (B)", "rules out C, leaving D", "Answer: D, not B"."""

import re

from workbench.verify.extract.candidates import Candidate, trimmed
from workbench.verify.extract.denials import asks, denied, doubtful
from workbench.verify.extract.sentences import sentence_spans, words

LETTERS = "ABCDEFGHIJ"
_OPEN = r"(?:\*\*|__|\$|\\\(|\\(?:text|textbf|mathbf|mathrm|boxed)\s*\{|[\"'“‘(\[{])*"
_CLOSE = r"(?:\*\*|__|\$|\\\)|[\"'”’)\]}])*"
_LETTER = rf"{_OPEN}(?<![A-Za-z\\'’])[A-J](?![A-Za-z'’])(?!-(?!\s))(?!\s*[=+<>^_])(?!\.[A-Za-z]){_CLOSE}"
_JOIN = r"\s*(?:,?\s*(?:and|or|&)\s+(?:also\s+)?|,\s*|、\s*|/\s*|和|或)\s*(?:(?:options?|choices?)\s+)?"
_LETTERS = rf"(?P<letters>{_LETTER}(?:{_JOIN}{_LETTER})*)"
_NOUN = (
    r"(?:options?|choices?|answers?|alternatives?|letters?|statements?|选项|选择|opción|opciones|option"
    r"|réponse|antwort|alternativa|ответ|вариант)"
)
_RIGHT = (
    r"(?:correct|right|true|best|valid|accurate|appropriate|suitable|proper|answer|solution|choice|option"
    r"|one|match|matches|fits)"
)
_ASSERTED = [
    re.compile(rf"(?i:\b{_NOUN})\**\s*(?i:is|are|would be|should be|must be|:|：|=|being)?\s*:?\s*{_LETTERS}"),
    re.compile(
        rf"{_LETTERS}[.:]?\s*(?:\([^()\n]{{0,60}}\)\s*)?(?i:\b(?:is|are|seems?|looks?|appears?|must be|would be"
        rf"|should be)\s+(?:(?:therefore|clearly|thus|also|indeed|to be|likely|most likely|both|definitely"
        rf"|certainly)\s+)*"
        rf"(?:(?:the|a|an|our|my)\s+)?(?:(?:only|most|more|correct|right|best|final|one)\s+)*{_RIGHT}\b|正确"
        rf"|是正确|对\b)"
    ),
    re.compile(
        rf"(?i:\b(?:picks?|picked|choose|chose|chosen|choosing|selects?|selected|go with|going with|opt for"
        rf"|leaving|leaves|left with|it is|it's|it must be|answer is|is|are|be|therefore|thus|hence|so|conclude"
        rf"|to|with|marked|labell?ed|by|figure|graph|picture|image|diagram|shape|pattern|in))\**\s*[:,]?\s*"
        rf"(?:(?i:only|just|either|both|the|definitely|clearly|likely|probably)\s+)*(?:(?i:{_NOUN}|letter"
        rf"|figure|graph|picture|image|diagram|shape|pattern|number)\s+)?{_LETTERS}"
    ),
    re.compile(rf"(?:选择?|为|是|：)\s*{_LETTERS}"),
    re.compile(rf"^[\s>#*-]*{_LETTERS}(?:(?<=\))\s|\s*(?:[.:)、,;]|--?|[–—]|$))"),
    re.compile(rf"(?:\\\[|\$\$)\s*{_LETTERS}\s*(?:\\\]|\$\$)[\s.]*$"),
    re.compile(rf"(?P<letters>\(\s*[A-J]\s*\)(?:{_JOIN}\(\s*[A-J]\s*\))*)"),
]
_MENTION = re.compile(r"(?<![A-Za-z\\'’])[A-J](?![A-Za-z'’])")
_ARTICLE = re.compile(
    r"^A\s+(?!(?:is|are|and|or|because|since|as|has|would|must|seems|looks|fits|matches|represents|shows)\b)[a-z]"
)
_OF_FIGURE = re.compile(
    r"\b(?:angles?|points?|sides?|triangles?|vertex|vertices|lines?|segments?|circles?|rays?|arc|planes?"
    r"|events?|sets?|matrix|angle|class|team|town|city|person|school|vitamin|type|group|car|box|jar|∠"
    r"|\\angle|\\triangle|△)\s*$",
    re.I,
)
_THING = re.compile(r"\b(?:class|team|town|city|person|school|type|group|car|box|jar)\s*$", re.I)
_RULED_OUT = re.compile(
    r"(?:\b(?:not|never|neither|nor|except|unlike|rather than|instead of|other than|eliminat(?:e|es|ed"
    r"|ing)|exclud(?:e|es|ed|ing)|reject(?:s|ed|ing)?|discard(?:s|ed|ing)?|disregard(?:s|ed)?|rul(?:e|es"
    r"|ed|ing) out|dismiss(?:es|ed)?)\b|n['’]t\b|排除|不选|不是)[^.;:\n]{0,40}$",
    re.I,
)
_NEGATIVE_OPTION = re.compile(r"\W*(?:none|neither|not enough|insufficient|cannot be determined)\b", re.I)
_PUT_FORWARD = re.compile(r"\([A-J]\)[^.!?;]{0,80}\bis the (?:correct|right|best)\b|\banswer is:? \(?[A-J]\)", re.I)
_LEAD = re.compile(r"^[\s\u200b*\"'“]*\(?(?P<letter>[A-J])(?:\)|[.:](?=\s))[\s*]*(?=\S)")
_LEAD_MARK = re.compile(r"\([A-J]\)|(?<![A-Za-z])[A-J]\)")
_LINE = re.compile(r"[^\n]+")
_JUDGED = re.compile(
    r"\b(?:correct|incorrect|right|wrong|true|false|because|since|best|matches|fits|eliminated?|not)\b|[✓✔✗✘❌✅]", re.I
)
_LINE_MARK = re.compile(r"[\s*•-]*\(?([A-Ja-j])[).:]\s")
_HEDGE = re.compile(r"\b(?:or|maybe|perhaps|possibly|either|neither|not)\b", re.I)
_LOOK_BACK = 6
REACH = 4_000


def asserted(text: str) -> list[tuple[int, int]]:
    """[start, end) of the letters, or joined letters, that a sentence puts forward, without those it denies."""
    spans: list[tuple[int, int]] = []
    for pattern in _ASSERTED:
        for match in pattern.finditer(text):
            first, last = match.span("letters")
            if _is_name(text, first) or _is_denied(text, first, last) or any(a < last and first < b for a, b in spans):
                continue
            spans.append((first, last))
    return sorted(spans)


def _is_denied(text: str, first: int, last: int) -> bool:
    before = text[max(0, first - 80) : first]
    out = _RULED_OUT.search(before)
    if out and not re.search(r"\b(?:but|leaving|leaves|so|therefore|thus|hence|answer|choose|pick)\b", out[0], re.I):
        return True
    after = re.sub(r"^[\s.:,]*\([^()\n]{0,60}\)", "", text[last : last + 120])
    return denied(before, after)


def mentions(text: str) -> list[tuple[int, int]]:
    """[start, end) of every letter in `text` that neither is an article or names a point, nor is denied."""
    spans = (m.span() for m in _MENTION.finditer(text))
    return [(a, b) for a, b in spans if not _is_name(text, a) and not _is_denied(text, a, b)]


def _is_name(text: str, first: int) -> bool:
    """Whether the letter at `first` is an article ("A square"), or names a part of a figure ("angle B")."""
    article = _ARTICLE.match(text[first : first + 40].lstrip("*_$(\"'“"))
    before = text[max(0, first - 30) : first]
    if text[first : first + 1] == "(" and _THING.search(before):
        return False  # "the sealed jar (A)" points to the option
    return bool(article or _OF_FIGURE.search(before))


def letters_of(text: str) -> set[str]:
    """The option letters in `text`."""
    return set(_MENTION.findall(text))


def option(response: str, start: int, end: int) -> Candidate | None:
    """The option of the last sentence that puts one forward; None where the last ones only ask, doubt or deny."""
    spans = sentence_spans(response, max(start, end - REACH), end)
    for a, b in reversed(spans[-_LOOK_BACK:]):
        sentence = response[a:b]
        if asks(sentence) and len(spans) > 1:
            continue
        if doubtful(sentence) and not _PUT_FORWARD.search(sentence):
            return None
        found = asserted(sentence)
        if found:
            first, last = (found[0][0], found[-1][1]) if _agree(sentence, found) else found[-1]
            return Candidate(sentence[first:last].strip(), "option", (a + first, a + last))
    return None


def taken_back(rest: str) -> bool:
    """Whether the words behind a letter deny or doubt it; "none of these" and "not enough data" are options' texts."""
    return not _NEGATIVE_OPTION.match(rest) and (denied("", f" {rest}") or doubtful(rest))


def led(response: str, start: int, end: int) -> Candidate | None:
    """The text of one line and one option that its letter leads: "C) None of the other answers is correct."."""
    text = response[start:end].strip()
    lead = _LEAD.match(text)
    if not lead or "\n" in text or _HEDGE.search(text) or _LEAD_MARK.search(text, lead.end()):
        return None
    if taken_back(text[lead.end() :]):
        return None
    return trimmed(response, start, end, "option")


def before_list(response: str, start: int, end: int) -> int:
    """Where the options written out at the end begin, A) … B) … line by line; `end` where there is no such list.

    Such a list puts none of them forward.
    """
    first, letters = end, ""
    for line in reversed(list(_LINE.finditer(response, max(start, end - REACH), end))):
        mark = _LINE_MARK.match(line[0])
        if not mark or (words(line[0]) > 2 and _JUDGED.search(line[0])):
            if line[0].strip():
                break
            continue
        first, letters = line.start(), mark[1].upper() + letters
    return first if len(letters) > 1 and letters == LETTERS[: len(letters)] else end


def _agree(sentence: str, spans: list[tuple[int, int]]) -> bool:
    """Whether the mentions have to be taken together: other letters without a conclusion between them."""
    different = {frozenset(letters_of(sentence[a:b])) for a, b in spans}
    between = sentence[spans[0][1] : spans[-1][0]]
    return len(different) > 1 and not re.search(
        r"\b(?:so|therefore|thus|hence|leaving|correct|answer)\b", between, re.I
    )
