"""Which value a sentence states: what stands behind its last verb, in bold, as its formula, or as its only number."""

import re
from bisect import bisect_left
from functools import lru_cache

from workbench.verify.extract.candidates import Candidate, trimmed
from workbench.verify.extract.denials import asks, bounded, claim_denied, denied, doubtful, hedged, worked_on
from workbench.verify.formula.algebra import exact
from workbench.verify.formula.numeric import real
from workbench.verify.formula.parse import TooBig
from workbench.verify.normalize.latex import latex
from workbench.verify.normalize.units import SCALES, unit_name
from workbench.verify.read import chemistry
from workbench.verify.read.brackets import trim
from workbench.verify.read.items import Relation, Words, has_symbols
from workbench.verify.read.reader import read

_END = re.compile(
    r"(?<!\b[A-Z])(?<!\bp\.m)(?<!\ba\.m)(?<!\bapprox)(?<!\bNo)(?<!\bi\.e)(?<!\be\.g)(?:[.!?](?=\s|$"
    r"|[\"')*<}])|[。．！？])(?!\s*\\)",
    re.I,
)
_BREAK = re.compile(r"(?<=[.!?])(?<!\b[A-Z]\.)[\s*]+(?=[A-Z\\$(*])|(?<=[。．！？])|\n+")
_REASON = re.compile(
    r"\s*(?:,\s*|;\s*)?\b(?:because|since|which|so that|where|given that|i\.e\.|as (?:the|it|this|we|shown"
        r"|required|expected|per|in)"
    r"|according to|based on|rounded|after (?:rounding|simplif)|calculated|from the|by the)\b.*$",
    re.I | re.S,
)  # fmt: skip
_ASIDE = re.compile(
    r"\s*[(（](?:see|as|by|from|using|because|since|rounded|approximately|about|to \d|the |in the |which"
    r"|where|not )[^()（）]{0,120}[)）]\s*(?=[.。]?\s*$)",
    re.I,
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|equals?|be|becomes?|have|has|had|choose|select|gives?|gave|gets?|got|obtains?"
    r"|contains?|leaves|left|makes?|yields?|totals?|costs?"
    r"|needs?|sold|earns?|takes?|took"
    r"|holds?|lasts?|weighs?|spends?|spent|measures?|(?:starts?|ends?|begins?|arrives?|departs?|opens?|closes?) at"
    r"|comes? to|amounts? to|so|thus|hence|therefore|find|found|conclude|total of"
    r"|sum of|profit of|answer of|value of|result of"
    r"|est|sont|vaut|es|son|ist|sind|beträgt|são|è|sono|равна|равно|равен|равны|составляет)\b\s*:?"
    r"|(?<!\d)[:：](?=\s|$|[\d$\\*])|\\approx(?![a-zA-Z])|≈|\\(?:Rightarrow|implies|therefore)(?![a-zA-Z])"
    r"|⇒|→|∴|等于|[共约]?[有用需](?=\s*[$\\]?\d)|(?:所以|因此|故|于是)[，,:：]?|[是为](?=\s*[-\d$\\A-H])|(?<![不因以认])[是为](?![否不])(?=[^，。．,；;？?]{1,12}[。．.]?\s*$)",
    re.I,
)
_ARROWS = ("→", "⇒", "\\Rightarrow")
_DRESSED = re.compile(r"(?:[ \t\n*_#:：\"“]|>(?=\s))*")
_EQUALS = re.compile(r"(?<![<>!])=")
_EQUATES = re.compile(r"[=≈]|\\(?:approx|equiv|simeq|thickapprox)")
_LEAD = re.compile(
    r"^(?:approximately|about|approx\.?|around|exactly|only|just|roughly|equal to|therefore|thus|hence|so"
    r"|then|simply|also|option|choice|a total of|in total"
    r"|value|now|that|indeed|precisely|altogether|given by|found to be|calculated to be"
    r"|in the ratio(?: of)?|to be|going to be)\b,?\s+",
    re.I,
)
_TAIL = re.compile(
    r"^(?P<value>[\s$*\\(]*-?\\?\$?\d[^\s]*(?:\s*(?:\*\*|\$"
    r"|\\\)))?(?:\s+[A-Za-z²³/^]+){0,4}?)[,;]?\s+(?:in|at|on|for|after|before|during|when|with|if we"
    r"|overall|altogether|in total|left|remaining|more than|each|per)\s+[A-Za-z].*$",
    re.S,
)
_RATE = re.compile(r"\d\s*([A-Za-z]+ per [A-Za-z]+)[.\s]*$")
_FORMULA = re.compile(
    r"\\begin\{(?:align|equation|gather|eqnarray)\*?\}(?P<e>.+?)\\end\{\w+\*?\}"
    r"|\$\$(?P<a>[^$]+)\$\$|(?<!\\)\$(?P<b>[^$\n]+)(?<!\\)\$|\\\((?P<c>.+?)\\\)|\\\[(?P<d>.+?)\\\]",
    re.S,
)
_BOLD = re.compile(r"\*\*(?P<a>[^*\n]{1,80})\*\*|__(?P<b>[^_\n]{1,80})__")
_QUANTITY = re.compile(
    r"(?<![A-Za-z0-9.,/^_{\\-])[-−]?\\?[$€£¥]?\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?(?:\s?%|°)?(?![A-Za-z0-9_/^{-]|[.,]\d)"
)
_UNIT_WORD = re.compile(r"(?<=\d)\s*([A-Za-z]{1,12})\b(?:\^?[23²³])?")
_NUMBERED = re.compile(
    r"\b(?:questions?|problems?|figures?|steps?|cases?|exercises?|equations?|parts?|options?|no\.|number"
    r"|chapter|page|line|item|section|table|grade|version|year|ages?|#)\s*$",
    re.I,
)
_WORD = re.compile(r"(?<!\\)(?<![A-Za-z])[^\W\d_][^\W\d_]+")
_HEAD_WORD = re.compile(r"[^\W\d_]+", re.I)
CONCLUDES = re.compile(
    r"^[\s*>#-]*(?:so|thus|therefore|hence|consequently|finally|in (?:total|conclusion|summary|all|short)"
    r"|altogether|overall|as a result|this (?:gives|means|implies|yields)|we (?:get|obtain|find|have"
    r"|conclude)"
    r"|then|it follows|answer|result|conclusion|which (?:gives|means)|∴|所以|因此|故|综上|于是|donc|ainsi"
    r"|also|daher|somit|folglich|por (?:lo )?tanto|portanto|quindi|pertanto|итак|следовательно|значит"
    r"|таким образом|따라서|그러므로|よって|したがって|ゆえに)(?![a-z])",
    re.I,
)
_LOOK_BACK = 3
# Two words before a number: someone does something, where "Round 3" and "12 wrong" only name it.
_SUBJECT = re.compile(
    r"[\s*]*(?!.*\b(?:of|than|by|to|and|or|plus|minus|times|number)\s+[$\\(*]*\d)"
    r"(?:[A-Za-z][A-Za-z'’]+\s+){2,6}[$\\(*]*\d"
)
_PREPOSITION = re.compile(r"(?:in|on|at|of|for|from|by|with|after|over|under)\b", re.I)


