"""Our own reader of formulas, LaTeX or plain: text in, a small tree of tuples out. It computes nothing.

A tree is `("num", "2.5")`, `("sym", name)`, `("add" | "mul", t, …)`, `("div", t, t)`, `("neg", t)`, `("pow", t, t)`,
`("root", t, t)` (radicand, index), `("fn", name, t, …)`, `("deg", t)` or `("pct", t)`.
"""

import re
from typing import Any

Tree = tuple[Any, ...]

MAX_TOKENS = 300
MAX_DEPTH = 30
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
_ALIASES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "lg": "log10", "tg": "tan", "ctg": "cot"}
_GREEK = [
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "phi", "varphi", "chi", "psi", "omega", "Gamma", "Delta",
    "Theta", "Lambda", "Xi", "Sigma", "Phi", "Psi", "Omega", "ell", "hbar",
]  # fmt: skip
_MARKS = ("angle", "triangle", "vec", "hat", "tilde", "dot", "bar", "overline")
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
    *FUNCTIONS, *_GREEK, *_MARKS, "frac", "sqrt", "binom", "times", "cdot", "deg", "pi", "infty", "emptyset", "lfloor",
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


def parse(text: str, commas: bool = True) -> Tree:
    """The tree of one formula without relation signs or lists; `text` has been through `normalize.latex`.

    Raises NotMath where the text is no such formula, TooBig over a limit of size or depth.
    """
    try:
        return _Reader(tokens(text, commas)).whole()
    except RecursionError:
        raise TooBig("nesting") from None


_POSTFIX = {"!": ("fn", "factorial"), "%": ("pct",), "deg": ("deg",)}


def _product(factors: list[Tree]) -> Tree:
    return factors[0] if len(factors) == 1 else ("mul", *factors)


