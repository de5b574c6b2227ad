"""The words of a formula: LaTeX or plain text cut into tokens, with limits on their number and size."""

import re

MAX_TOKENS = 300
MAX_DIGITS = 300


class NotMath(ValueError):
    """The text is not a formula this reader knows."""


class TooBig(ValueError):
    """A formula over a limit; the message is the limit's name."""


FUNCTIONS = [
    "sinh", "cosh", "tanh", "coth", "sin", "cos", "tan", "cot", "sec", "csc", "asin", "acos", "atan", "arcsin",
    "arccos", "arctan", "ln", "log", "lg", "exp", "max", "min", "gcd", "lcm", "sgn",
]  # fmt: skip
OF_MANY = ("max", "min", "gcd", "lcm")
GREEK = [
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "phi", "varphi", "chi", "psi", "omega", "Gamma", "Delta",
    "Theta", "Lambda", "Xi", "Sigma", "Phi", "Psi", "Omega", "ell", "hbar",
]  # fmt: skip
MARKS = ("angle", "triangle", "vec", "hat", "tilde", "dot", "bar", "overline")
_WORDS = frozenset([
    "a", "an", "as", "at", "be", "by", "do", "he", "if", "in", "is", "it", "me", "my", "no", "of", "on", "or",
    "so", "to", "up", "us", "we", "all", "and", "any", "are", "but", "can", "cup", "day", "few", "for", "get",
    "had", "has", "her", "him", "his", "how", "its", "let", "may", "men", "new", "nor", "not", "now", "off",
    "old", "one", "our", "out", "per", "put", "red", "say", "see", "set", "she", "six", "ten", "the", "too",
    "top", "two", "use", "was", "way", "who", "why", "yes", "you", "yet", "i'm", "none", "nan", "inf", "min",
    "max", "am", "pm", "odd",
])  # fmt: skip
_TOKEN = re.compile(
    r"\s*(?:(?P<rep>\d*\.\d*)\\(?:overline|dot|bar)\s*\{(?P<cycle>\d+)\}"
    r"|(?P<num>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][+-]?\d{1,4}(?![\w.]))?|\.\d+|\d+\.(?!\d))"
    r"|\\(?P<cmd>[a-zA-Z]+|[{}|%$])|(?P<word>[A-Za-z]+)|(?P<op>\*\*|[-+*/^_()\[\]{}|!%:',]))"
)


_COMMANDS = frozenset([
    *FUNCTIONS, *GREEK, *MARKS, "frac", "sqrt", "binom", "times", "cdot", "deg", "pi", "infty", "emptyset", "lfloor",
    "lceil", "rfloor", "rceil", "R", "Z", "N", "Q", "overline", "right", "quad", "pm", "mp", "le", "ge", "ne", "approx",
    "in", "cup", "perp", "parallel",
])  # fmt: skip


def has_unknown_command(text: str) -> bool:
    """Whether LaTeX says something this reader has no word for: a sum, an integral, a limit."""
    return any(name not in _COMMANDS for name in re.findall(r"\\([a-zA-Z]+)", text))


def tokens(text: str, commas: bool = True) -> list[tuple[str, str]]:
    """(kind, text) tokens; with `commas` a comma between groups of three digits belongs to the number."""
    found: list[tuple[str, str]] = []
    at = 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise NotMath(text[at : at + 10])
        kind = match.lastgroup or ""
        at = match.end()
        if kind == "cycle":
            if len(match["rep"]) + len(match["cycle"]) > MAX_DIGITS:
                raise TooBig("digits")
            found.append(("rep", f"{match['rep']}|{match['cycle']}"))
        elif kind == "word":
            found.extend(_letters(match["word"]))
        elif kind == "num":
            if "," in match["num"] and not commas:
                raise NotMath("comma")
            number = match["num"].replace(",", "").rstrip(".")
            if len(number) > MAX_DIGITS:
                raise TooBig("digits")
            found.append(("num", number))
        else:
            found.append((kind, "^" if match[kind] == "**" else match[kind]))
        if len(found) > MAX_TOKENS:
            raise TooBig("tokens")
    return found


def _letters(word: str) -> list[tuple[str, str]]:
    """A run of letters is a function's name, a segment's name (AB), or a product of one-letter symbols."""
    if word in FUNCTIONS:
        return [("fn", word)]
    for name in FUNCTIONS:
        if word.startswith(name) and len(word) == len(name) + 1 and len(name) >= 3:
            return [("fn", name), ("sym", word[-1])]
    if len(word) == 1:
        return [("sym", word)]
    if word.isupper() and len(word) <= 6:
        return [("sym", word)]
    if word.lower() in _WORDS or (len(word) > 3 and not (word.islower() and len(set(word)) == 1)):
        raise NotMath(word)
    if word[0].isupper() and word[1:].islower() and len(word) > 2:
        raise NotMath(word)
    return [("sym", letter) for letter in word]