def words(text: str) -> int:
    """How many words of two letters or more, commands of LaTeX aside."""
    return len(_WORD.findall(text[:2_000]))


def is_sentence(text: str) -> bool:
    """Whether a text has so many words that it says something about its value."""
    return words(text) > 4


def is_math(text: str) -> bool:
    """Whether a text reads as anything but words; a formula or reaction of chemistry is more than words."""
    try:
        return not isinstance(read(text), Words) or is_chemical(text)
    except (TooBig, RecursionError):
        return True


def is_chemical(text: str) -> bool:
    """Whether a text is a formula or reaction of chemistry."""
    return chemistry.key(trim(latex(text))) is not None


def sentence_end(line: str) -> int:
    """Where the first sentence of `line` ends, its mark not counted."""
    formulas = [m.span() for m in _FORMULA.finditer(line)] if "$" in line or "\\(" in line else []
    for stop in _END.finditer(line):
        factorial = stop[0] == "!" and any(a < stop.start() < b - 1 for a, b in formulas)
        if stop.start() > 0 and not factorial:
            return stop.start()
    return len(line)


def clause(response: str, start: int, end: int, rule: str) -> Candidate | None:
    """The clause behind an announcement at `start`: to the end of its line and sentence, without the reason given."""
    text = response[start:end]
    start += _DRESSED.match(text).end()  # type: ignore[union-attr]
    line = _first_line(response[start:end])
    stop = sentence_end(line)
    part = line[:stop] if not hedged(line[stop:]) else line
    part = _ASIDE.sub("", part)
    reasoned = _REASON.sub("", part)
    part = reasoned if reasoned.strip(" *$.\"'") else part
    if not part.strip(" *$.\"'_|"):
        return None
    return _shortened(response, start, start + len(part), rule)


