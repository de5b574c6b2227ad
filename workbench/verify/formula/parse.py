"""Our own reader of formulas, LaTeX or plain: text in, a small tree of tuples out. It computes nothing.

A tree is `("num", "2.5")`, `("sym", name)`, `("add" | "mul", t, …)`, `("div", t, t)`, `("neg", t)`, `("pow", t, t)`,
`("root", t, t)` (radicand, index), `("fn", name, t, …)`, `("deg", t)` or `("pct", t)`.
"""

from typing import Any

from workbench.verify.formula.tokens import FUNCTIONS, GREEK, MARKS, OF_MANY, NotMath, TooBig, tokens

Tree = tuple[Any, ...]

MAX_DEPTH = 40  # brackets in brackets
MAX_LEVELS = 100  # of a tree: "1/2/2/2/…" has no bracket and is deep all the same
MAX_POSTFIX = 8
_ALIASES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "lg": "log10", "tg": "tan", "ctg": "cot"}


def parse(text: str, commas: bool = True) -> Tree:
    """The tree of one formula without relation signs or lists; `text` has been through `normalize.latex`.

    Raises NotMath where the text is no such formula, TooBig over a limit of size or depth.
    """
    tree = _Reader(tokens(text, commas)).whole()
    if _levels(tree) > MAX_LEVELS:
        raise TooBig("nesting")
    return tree


def _levels(tree: Tree) -> int:
    """How deep a tree is; by a loop, since a recursion could be what has to be prevented."""
    levels, level = 0, [tree]
    while level:
        levels += 1
        level = [branch for node in level for branch in node[1:] if isinstance(branch, tuple)]
    return levels


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
        parts = [self.signed()]
        while self.peek() in (("op", "+"), ("op", "-")):
            parts.append(self.signed())
        return parts[0] if len(parts) == 1 else ("add", *parts)

    def signed(self) -> Tree:
        negative = self.minus()
        tree = self.product()
        return ("neg", tree) if negative else tree

    def minus(self) -> bool:
        """Take all signs here; whether they come to a minus."""
        negative = False
        while self.peek() in (("op", "+"), ("op", "-")):
            negative ^= self.peek()[1] == "-"
            self.at += 1
        return negative

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
        negative = self.minus()
        tree = self.power()
        return ("neg", tree) if negative else tree

    def starts(self) -> bool:
        kind, text = self.peek()
        if kind in ("num", "rep"):
            # "2 3" is no product; "x 3" and ")3" are none in print either, but "\pi 3" occurs, and 2^6 3^5.
            return self.found[self.at - 1][0] not in ("num", "rep", "sym") or self.is_power_behind_power()
        if kind in ("sym", "fn"):
            return True
        if kind == "cmd":
            return text not in ("times", "cdot", "deg", "%", "|", "}", "right", "quad", "rfloor", "rceil")
        return kind == "op" and text in "([{" and text != ""

    def is_power_behind_power(self) -> bool:
        """Whether `3^5` follows `2^6` or `2^{6}`: a product of prime powers as it is printed."""
        return self.at >= 3 and self.found[self.at - 2] == ("op", "^") and self.peek(1) == ("op", "^")

    def power(self) -> Tree:
        tree = self.postfix(self.atom())
        if self.take("^"):
            tree = ("pow", tree, self.exponent())
            tree = self.postfix(tree)
        return tree

    def postfix(self, tree: Tree) -> Tree:
        wraps = 0
        while wrap := _POSTFIX.get(self.sign()):
            self.at += 1
            tree = (*wrap, tree)
            wraps += 1
            if wraps > MAX_POSTFIX:
                raise TooBig("nesting")
        return tree

    def exponent(self) -> Tree:
        if self.take("{"):
            return self.closed("}")
        if self.peek() == ("op", "-"):
            negative = self.minus()
            tree = self.exponent()
            return ("neg", tree) if negative else tree
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
        """What every nesting passes through, so the depth is counted here."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooBig("nesting")
        tree = self.single()
        self.depth -= 1
        return tree

    def single(self) -> Tree:
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
        if name in MARKS:
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
        if name in GREEK:
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
        factors = [self.unary()]
        while self.starts() and self.peek()[0] != "fn" and self.peek()[1] not in FUNCTIONS:
            factors.append(self.power())
        tree = _product(factors)
        if self.take("/"):
            tree = ("div", tree, self.power())
        return tree
