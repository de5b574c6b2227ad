"""Words that take a value back, leave it open or bound it: "not", "is wrong", "or", "at least", "I do not know"."""

import re

_OBJECT = (
    r"(?:(?:the|an|any|my|our|that|this|with|it|as|be|is|equal|to|correct|right|final|only|just|simply"
    r"|answer|option|choice|value|result|claim|possibility|number|takes?|took|costs?|holds?|lasts?|weighs?|needs?|has|have"
    r"|measures?|spends?|at|starts?|ends?|begins?)\s+)*"
)
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|never|neither|nor|cannot|except|without|unlike|rather than|instead of|other than|different from"
    r"|(?:anything|everything|all) but|far from"
    r"|nicht|kein|keine|pas|não|non|nunca|jamais|не|no es|no son"
    r"|(?:reject|refut|den(?:y|i)|doubt|dismiss|discard|exclud|eliminat|disput|disprov|disagree|disregard|ignor|avoid)"
    r"(?:e|es|s|ed|d|ing)?|rul(?:e|es|ed|ing) out)\b|n['’]t\b|不是|并非|不为|不等于|不选|排除|而非)"
    r"[\s:,}*_]*" + _OBJECT + r"[\s:$(\[\"'“*]*$",
    re.I,
)
_WRONG = (
    r"(?:(?:not\b|n['’]t\b)(?=\s*(?:$|[.,;!)\n*]|(?:at all|correct|right|true|possible|valid|it|acceptable"
    r"|allowed|an answer"
    r"|(?:the|my|our|a) (?:right |correct |final |valid |possible )?(?:answer|solution|one|value|option"
    r"|choice|result|case))\b))|wrong|incorrect|false\b|invalid|impossible|excluded|eliminated|rejected"
    r"|ruled out|mistaken"
    r"|an? (?:mistake|error|trap|distractor|typo)|the wrong|too (?:many|few|big|small|large|high|low|much"
    r"|little|long|short)"
    r"|unlikely|nonsense|out of the question|no (?:solution|answer)\b|extraneous|falsch|faux|erroné"
    r"|incorrect[oa]|errad[oa]|sbagliat[oa]|неверн|错|不对|不正确|不成立|ではな|아니)"
)
_DENIED_AFTER = re.compile(
    r"^[ \t$)\]}\"'”*\\]*(?:\(\s*(?:in|not\s+)(?:correct|right|true|valid)\s*\)|\(\s*(?:wrong|false)\s*\)"
    r"|(?:\([^()\n]{0,40}\)[ \t]*)?(?:,[ \t]*)?(?:[-–—:=][ \t]*)?"
    r"(?:(?:which|that|this)\s+)?"
    r"(?:(?:(?:is|are|was|were|do|does|did|has|have)(?=n['’]t)|(?:is|are|was|were|be|seems?|looks?"
    r"|appears?|would be|has been|ist|est|es|è|é)\b)\s*)?"
    r"(?:(?:definitely|clearly|certainly|obviously|also|therefore|thus|surely|simply|just|of course"
    r"|probably|likely|plainly|the|an?)\b\s*)*"
    r"(?:"
    + _WRONG
    + r"|(?:can|could|will|wo)(?:n['’]t|['’]t|not| not)\b|(?:does|do|did)(?:n['’]t| not) (?:work|fit|satisfy"
    r"|hold|match|apply|make sense|count)\b|fails\b"
    r"|(?:must|should|can|could) (?:be )?(?:rejected|excluded|eliminated|ruled out|discarded|not be)\b))",
    re.I,
)
_WORKED_BEFORE = re.compile(
    r"\b(?:(?:half|thirds?|quarters?|square root|cube root|square|cube|opposite|reciprocal|inverse|negative|double"
    r"|triple|percent) of|twice|thrice|double|triple|half|negative|minus|plus|(?:two|three|four|five|ten|\d+) times)"
    r"\s+(?:the\s+)?(?:number\s+)?[$\\(*]*$",
    re.I,
)
_WORKED_AFTER = re.compile(
    r"[\s*$)\\]*(?:(?:minus|plus|times|divided by|multiplied by|more than|less than)\s+[$\\(]*(?:\d|[a-z]\b"
    r"|one\b|two\b|three\b)"
    r"|squared\b|cubed\b|factorial\b|halves\b|thirds\b|quarters\b|fifths\b|negative\b|\\?times\s*[.$]|in base\b)",
    re.I,
)
_TEMPTED = re.compile(
    r"\b(?:mistake|wrong|incorrect|tempting|tempted|misleading|error|fallacy|trap)\b[^.;\n]{0,40}?\bto"
    r" (?:answer|say|think|choose|conclude|write|claim|pick|assume|put)\b(?:\s+that)?[\s:$(\[\"'“*]*"
    r"(?:(?:the )?(?:answer|value|result) (?:is|was)\s*)?[\s:$(\[\"'“*]*$",
    re.I,
)
_CLAIM_DENIED = re.compile(
    r"(?:(?:\b(?:not|never|hardly)|n['’]t)(?:\s+\w+){0,3}?\s+(?:say|think|conclude|claim|believe|true|mean|follow|correct)"
    r"|\b(?:wrong|mistake|incorrect|tempting|tempted|false|untrue|fallacy|error|misleading)\b[^.,:;\n]{0,40}?"
    r"|\b(?:doubt|deny|denies|disagree|reject))\b(?:\s+(?:that|to (?:say|think|claim|conclude|assume|believe)))*"
    r"(?:\s+(?!so\b|thus\b|hence\b|and\b|but\b)\w+){0,4}?"
    r"(?:\s+(?:the|my|our|its|a)|\s+(?:is|are|be|was|were|equals?))?\s*$",
    re.I,
)
_BOUND_BEFORE = re.compile(
    r"(?:\b(?:at least|at most|(?:less|more|greater|fewer|smaller|larger|bigger|higher"
    r"|lower) than(?: or equal to)?|up to"
    r"|between|exceed(?:s|ing)?|almost|nearly|or (?:more|less|fewer)"
    r"|(?:is|are|be|just|slightly|well|somewhere|anything) (?:over|under|above|below))|至少|最多|不超过"
    r"|大于|小于|超过)[\s:$(]*$",
    re.I,
)
_STARTED_RANGE = re.compile(r"\d\s*(?:to|through|-|–|—|~)\s*\$?$")
_RANGE = re.compile(
    r"^[\s$)\]}*]*(?:to|through|until|bis|至|到|~|\.\.+|…|-{1,2}(?!-)|–|—|−|\\sim|\\text\s*\{\s*to\s*\})[\s$(\\[{]*[-\d]",
    re.I,
)
_BOUND_AFTER = re.compile(
    r"^[\s$)\]}*,]*(?:\w+\s+)?(?:or (?:more|less|fewer|greater|so|whatever)|at (?:least|most)|and (?:up"
    r"|above|more|counting)|\+)(?![\w])",
    re.I,
)
_HEDGE_AFTER = re.compile(
    r"^[\s.,;$)\\\]*}]*(?:text\s*\{\s*)?(?:or\b(?!,? (?:equivalently|in other words|simply|in decimal"
    r"|written))|maybe\b|perhaps\b|possibly\b|alternatively\b"
    r"|(?:but|though|although|however|even though),?\s+[^.\n]{0,40}?\b(?:may|might|could|possible|possibly"
    r"|perhaps|maybe|also|either|equally|not sure|unsure)\b)"
    r"|^\s*\?\s*(?:no\b|wait\b|actually\b|or\b)",
    re.I,
)
_DOUBT = re.compile(
    r"\b(?:(?:do|does|did|can|could|am|is|are|was|were|will|would) ?(?:not|n['’]t) (?:really )?(?:know"
    r"|sure|certain|able|determine|solve|tell|answer|say|see|find|understand|give|help|enough|possible)"
    r"|(?:don|didn|can|couldn|won|isn|wasn|wouldn)['’]?t (?:know|sure|certain|be sure|say|tell|determine"
    r"|answer|solve|see|find|understand|give|help|possible)"
    r"|cannot|unable|unsure|(?:hard|difficult) to (?:tell|say)"
    r"|unclear|not clear|not sure|no idea|no answer|unknown|impossible|maybe|perhaps|possibly|might"
    r"|whatever|sorry|too hard|guess(?:es|ing)?\b(?= it)|any of|either of|none of|neither|insufficient"
    r"|not enough|undetermined|can be anything)\b"
    r"|不知道|无法|不能确定|也许|可能",
    re.I,
)
_ASKS = re.compile(
    r"[?？]\s*[\"'”)*$]*\s*$|(?<![\w*)}])_{2,}(?![A-Z\d($])|_{3,}|\\underline\s*\{|\\_|[（(]\s*[）)]"
    r"|\bhow (?:many|much|long|far|old|tall)\b"
    r"|^\W*(?:what|which|who|where|when|find|calculate|compute|determine|solve|evaluate|simplify|express"
    r"|prove|show|write|fill|choose|select|estimate|draw|(?:given|if|suppose|assume|assuming|let|consider"
    r"|as shown|in the figure|known)\b(?!.*\b(?:so|thus|hence|therefore)\b))\b"
    r"|(?:is|are|of|to|be|equals|as|was)\s*[:.,]?\s*$|(?:\bis|\bare|\bequals|=)\s*(?:\(\s*\)|\.)\s*$"
    r"|^\W*(?:求|已知|如图|设|若)|多少|[为是]\s*[.。]?\s*$",
    re.I,
)
_SUPPOSED = re.compile(
    r"\b(?:suppose|assume|assuming|imagine|if|let us try|let's try|trying|unless|had)\b[^.,;:\n]{0,60}$"
    r"|\b(?:were|would have been)\s*[$\\(]*$",
    re.I,
)
_SECOND_THOUGHT = re.compile(
    r"\b(?:wait|hold on|hmm+|actually|oops|correction|sorry|on second thoughts?|scratch that|no,)\b[^\n]{0,80}?"
    r"(?:\b(?:wrong|incorrect|mistaken?|(?:an|my) error|should (?:be|have been)|not (?:right|correct)"
        r"|miscalculated|misread)\b"
    r"|\b(?:it|that|answer) (?:is|must be)\s+[\s$\\(*]*(?P<value>-?\d[\d.,]*))"
    r"|(?:^|[.;,\n])\s*(?:it|that|this|the answer|which) (?:should|ought to|must) (?:really |actually "
        r"|instead )?(?:be|have been)\s+[\s$\\(*]*(?:boxed\s*\{)?(?P<other>-?\d[\d.,]*)"
    r"|\b(?:no|wait|sorry|correction)\b[,.\s]*(?:(?:actually|it's|it is|that's|rather|make that|I mean)\s+)+[$\\(*]*"
    r"(?P<third>-?\d[\d.,]*)"
    r"|\bI (?:made|have made) (?:a|an) (?:mistake|error)\b|\b(?:ignore|disregard|scratch) (?:that|this|the above|my)\b",
    re.I,
)  # fmt: skip