def _shortened(response: str, start: int, end: int, rule: str) -> Candidate | None:
    """[start, end) without words that lead to its value, and without time and place behind a number."""
    while lead := _LEAD.match(response[start:end]):
        start += lead.end()
    tail = _TAIL.match(response[start:end])
    if tail and not denied("", response[start + tail.end("value") : end]) and not _is_rate(tail[0]):
        end = start + tail.end("value")
    text = response[start:end]
    if text.count("**") % 2 and text.rstrip().endswith("**"):
        end = start + text.rindex("**")
    return trimmed(response, start, end, rule)


def _is_rate(text: str) -> bool:
    """Whether a number is followed by a unit in words that has a "per": 72 kilometers per hour."""
    rate = _RATE.search(text)
    return rate is not None and unit_name(rate[1]) is not None


def _first_line(text: str) -> str:
    """The first line; a formula on lines of its own as a whole."""
    for opening, closing in (("$$", "$$"), ("\\[", "\\]"), ("\\begin{", "\\end{"), ("```", "```")):
        if text.startswith(opening):
            close = text.find(closing, len(opening))
            if close >= 0:
                stop = text.find("\n", close + len(closing))
                return text[: stop if stop >= 0 else len(text)]
    line = text.partition("\n")[0]
    return line if line.strip() not in ("$$", "\\[") else text[:2_000]


def stated(response: str, start: int, end: int, rule: str = "conclusion") -> Candidate | None:
    """The value that the sentence [start, end) states, None where it asks, doubts or says nothing of a value."""
    sentence = response[start:end]
    if asks(sentence) or doubtful(sentence):
        return None
    behind = _behind_verb(response, start, end, rule)
    if behind and (is_math(behind.text) or not re.search(r"\d|\$", sentence)):
        return behind
    adverbial = behind is not None and _PREPOSITION.match(behind.text) is not None
    if (
        behind
        and not adverbial
        and words(behind.text) <= 3
        and not _QUANTITY.search(behind.text)
        and not _reversed(sentence)
    ):
        return behind
    return _only_value(response, start, end, rule) or behind


def _reversed(sentence: str) -> bool:
    """Whether the value comes first: "73 is the area"."""
    return bool(
        re.match(
            r"^[\s*]*(?:(?:so|thus|hence|therefore),?\s+)?[\s*$\\(]*-?\d\S*\s+(?:is|are) (?:the|our|your|my) ",
            sentence,
            re.I,
        )
    )