class _Reader:
    """Recursive descent over the tokens; precedence low to high: sum, product, power, postfix, atom."""

    def __init__(self, found: list[tuple[str, str]]):
        self.found = found
        self.at = 0
        self.depth = 0

    def whole(self) -> Tree:
        if not self.found:
            raise NotMath("empty")
        tree = self.sum()
        if self.at != len(self.found):
            raise NotMath(self.found[self.at][1])
        return tree

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        index = self.at + ahead
        return self.found[index] if index < len(self.found) else ("end", "")

    def sign(self) -> str:
        """The next token where it is a sign or a command, else nothing."""
        kind, text = self.peek()
        return text if kind in ("op", "cmd") else ""

    def take(self, text: str) -> bool:
        if self.sign() == text:
            self.at += 1
            return True
        return False

    def need(self, text: str) -> None:
        if not self.take(text):
            raise NotMath(f"{text} missing")

    def sum(self) -> Tree:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooBig("nesting")
        parts = [self.signed()]
        while self.peek() in (("op", "+"), ("op", "-")):
            parts.append(self.signed())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else ("add", *parts)

    def signed(self) -> Tree:
        negative = False
        while self.peek() in (("op", "+"), ("op", "-")):
            negative ^= self.peek()[1] == "-"
            self.at += 1
        tree = self.product()
        return ("neg", tree) if negative else tree

    def product(self) -> Tree:
        factors = [self.power()]
        while True:
            sign = self.sign()
            if sign in ("*", "times", "cdot"):
                self.at += 1
                factors.append(self.unary())
            elif sign in ("/", ":"):
                self.at += 1
                factors = [("div", _product(factors), self.unary())]
            elif self.starts():
                factors.append(self.power())
            else:
                return _product(factors)

    def unary(self) -> Tree:
        if self.take("-"):
            return ("neg", self.unary())
        self.take("+")
        return self.power()

    def starts(self) -> bool:
        kind, text = self.peek()
        if kind in ("num", "rep"):
            # "2 3" is no product; "x 3" and ")3" are none in print either, but "\pi 3" occurs.
            return self.found[self.at - 1][0] not in ("num", "rep", "sym")
        if kind in ("sym", "fn"):
            return True
        if kind == "cmd":
            return text not in ("times", "cdot", "deg", "%", "|", "}", "right", "quad", "rfloor", "rceil")
        return kind == "op" and text in "([{" and text != ""

    def power(self) -> Tree:
        tree = self.postfix(self.atom())
        if self.take("^"):
            tree = ("pow", tree, self.exponent())
            tree = self.postfix(tree)
        return tree

    def postfix(self, tree: Tree) -> Tree:
        while wrap := _POSTFIX.get(self.sign()):
            self.at += 1
            tree = (*wrap, tree)
        return tree

    def exponent(self) -> Tree:
        if self.take("{"):
            return self.closed("}")
        if self.take("-"):
            return ("neg", self.exponent())
        return self.power() if self.peek()[0] != "num" else self.postfix(self.number())

    def closed(self, end: str) -> Tree:
        tree = self.sum()
        self.need(end)
        return tree

    def number(self) -> Tree:
        kind, text = self.peek()
        self.at += 1
        if kind == "rep":
            fixed, cycle = text.split("|")
            decimals = len(fixed.partition(".")[2])
            tail = ("div", ("num", cycle), ("num", "9" * len(cycle) + "0" * decimals))
            return ("add", ("num", (fixed or "0").rstrip(".") or "0"), tail)
        return ("num", text)

    def atom(self) -> Tree:
        kind, text = self.peek()
        if kind in ("num", "rep"):
            return self.mixed(self.number())
        if kind == "sym":
            self.at += 1
            return self.symbol(text)
        if kind == "fn":
            self.at += 1
            return self.function(text)
        if kind == "cmd":
            self.at += 1
            return self.command(text)
        for start, end in (("(", ")"), ("{", "}"), ("[", "]")):
            if self.take(start):
                return self.closed(end)
        if self.take("|"):
            return ("fn", "abs", self.closed("|"))
        raise NotMath(text or "end")

    def mixed(self, whole: Tree) -> Tree:
        """`1\\frac{1}{4}` and `1 1/4` are sums."""
        if whole[0] != "num" or "." in whole[1] or "e" in whole[1].lower():
            return whole
        one, two, three = self.peek(), self.peek(1), self.peek(2)
        if one[0] == "num" and two == ("op", "/") and three[0] == "num" and "." not in one[1] + three[1]:
            self.at += 3
            return ("add", whole, ("div", ("num", one[1]), ("num", three[1])))
        if one == ("cmd", "frac"):
            mark = self.at
            self.at += 1
            top, bottom = self.argument(), self.argument()
            if top[0] == bottom[0] == "num" and "." not in top[1] + bottom[1]:
                return ("add", whole, ("div", top, bottom))
            self.at = mark
        return whole

    def symbol(self, name: str) -> Tree:
        if len(name) > 1 and name.isupper():
            name = "".join(sorted(name))  # AB and BA are one segment
        if self.take("_"):
            name += "_" + self.raw_argument()
        while self.take("'"):
            name += "'"
        return ("sym", name)

    def raw_argument(self) -> str:
        if self.peek()[0] == "end":
            raise NotMath("index")
        if not self.take("{"):
            self.at += 1
            return self.found[self.at - 1][1]
        parts = []
        while not self.take("}"):
            if self.peek()[0] == "end" or self.peek()[1] == "{":
                raise NotMath("index")
            parts.append(self.peek()[1])
            self.at += 1
        return "".join(parts)

    def argument(self) -> Tree:
        """One LaTeX argument: a group, or a single digit or symbol (`\\frac12`)."""
        if self.take("{"):
            return self.closed("}")
        kind, text = self.peek()
        if kind == "num" and len(text) > 1 and text.isdigit():
            self.found[self.at] = ("num", text[1:])
            return ("num", text[0])
        return self.atom() if kind != "num" else self.number()

    def command(self, name: str) -> Tree:
        if name == "frac":
            return ("div", self.argument(), self.argument())
        if name == "sqrt":
            index: Tree = ("num", "2")
            if self.take("["):
                index = self.closed("]")
            kind, text = self.peek()
            inside = self.number() if kind == "num" and text.isdigit() else self.argument()
            return ("root", inside, index)
        if name in ("lfloor", "lceil"):
            tree = self.sum()
            if not self.take("r" + name[1:]):
                raise NotMath(name)
            return ("fn", "floor" if name == "lfloor" else "ceiling", tree)
        if name == "binom":
            return ("fn", "binomial", self.argument(), self.argument())
        if name in FUNCTIONS:
            return self.function(name)
        if name in _MARKS:
            inside_text = self.raw_argument()
            if name == "angle":
                inside_text = min(inside_text, inside_text[::-1])  # the vertex stands in the middle
            elif name == "triangle":
                inside_text = "".join(sorted(inside_text))
            return self.symbol(f"{name} {inside_text}")
        if name in ("pi", "infty", "emptyset"):
            return ("sym", name)
        if name in ("R", "Z", "N", "Q"):
            return ("sym", f"\\{name}")
        if name in _GREEK:
            return self.symbol("phi" if name == "varphi" else name)
        if name == "{":
            tree = self.sum()
            self.need("}")
            return tree
        raise NotMath(name)

    def function(self, name: str) -> Tree:
        base: Tree | None = None
        power: Tree | None = None
        while True:
            if self.take("^"):
                power = self.exponent()
            elif self.take("_"):
                base = self.argument()
            else:
                break
        name = _ALIASES.get(name, name)
        if power == ("neg", ("num", "1")) and name in ("sin", "cos", "tan"):
            name, power = "a" + name, None
        if name in OF_MANY:
            arguments: tuple[Tree, ...] = self.listed()
        elif self.take("("):
            arguments = (self.postfix(self.closed(")")),)
        else:
            arguments = (self.run(),)
        tree: Tree = ("fn", name, *arguments, *([base] if base else []))
        return ("pow", tree, power) if power else tree

    def listed(self) -> tuple[Tree, ...]:
        """The arguments of `\\max(a, b)` or `\\max\\{a, b\\}`."""
        end = ")" if self.take("(") else "}"
        if end == "}":
            self.need("{")
        found = [self.sum()]
        while self.take(","):
            found.append(self.sum())
        self.need(end)
        return tuple(found)

    def run(self) -> Tree:
        """The argument of a function without brackets: a product up to the next sign or function (`sin 2x`)."""
        tree = self.unary()
        while self.starts() and self.peek()[0] != "fn" and self.peek()[1] not in FUNCTIONS:
            tree = ("mul", tree, self.power())
        if self.take("/"):
            tree = ("div", tree, self.power())
        return tree