REACH = 120


def denied(before: str, after: str) -> bool:
    """Whether the words right before or right behind a value take it back."""
    before = before[-REACH:]
    return bool(_DENIED_BEFORE.search(before) or _TEMPTED.search(before) or _DENIED_AFTER.match(after[:REACH]))


def worked_on(before: str, after: str) -> bool:
    """Whether the words around a value make another of it: "half of 5", "the square root of 5", "5 factorial"."""
    return bool(_WORKED_BEFORE.search(before[-REACH:]) or _WORKED_AFTER.match(after[:REACH]))


def claim_denied(before: str) -> bool:
    """Whether the words before an announcement, or before its value, take it back: "It is wrong to say that"."""
    return bool(_CLAIM_DENIED.search(before[-REACH:]) or supposed(before))


def bounded(before: str, after: str) -> bool:
    """Whether a value is only an end of a range: "at least 12", "10 to 12", "12 or more"."""
    before, after = before[-REACH:], after[:REACH]
    if before and (_BOUND_BEFORE.search(before) or _STARTED_RANGE.search(before)):
        return True
    return bool(after and (_RANGE.match(after) or _BOUND_AFTER.match(after)))


def hedged(after: str) -> bool:
    """Whether what follows a value offers another one beside it."""
    return bool(_HEDGE_AFTER.match(after[:REACH]))


def doubtful(sentence: str) -> bool:
    """Whether a sentence says that its speaker does not know."""
    return bool(_DOUBT.search(sentence[:2_000]))


def asks(sentence: str) -> bool:
    """Whether a sentence puts the question, gives what is known, or leaves a blank, instead of stating an answer."""
    return bool(_ASKS.search(sentence[:2_000].strip()))


def supposed(before: str) -> bool:
    """Whether a value is only tried out: "Suppose the answer were"."""
    return bool(_SUPPOSED.search(before[-REACH:]))


def retracted(value: str, after: str) -> bool:
    """Whether second thoughts behind a value put another in its stead."""
    thought = _SECOND_THOUGHT.search(after[:1_000])
    if not thought:
        return False
    other = thought["value"] or thought["other"] or thought["third"]
    return other is None or other.rstrip(".,") != value.strip()