def _behind_verb(response: str, start: int, end: int, rule: str) -> Candidate | None:
    sentence = response[start:end]
    formulas = [m.span() for m in _FORMULA.finditer(sentence)]
    verbs = [m for m in _VERB.finditer(sentence) if not any(a < m.start() < b for a, b in formulas)]
    if any(m[0] in _ARROWS for m in verbs):
        verb = next((m.end() for m in reversed(verbs) if m[0] not in _ARROWS), 0)
        reaction = clause(response, start + verb, end, rule)
        if reaction and is_chemical(reaction.text):
            return reaction
    cuts = [m.end() for m in verbs if sentence[m.end() :].strip(" .*_$")]
    candidate = clause(response, start + cuts[-1], end, rule) if cuts else None
    if candidate and _taken_back(sentence, candidate.span[0] - start, candidate.span[1] - start):
        return None
    if candidate and is_math(candidate.text):
        return candidate
    equals = [m.end() for m in _EQUALS.finditer(sentence) if not any(a < m.start() < b for a, b in formulas)]
    if equals and miscounts(sentence[cuts[-1] if cuts else 0 :]):
        return candidate
    if equals and (not cuts or equals[-1] > cuts[-1]) and sentence[equals[-1] :].strip(" .*_$"):
        return clause(response, start + equals[-1], end, rule)
    return candidate


def miscounts(text: str) -> bool:
    """Whether an equation between numbers fails by more than rounding, a unit they share aside."""
    text = text[:300]
    if not _EQUATES.search(text) or ";" in text.rstrip("; \n."):
        return False
    if len({unit_name(m[1]) for m in _UNIT_WORD.finditer(text)} - {None}) > 1:
        return False  # 2 h = 120 min
    try:
        item = read(_UNIT_WORD.sub(_without_unit, text))
        if not isinstance(item, Relation) or set(item.ops) - {"=", "~"}:
            return False
        values = [real(s.tree, exact(s.tree)) for s in item.sides if s.tree is not None and not has_symbols(s.tree)]
    except (TooBig, RecursionError):
        return False
    numbers = [v for v in values if v is not None]
    return any(abs(v - numbers[-1]) > 0.01 * abs(numbers[-1]) for v in numbers[:-1])


def _without_unit(match: re.Match[str]) -> str:
    """Nothing for a unit or counted noun behind a number; an unknown stays."""
    return "" if len(match[1]) > 2 or unit_name(match[1]) else match[0]


def _only_value(response: str, start: int, end: int, rule: str) -> Candidate | None:
    """The one bold value, formula or number of a sentence that neither denies nor bounds it."""
    sentence = response[start:end]
    for pattern in (_BOLD, _FORMULA):
        spots = [_content(m) for m in pattern.finditer(sentence)]
        valued = [s for s in spots if re.search(r"\d", sentence[slice(*s)]) or pattern is _FORMULA]
        if valued and (len(valued) == 1 or (pattern is _FORMULA and CONCLUDES.match(sentence))):
            first, last = valued[-1]
            if not _taken_back(sentence, first, last):
                return trimmed(response, start + first, start + last, rule)
            return None
    numbers = list(_QUANTITY.finditer(sentence))
    if len({n[0].strip() + sentence[n.end() :][: unit_length(sentence[n.end() :])] for n in numbers}) != 1:
        return None
    number = numbers[-1]
    if _NUMBERED.search(sentence[: number.start()]) or _taken_back(sentence, *number.span()):
        return None
    if re.match(r"\s*(?:is|are|was|were)\b(?! (?:the|our|your|my)\b)|\s*\w*\s*/\s*\d", sentence[number.end() :]):
        return None
    return trimmed(response, start + number.start(), start + number.end() + unit_length(sentence[number.end() :]), rule)


def _content(match: re.Match[str]) -> tuple[int, int]:
    group = next(g for g in match.groupdict() if match[g] is not None)
    return match.span(group)


def _taken_back(sentence: str, first: int, last: int) -> bool:
    before, after = sentence[:first].rstrip("$*_\\( ") + " ", sentence[last:].lstrip("$*_\\) ")
    if worked_on(before, after):
        return True
    return denied(before, after) or claim_denied(before) or bounded(before, after) or hedged(after)


