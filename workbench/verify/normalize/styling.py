"""How LaTeX is printed, taken away: colour, size, frames, spacing, comments; what is not printed goes with it."""

import re

_ARGUMENT = r"\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
_OPTION = r"\s*(?:\[[^\]]*\])?"
# A phantom holds room and prints nothing; what is struck out does not count.
_UNPRINTED = re.compile(
    r"\\(?:[hv]?phantom|[bx]?cancel|sout|label|tag|vspace|hspace|rule|mspace|kern)\*?" + _OPTION + _ARGUMENT
)
_LENGTH = re.compile(r"\\(?:kern|hskip|vskip|mskip|mkern)\s*-?[\d.]+\s*(?:pt|em|ex|mu|cm|mm|in)\b")
_COLOUR = re.compile(
    r"\\(?:textcolor|colorbox)" + _OPTION + r"\s*\{[^{}]*\}(?=\s*\{)|\\color" + _OPTION + r"\s*(?:\{[^{}]*\}|\w+)"
)
_FRAME = re.compile(r"\\(?:fcolorbox\s*\{[^{}]*\}\s*\{[^{}]*\}|bbox\s*\[[^\]]*\]|framebox|bbox)(?=\s*\{)")
_SIZE = re.compile(
    r"\\(?:tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge|bfseries|itshape|upshape|sffamily"
    r"|rmfamily|ttfamily|scriptstyle|scriptscriptstyle|boldmath|centering|noindent|nonumber|notag|allowbreak|relax|null)"
    r"(?![A-Za-z])"
)
_ROW_SPACE = re.compile(r"(\\\\)\s*\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in)\s*\]")
# Behind a number "%" is percent, unless a gap stands before it and a remark behind it: "7 % final", not "7 % of them".
_COMMENT = re.compile(
    r"(?<![\\\d}\s])\s*%[^\n]*(?:\n|$)|(?<=[\d}])[ \t]+%[ \t]*"
    r"(?!of\b|per\b|more\b|less\b|increase|decrease|chance|probab|by\b|in\b)[A-Za-z][^\n]*(?:\n|$)"
)
_DOUBLED = re.compile(
    r"\\\\(?=(?:d?frac|sqrt|text|times|cdot|pi|left|right|circ|le|ge|pm|boxed|infty|angle|theta)(?![A-Za-z]))"
)
_ENTITIES = {
    "&lt;": "<", "&gt;": ">", "&le;": r"\le ", "&ge;": r"\ge ", "&deg;": "°", "&times;": r"\times ", "&pi;": r"\pi ",
}  # fmt: skip
_ENTITY = re.compile("|".join(_ENTITIES))


def unprinted(text: str) -> list[tuple[int, int]]:
    """[start, end) of every comment, and of every command whose argument is not printed or is struck out."""
    return [match.span() for pattern in (_UNPRINTED, _COMMENT) for match in pattern.finditer(text)]


def without_styling(text: str) -> str:
    """`text` without commands that change its looks only. A gap stays where something stood between two digits."""
    if "%" in text:
        text = _COMMENT.sub(" ", text)
    if "&" in text:
        text = _ENTITY.sub(lambda m: _ENTITIES[m[0]], text)
    if "\\" not in text:
        return text
    text = _DOUBLED.sub(r"\\", text)
    text = _ROW_SPACE.sub(r"\1 ", text)
    text = _LENGTH.sub(" ", text)
    text = _UNPRINTED.sub(" ", text)
    text = _FRAME.sub(" ", _COLOUR.sub(" ", text))
    return _SIZE.sub(" ", text)
