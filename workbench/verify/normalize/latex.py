"""One spelling for what can be written in many: Unicode, LaTeX dressing, punctuation."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from workbench.verify.normalize.chinese import international
from workbench.verify.normalize.styling import without_styling
from workbench.verify.normalize.terms import SAME

_SUPERSCRIPT = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True))
_RAISED = "ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
_SUPERSCRIPT |= dict(zip(_RAISED, "ABDEGHIJKLMNOPRTUVWabcdefghijklmoprstuvwxyz", strict=True))
_SUBSCRIPT = dict(zip("₀₁₂₃₄₅₆₇₈₉ₙ", "0123456789n", strict=True))
_VULGAR = {c: unicodedata.normalize("NFKC", c).split("⁄") for c in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
_SIGNS = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ",
    "∙": r"\cdot ", "•": r"\cdot ", "∗": "*", "÷": "/", "∕": "/", "⁄": "/", "≤": r"\le ", "⩽": r"\le ", "≦": r"\le ",
    "≥": r"\ge ", "⩾": r"\ge ", "≧": r"\ge ", "≠": r"\ne ", "∞": r"\infty ", "π": r"\pi ", "𝜋": r"\pi ", "√": r"\sqrt ",
    "∛": r"\sqrt[3] ", "°": r"\deg ", "º": r"\deg ", "˚": r"\deg ", "℃": r"\deg C", "±": r"\pm ", "∓": r"\mp ",
    "∠": r"\angle ", "△": r"\triangle ", "∆": r"\triangle ", "⊥": r"\perp ", "∥": r"\parallel ", "∪": r"\cup ",
    "∩": r"\cap ", "∈": r"\in ", "∅": r"\emptyset ", "≈": r"\approx ", "α": r"\alpha ", "β": r"\beta ",
    "γ": r"\gamma ", "θ": r"\theta ", "λ": r"\lambda ", "μ": r"\mu ", "φ": r"\phi ", "ω": r"\omega ", "ρ": r"\rho ",
    "，": ",", "；": ";", "。": ". ", "、": ",", "′": "'", "’": "'", "‘": "'", "“": '"', "”": '"', "【": "(", "】": ")",
    "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u3000": " ", "…": "...", "∶": ":", "″": "''", "∵": " because ",
    "∴": " therefore ",
    "⟨": r"\langle ", "⟩": r"\rangle ", "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ",
    "ℤ": r"\Z ",
    "ℝ": r"\R ", "∼": "~", "㎝": "cm", "㎡": "m^2",
}  # fmt: skip
_TABLE = str.maketrans(_SIGNS | {chr(c): chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F)} | {"，": ",", "；": ";"})
_RUN_UP = re.compile(f"[{''.join(_SUPERSCRIPT)}]+")
_RUN_DOWN = re.compile(f"[{''.join(_SUBSCRIPT)}]+")
_CIRCLED = re.compile("[①-⑳]")
_VULGAR_RUN = re.compile(f"[{''.join(_VULGAR)}]")
_INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200b-\u200f\u2060\ufeff\u00ad]")


def unify(text: str) -> str:
    """Unicode signs as their ASCII or LaTeX names; other letters stay, so look-alikes never pass for Latin ones."""
    if text.isascii() and text.isprintable():
        return text
    # A form feed is what is left of `\frac` when a data set was written without escaping.
    text = text.replace("\x0crac", "\\frac").replace("\r\n", "\n")
    text = _INVISIBLE.sub("", text)
    if text.strip("$ ") in ("√", "×", "✓", "✔", "✗", "✘"):
        return "yes" if text.strip("$ ") in "√✓✔" else "no"
    text = _VULGAR_RUN.sub(lambda m: r"\frac{{{}}}{{{}}}".format(*_VULGAR[m[0]]), text)
    text = _RUN_UP.sub(lambda m: "^{" + "".join(_SUPERSCRIPT[c] for c in m[0]) + "}", text)
    text = _RUN_DOWN.sub(lambda m: "_{" + "".join(_SUBSCRIPT[c] for c in m[0]) + "}", text)
    text = _CIRCLED.sub(lambda m: f"({ord(m[0]) - 0x245F})", text)
    return text.translate(_TABLE)


# A balanced group without nested braces; repeated application opens nested dressing from the inside out.
_GROUP = r"\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
_DRESSING = re.compile(
    r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mathsf|mathbb|boldsymbol|bm|operatorname\*?|mbox|hbox|number|"
    r"unit|boxed|fbox|underline|emph|ensuremath|textnormal|mathop|displaystyle)(?![a-zA-Z])" + _GROUP
)
_UNIT = re.compile(r"\\(?:unit|mathrm|text|boxed|fbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_QUANTITY = re.compile(r"\\quantity" + _GROUP + r"\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_DEGREE = re.compile(
    r"(?:\{\s*\})?\s*\^\s*(?:\{\s*(?:\\circ|\\degree|\\deg)\s*\}|(?:\\circ|\\degree|\\deg)(?![a-z]))"
    r"|\\degrees?(?![a-z])|\{degrees\}"
)
_PRIMES = re.compile(r"\^\s*(?:\{\s*(?:\\prime(?![a-z])\s*)+\}|(?:\\prime(?![a-z])\s*)+)")
_ALLELE = re.compile(r"(?<=X)\^([A-Za-z])(?=X|Y|$)")  # X^BX^b: one letter each is raised, as LaTeX prints it
_ALIGNED = re.compile(r"\\begin\s*\{(aligned|align\*?|split|gathered)\}(.*?)\\end\s*\{\1\}", re.S)
# A row that begins with a relation continues the row before: `S &= 1 + 2 \\\\ &= 3`.
_CONTINUES = re.compile(r"\s*(?:\\\\|\n)\s*&?\s*(?==(?!=)|\\approx(?![a-z]))|(?<=[A-Za-z0-9)}])\s*&\s*(?==)")
_SPACING = re.compile(
    r"\\(?:left|right|mathrm|mathbf|text|bigg?|Bigg?|bigl|bigr|Bigl|Bigr|middle|displaystyle|textstyle|rm|bf|it|limits|nolimits)(?![a-zA-Z])"
    r"(?:\s*\.(?!\d))?|(?<!\\)\\[,;:!> ]|\\(?:quad|qquad|enspace|thinspace|hfill|mathstrut)(?![a-zA-Z])|~|&nbsp;"
)
_MARKUP = re.compile(r"\*\*|__(?=\w)|`|</?(?:b|i|p|em|strong|br)\s*/?>")
# Python's power, not the end of bold print: 2**3, x**2.
_POWER_SIGN = re.compile(r"(?<![\w*])(\d+|[A-Za-z]|\))\*\*(?=[\d(A-Za-z-][^*]*$)")
_MARKUP_BETWEEN_DIGITS = re.compile(rf"(?<=[\d.])(?:{_MARKUP.pattern})+(?=[\d.])")
_NAMES = {
    "dfrac": r"\frac", "tfrac": r"\frac", "cfrac": r"\frac", "dbinom": r"\binom", "tbinom": r"\binom",
    "leqslant": r"\le ", "leqq": r"\le ", "leq": r"\le ", "geqslant": r"\ge ", "geqq": r"\ge ", "geq": r"\ge ",
    "neq": r"\ne ", "lt": "<", "gt": ">", "div": "/", "ast": "*", "star": "*", "lvert": "|", "rvert": "|", "vert": "|",
    "lbrace": r"\{", "rbrace": r"\}", "thickapprox": r"\approx ", "simeq": r"\approx ", "approxeq": r"\approx ",
    "prime": "'", "varnothing": r"\emptyset ", "bot": r"\perp ", "overrightarrow": r"\vec ", "arcsin": r"\asin ",
    "arccos": r"\acos ", "arctan": r"\atan ", "langle": "(", "rangle": ")", "ldots": "...", "cdots": "...",
    "dots": "...",
}  # fmt: skip
_NAMED = re.compile(r"\\([a-zA-Z]+)")
_BASES = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12,
    "sixteen": 16,
}  # fmt: skip


def _base(match: re.Match[str]) -> str:
    return f"_{{{_BASES[match[1]]}}}"


def _choose(match: re.Match[str]) -> str:
    """`C_5^2` and `A_5^2` as school books write combinations and permutations."""
    kind, n, k = match[1], int(match[2]), int(match[3])
    return f"\\binom{{{n}}}{{{k}}}" if kind == "C" else f"\\frac{{{n}!}}{{{n - k}!}}" if n >= k else match[0]


# What an entry is worth looking for comes first; it is compared in lower case.
_WRITTEN: list[tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    ("_", re.compile(r"(?<![A-Za-z\\])([CA])_\{?(\d{1,2})\}?\s*\^\s*\{?(\d{1,2})\}?"), _choose),
    ("triangle ", re.compile(r"(?<![\\a-z])triangle\s+(?=[A-Z]{3}\b)", re.I), r"\\triangle "),
    (
        "_",
        re.compile(r"(?<=\d)\s*_\s*\{?\s*(two|three|four|five|six|seven|eight|nine|ten|twelve|sixteen)\s*\}?"),
        _base,
    ),
    ("{:}", re.compile(r"\{:\}"), ":"),
    ("{,}", re.compile(r"(?<=\d)\{,\}(?=\d{3})"), ","),
    ("!=", re.compile("!="), r"\\ne "),
    ("=", re.compile("<=|=<"), r"\\le "),
    ("=", re.compile(">=|=>"), r"\\ge "),
    ("\\", re.compile(r"\\(?:overline|bar|widehat)\s*\{([A-Za-z]{1,3})\}"), r"\1"),
    ("degree", re.compile(r"\bdegrees?\b(?!\s*(?:celsius|fahrenheit|C\b|F\b))", re.I), r"\\deg "),
    ("pi", re.compile(r"(?<![a-zA-Z\\])(?:pi)(?![a-zA-Z])"), r"\\pi "),
    ("inf", re.compile(r"(?<![a-zA-Z\\])(?:infinity|inf)(?![a-zA-Z])"), r"\\infty "),
    ("oo", re.compile(r"(?<![a-zA-Z\\])oo(?![a-zA-Z])"), r"\\infty "),
    ("sqrt", re.compile(r"(?<![a-zA-Z\\])sqrt(?![a-zA-Z])"), r"\\sqrt "),
    ("per", re.compile(r"(?<=[\d})])\s*\b(?:percent|per cent|percentage)\b(?!\s*point)", re.I), "%"),
    ("pct", re.compile(r"(?<=[\d})])\s*\bpct\b", re.I), "%"),
    ("//", re.compile(r"(?<=\b[A-Z]{2})\s*//\s*(?=[A-Z]{2}\b)"), r" \\parallel "),
    ("|", re.compile(r"(?<=\b[A-Z]{2})\s*(?:\|\||\\\|)\s*(?=[A-Z]{2}\b)"), r" \\parallel "),
    ("omega", re.compile(r"(?<=\d)\s*(k?)\\Omega(?![A-Za-z_^])"), r" \1ohm "),
    ("ω", re.compile(r"(?<=\d)\s*(k?)[\u03a9\u2126]"), r" \1ohm "),
    ("below zero", re.compile(r"^(\d[\d.]*)\s*((?:\\deg\s*[CF]?\s*)?)below zero$", re.I), r"-\1\2"),
    ("minus", re.compile(r"^(?:minus)\s+(?=\d)", re.I), "-"),
    ("negative", re.compile(r"^negative\s+(?=\d)", re.I), "-"),
    ("square", re.compile(r"\{\s*square\s*(inches|feet|units|meters|centimeters)\s*\}"), r" square \1"),
    ("{", re.compile(r"(?<!\\begin)(?<!\\end)\{\s*([a-z]{4,})\s*\}"), r" \1 "),
]


_THIN_SPACE = re.compile(r"(?<=\d)\\[,!](?=\d{3}(?!\d))")
_THIN_COMMA = re.compile(r"(?<=\d),\\!\s*(?=\d{3}(?!\d))")
# An answer that is one number, its digits in threes: 1 234 567, 12'345, 1.234.567.
_GROUPED = re.compile(r"^((?:[A-Za-z]\s*=\s*)?[-+]?\d{1,3})((?:[ ']\d{3})+|(?:\.\d{3}){2,})(?![\d'.])(?!\s*[,;]?\s*\d)")
_PERCENT_OF = re.compile(r"(?<=%)\s+of\s+(?:the|all|these|those|them|its|their|his|her)\b[A-Za-z ]*\.?$")
_BLANKS = re.compile(r"[ \t]+")
_SPELLED = re.compile(r"(?:pi|infinity|inf|oo)$", re.I)
_FIELD = re.compile(r"\\math(?:bb|bf)\s*(?:\{\s*([RZNQC])\s*\}|([RZNQC])(?![a-zA-Z]))")
_ANGLE_LEFT = re.compile(r"\\left\s*<")
_ANGLE_RIGHT = re.compile(r"\\right\s*>")
_PART = r"((?:[^{}$=]|\{[^{}]*\})*)"
_OVER = re.compile(r"\{" + _PART + r"\\(over|choose)(?![a-zA-Z])" + _PART + r"\}")
_BARE_OVER = re.compile(r"^(\$*)" + _PART + r"\\(over|choose)(?![a-zA-Z])" + _PART + r"(\$*)$")


def _fractions_written_over(text: str) -> str:
    """Plain TeX's `{a \\over b}` and `{n \\choose k}` in LaTeX's words."""

    def write(top: str, sign: str, bottom: str) -> str:
        return f"\\{'frac' if sign == 'over' else 'binom'}{{{top}}}{{{bottom}}}"

    text = _OVER.sub(lambda m: write(m[1], m[2], m[3]), text)
    return _BARE_OVER.sub(lambda m: m[1] + write(m[2], m[3], m[4]) + m[5], text)


@lru_cache(maxsize=8192)
def latex(text: str) -> str:
    """`text` without LaTeX dressing: one name for each operator, no font commands, no math-mode marks, no spacing.

    A thin space between digit groups joins them. A dollar sign that is money stays, as `\\$`.
    """
    text = international(unify(text))
    if len(text) > 2 and text[0] == text[-1] == "'":
        text = text[1:-1]
    if text.isalnum() and not _SPELLED.match(text):
        return text
    if "\\" in text:
        text = _THIN_SPACE.sub("", text)
        text = _THIN_COMMA.sub(",", text)
    if "\\" in text or "%" in text or "&" in text:
        text = without_styling(text)
    text = _FIELD.sub(lambda m: f"\\{m[1] or m[2]} ", text) if "\\math" in text else text
    text = _ANGLE_LEFT.sub(r"\\langle ", _ANGLE_RIGHT.sub(r"\\rangle ", text)) if "\\left<" in text else text
    text = _fractions_written_over(text) if "\\over" in text or "\\choose" in text else text
    if "*" in text or "_" in text or "`" in text or "<" in text:
        text = _POWER_SIGN.sub(r"\1^", text)
        text = _MARKUP_BETWEEN_DIGITS.sub(" ", text)
        text = _MARKUP.sub("", text)
    text = strip_math(text)
    if "\\begin" in text or "&" in text:
        text = _ALIGNED.sub(lambda m: m[2], text) if _CONTINUES.search(text) else text
    if "\\" in text:
        text = _without_dressing(text)
    if "~" in text or "&" in text:
        text = _SPACING.sub(" ", text)
    if "{degrees}" in text:
        text = _DEGREE.sub(r"\\deg ", text)
    if "X^" in text:
        text = _ALLELE.sub(r"^{\1}", text)
    lower = text.lower()
    for needle, pattern, to in _WRITTEN:
        if needle in lower:
            text = pattern.sub(to, text)
    text = _BLANKS.sub(" ", text.replace("\\%", "%").replace("{}", "")).strip()
    if "%" in text:
        text = _PERCENT_OF.sub("", text)
    return _GROUPED.sub(lambda m: m[1] + re.sub("[ '.]", "", m[2]), text)


def _without_dressing(text: str) -> str:
    """`text` with its commands opened or under one name; none of the rules applies to text without a backslash."""
    text = text.replace("\\\\", "\n") if "\\begin" not in text else text
    text = _CONTINUES.sub(" ", text) if "\n" in text else text
    text = _QUANTITY.sub(r"\1 \2", text)
    text = _UNIT.sub(r" \1 ", text)
    for _ in range(6):
        opened = _DRESSING.sub(r" \1 ", text)
        if opened == text:
            break
        text = opened
    text = _DEGREE.sub(r"\\deg ", text)
    text = _PRIMES.sub(lambda m: "'" * m[0].count("prime"), text)
    text = _SPACING.sub(" ", text)
    return _NAMED.sub(lambda m: _NAMES.get(m[1], m[0]), text)


_ESCAPED_MARK = re.compile(r"\\\\(?=[()\[\]])")
_MATH_MODE = re.compile(r"\\[()\[\]]|\$\$")
_MONEY = re.compile(r"\\\$|(?<![\\$])\$(?=\s*\d)")


def strip_math(text: str) -> str:
    """Without `$…$`, `\\(…\\)` marks; an odd single dollar before a digit is money and becomes `\\$`."""
    if "\\" in text or "$" in text:
        text = _ESCAPED_MARK.sub(r"\\", text)
        text = _MATH_MODE.sub(" ", text)
    if "$" not in text:
        return text
    text = text.replace("\\$", "\x00")
    if text.count("$") % 2 == 0:
        text = text.replace("$", " ")
    else:
        text = re.sub(r"\$(?=\s*\d)", "\x00", text).replace("$", " ")
    return text.replace("\x00", "\\$")


NO_SOLUTION = "no solution"
_NOTHING = re.compile(
    r"(?:there )?(?:no (?:real |such |possible |valid )?(?:solutions?|values?)(?: exists?)?|none|(?:empty|null) set)$"
)
_MUTUAL = re.compile(r"^(\S+) (parallel|perpendicular) (?:to )?(\S+)$")
_STOPWORDS = re.compile(r"\b(?:a|an|the|is|are|it|they|its|be)\b")


@lru_cache(maxsize=8192)
def text_key(text: str) -> str:
    """What two equal words or sentences share: no articles, no punctuation, no dressing, and lower case but where
    case carries meaning; closed classes of synonyms have one key.
    """
    plain = latex(text)
    if carries_case(plain):
        return dense(text)
    if divided := remainder(plain):
        return divided
    key = plain.lower()
    key = re.sub(r"\\perp", " perpendicular ", key)
    key = re.sub(r"\\parallel", " parallel ", key)
    key = re.sub(r"(?<=[a-z])\.(?=[a-z]\b)|(?<=\b[ap]\.m)\.", "", key)
    key = re.sub(r"(?<=[a-z0-9])'(?=[a-z])", "", key)
    key = re.sub(r"[\s,;:!?\"'_(){}\[\]~\\]+|-(?!\s*\d)|\.(?!\d)", " ", key)
    key = re.sub(r"(?<=\d)(?=[ap]m\b)", " ", key)
    bare = " ".join(_STOPWORDS.sub(" ", key).split())
    if _NOTHING.match(bare):
        return NO_SOLUTION
    if "parallel" in bare or "perpendicular" in bare:
        bare = _MUTUAL.sub(lambda m: f" {m[2]} ".join(sorted((m[1], m[3]))), bare)
    key = bare or " ".join(key.split())
    return SAME.get(key, key)


_REMAINDER = re.compile(r"^(\d+)\s*(?:R|r|remainder|rem\.?|余|\.\.\.|with (?:a )?remainder(?: of)?)\s*(\d+)$", re.I)
_PAIRS_OF_ALLELES = re.compile(r"^(?=[A-Za-z]*[A-Z])(?:([A-Za-z])(?i:\1))+$")
_SYMBOL = re.compile(r"^[a-z]{1,2}[A-Z]$|^M[a-z]$")


def remainder(text: str) -> str | None:
    """ "7 remainder 2" for what a division with a remainder comes to, written in any way: 7 R 2, 7余2."""
    match = _REMAINDER.match(text)
    return f"{match[1]} remainder {match[2]}" if match else None


def carries_case(text: str) -> bool:
    """Whether a text is read with its case: a genotype (AaBb), a symbol with a prefix (mM, kW)."""
    return bool(_PAIRS_OF_ALLELES.match(text) or _SYMBOL.match(text))


_DENSE = re.compile(r"\s+")
_GAP = re.compile(r"(?<=[\d.])\s+(?=[\d.])")


@lru_cache(maxsize=8192)
def dense(text: str) -> str:
    """The cheapest equality: dressing gone, no white space but between digits, no final full stop."""
    return _DENSE.sub("", _GAP.sub("\u2423", latex(text))).rstrip(".,;")