def unit_length(text: str) -> int:
    """How many characters of a unit or scale ("cm", "million dollars") `text` begins with."""
    match = re.match(r"\s*([A-Za-zΩ²³°℃/^]+)((?:\s+(?:per\s+)?[A-Za-z]+)?)", text)
    if not match:
        return 0
    if match[1].lower() in SCALES:
        return match.end() if match[2] and unit_name(match[2]) else match.end(1)
    return match.end(1) if unit_name(match[1]) and match[1] not in ("in", "a", "A", "as") else 0


def concluded(response: str, start: int, end: int) -> Candidate | None:
    """The value of the last sentence; where that says nothing of one, of the last sentence that concludes."""
    spans = sentence_spans(response, max(start, end - 4_000), end)
    for back, (a, b) in enumerate(reversed(spans[-_LOOK_BACK - 1 :])):
        sentence = response[a:b]
        if back and not CONCLUDES.match(sentence) and not sentence.rstrip().endswith(("$$", "\\]")):
            continue
        candidate = _of_sentence(response, a, b)
        if candidate and (back == 0 or is_math(candidate.text)):
            if back == 0 and not is_math(candidate.text) and len(spans) > 1 and _says_nothing(sentence):
                continue
            return candidate
        if back == 0 and (doubtful(sentence) or asks(sentence)):
            return None
    return None


def _says_nothing(sentence: str) -> bool:
    return bool(
        re.match(
            r"^\W*(?:this (?:completes|concludes|is (?:the|our) (?:final|required))|done|q\.?e\.?d|we are done|see )",
            sentence,
            re.I,
        )
    )


def _of_sentence(response: str, start: int, end: int) -> Candidate | None:
    sentence = response[start:end]
    display = _last_display(sentence)
    if display:
        return trimmed(response, start + display[0], start + display[1], "formula")
    if not is_sentence(sentence) and not CONCLUDES.match(sentence) and not _VERB.search(sentence):
        if asks(sentence):
            return None
        told = _only_value(response, start, end, "last_line") if _SUBJECT.match(sentence) else None
        return told or trimmed(response, start, end, "last_line")
    candidate = stated(response, start, end)
    if candidate:
        return candidate
    if asks(sentence) or doubtful(sentence):
        return None
    return trimmed(response, start, end, "last_line")


def _last_display(sentence: str) -> tuple[int, int] | None:
    """The formula set on its own at the end of a sentence."""
    last = max(_FORMULA.finditer(sentence), key=lambda match: match.start(), default=None)
    if last and (last["a"] or last["d"] or last["e"]) and not sentence[last.end() :].strip(" .\n"):
        return _content(last)
    return None


@lru_cache(maxsize=64)
def sentence_spans(response: str, start: int, end: int) -> list[tuple[int, int]]:
    """[start, end) of each sentence; a formula on lines of its own belongs to the sentence that leads to it."""
    text = response[start:end]
    cuts = _breaks(text)
    spans: list[tuple[int, int]] = []
    for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True):
        sentence = text[a:b].strip()
        if not sentence:
            continue
        if (
            spans
            and sentence.startswith(("$$", "\\["))
            and not text[slice(*spans[-1])].rstrip().endswith((".", "!", "?"))
        ):
            spans[-1] = (spans[-1][0], b)
        else:
            spans.append((a, b))
    return [(start + a, start + b) for a, b in spans]


def _breaks(text: str) -> list[int]:
    """Where sentences end, outside of formulas."""
    cuts = [m.end() for m in _BREAK.finditer(text)]
    formulas = [m.span() for m in _FORMULA.finditer(text)] if cuts else []
    if not formulas:
        return cuts
    opens = [a for a, _ in formulas]
    outside = []
    for cut in cuts:
        before = bisect_left(opens, cut - 1)  # formulas that open before the break
        if not before or formulas[before - 1][1] <= cut - 1:
            outside.append(cut)
    return outside
