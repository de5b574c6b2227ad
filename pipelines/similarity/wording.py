"""What a question says, apart from how it is spelt: its words, its numbers, its formulae, its symbols.

Two problems made from one template differ in a number, a point's name or a formula and nowhere else; two spellings of
one problem agree in exactly these and differ in the words around them. So the parts are read apart.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import polars as pl

from pipelines.parallel import in_processes
from pipelines.progress import progress
from pipelines.similarity.remembered import remembered
from workbench.verify.normalize.latex import latex
from workbench.workspace import Workspace

READINGS = pl.Schema(
    {
        "content_hash": pl.String,
        "text": pl.String,  # all tokens in order, joined by blanks
        "words": pl.String,  # the content words and numbers, each once, sorted
        "numbers": pl.String,  # in order
        "quantities": pl.String,  # each number with the word after it, sorted
        "formulas": pl.String,  # each formula once, sides of an equation in one order, sorted
        "symbols": pl.String,  # variables, points, and the words that turn a question; sorted
        "answer": pl.String,  # the gold, an option's letter replaced by its text
        "choices": pl.String,  # sorted; empty where there are none
    }
)

_UNITS = """two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety hundred"
# "one" is left out: it is a pronoun more often than a number.
_NUMBER_WORDS = {word: str(value) for value, word in enumerate(_UNITS.split(), 2)} | {
    word: str(10 * tens) for tens, word in enumerate(_TENS.split(), 2)
}
# Words that carry the grammar or the asking, not the matter.
_GRAMMAR = """
a an the of in on at to for from by with and or as is are was were be been being am do does did has have had
having it its he she they his her hers their them him we us our you your i me my this that these those there
here what which who whom whose when where how why if then than so but also will would can could shall should
may might must find calculate determine compute evaluate solve work out give get tell write state what's
let's please question answer value many much figure picture image diagram shown show shows below above
following given known such let suppose assume according using use now into each both about over per one some
any ll equation
的 了 是 在 和 与 则 若 如 图 求 为 有 所 示 已 知
"""
_STOPWORDS = frozenset(_GRAMMAR.split())
# A question that asks for another of these is another question, however like the words around it are.
_TURNING = {
    "perimeter": "perimeter", "area": "area", "volume": "volume", "circumference": "circumference", "radius": "radius",
    "diameter": "diameter", "mean": "mean", "average": "mean", "median": "median", "mode": "mode", "range": "range",
    "largest": "most", "greatest": "most", "biggest": "most", "maximum": "most", "highest": "most", "smallest": "least",
    "least": "least", "minimum": "least", "lowest": "least", "not": "not", "sum": "sum", "difference": "difference",
    "product": "product", "quotient": "quotient", "odd": "odd", "even": "even", "fewer": "fewer", "fewest": "least",
    "sine": "sine", "cosine": "cosine", "tangent": "tangent",
    "面积": "area", "周长": "perimeter", "体积": "volume",
}  # fmt: skip

_IMAGE = re.compile(r"<\s*image\s*_?\d*\s*>|\[\s*image\s*_?\d*\s*\]", re.I)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_HYPHEN = re.compile(r"(?<=[A-Za-z])-(?=[A-Za-z\d])|(?<=\d)-(?=[A-Za-z]{2})|(?<=\s)-+(?=\s*[A-Za-z]{2})|-{2,}|_{2,}")
_FRACTION = re.compile(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ATOM = re.compile(r"[\w.]+|\\[a-zA-Z]+(?:\{?\w+\}?)?")
_TOKEN = re.compile(
    r"\\[a-zA-Z]+|\d+(?:\.\d+)?|[㐀-䶿一-鿿豈-﫿]|[A-Z]{1,4}\d?'?(?![a-zA-Z])|[^\W\d_]+(?:'[a-z]+)?|[-+*/^=<>|%:]|[(){}\[\],]"
)
_CJK = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
_SIGNS = r"+ - * / ^ = < > | % \le \ge \ne \sqrt \pm \in \cup \cap \approx"
_OPERATORS = frozenset(_SIGNS.split())
# Signs that stand for words; written either way they are the same token.
_WORDS_OF_SIGNS = {
    "\\angle": "angle",
    "\\triangle": "triangle",
    "\\deg": "degree",
    "\\perp": "perpendicular",
    "\\parallel": "parallel",
}
_JOINS_BEFORE = re.compile(r"[-+*/^=<>(]\s*\Z")
_JOINS_AFTER = re.compile(r"\s*[-+*/^=<>)]")
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_PLAIN_NUMBER = re.compile(r"([-+]?\d+(?:\.\d+)?)(?:\s*/\s*(\d+(?:\.\d+)?))?\s*(?:\\?[a-z]+(?:\^?\d)?|\\?[$%])?")
_NAME_IS = re.compile(r"^\s*[A-Za-z]\s*=\s*")


def readings(workspace: Workspace, problems: pl.DataFrame) -> pl.DataFrame:
    """READINGS of each distinct `content_hash` of `problems`, in their order; remembered under `cache/`."""
    first = problems.select("content_hash", "question", "answer", "choices").unique(
        "content_hash", keep="first", maintain_order=True
    )

    def compute(missing: pl.Series) -> Iterator[pl.DataFrame]:
        rows = missing.to_frame("content_hash").join(first, on="content_hash", how="left", maintain_order="left")
        with progress("reading questions", rows.height) as advance:
            for part, found in in_processes(_read_all, rows.rows(), piece=4096, alone=4000):
                yield pl.DataFrame(found, schema=READINGS, orient="row")
                advance(len(part))

    return remembered(workspace, "readings-4", first["content_hash"], compute, READINGS)


def _read_all(rows: Sequence[tuple[str, str, str, list[str] | None]]) -> list[tuple[str, ...]]:
    return [(key, *read(question), *gold(answer, choices)) for key, question, answer, choices in rows]


def read(question: str) -> tuple[str, str, str, str, str, str]:
    """text, words, numbers, quantities, formulas, symbols of a question; see READINGS."""
    tokens = _tokens(question)
    numbers: list[str] = []
    words, symbols, quantities = set[str](), set[str](), []
    cjk = ""
    for token, after in pairwise([*tokens, ""]):
        kind, value = _kind(token)
        if kind == "number":
            numbers.append(token)
            words.add(token)
            follower = _kind(after) if after else ("", "")
            quantities.append(f"{token} {follower[1]}" if follower[0] == "word" else token)
        elif kind == "word":
            words.add(value)
        elif kind == "symbol":
            symbols.add(value)
        elif kind == "cjk":
            cjk += token
            if after and _CJK.match(after):
                words.add(token + after)
    if cjk:
        symbols.update(f"#{name}" for word, name in _TURNING.items() if not word.isascii() and word in cjk)
    return (
        " ".join(tokens),
        " ".join(sorted(words)),
        " ".join(numbers),
        ";".join(sorted(quantities)),
        ";".join(sorted(set(_formulas(tokens)))),
        " ".join(sorted(symbols)),
    )


@lru_cache(maxsize=65_536)
def _kind(token: str) -> tuple[str, str]:
    """number, word (with its stem), symbol, cjk, or nothing that counts."""
    if token[0].isdigit():
        return "number", token
    if _CJK.match(token):
        return "cjk", token
    if len(token) > 1 and token.islower() and token[0] != "\\":
        if token in _TURNING:
            return "symbol", f"#{_TURNING[token]}"
        return ("", "") if token in _STOPWORDS else ("word", stem(token))
    return ("symbol", token) if token[0].isalpha() else ("", "")


def gold(answer: str, choices: Sequence[str] | None) -> tuple[str, str]:
    """The gold and the options in a form that spelling, units, an option's letter and order do not change."""
    options = [_key(option) for option in choices or ()]
    letter = answer.strip().strip("().")
    if options and len(letter) == 1 and 0 <= (place := ord(letter.upper()) - 65) < len(options):
        return options[place], "|".join(sorted(options))
    return _key(answer), "|".join(sorted(options))


def stem(word: str) -> str:
    """A word without the endings of number and tense; both forms of a regular word have one stem."""
    for ending in ("'s", "ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def _key(answer: str) -> str:
    plain = _THOUSANDS.sub("", _FRACTION.sub(r"\1/\2", latex(answer))).strip().rstrip(".").lower()
    plain = _NAME_IS.sub("", plain).removeprefix("\\$").strip()
    if (number := _PLAIN_NUMBER.fullmatch(plain)) and len(plain) < 40 and (number[2] is None or float(number[2])):
        return str(Fraction(number[1]) / Fraction(number[2] or 1))
    return "".join(plain.split())


def _tokens(question: str) -> list[str]:
    text = latex(_IMAGE.sub(" ", question))
    if text.isupper():
        text = text.lower()
    text = _HYPHEN.sub(" ", _THOUSANDS.sub("", text)).replace("\\$", " ")
    text = text.replace("\\cdot", "*").replace("\\times", "*").replace("\\{", "(").replace("\\}", ")")
    for _ in range(3 if "\\frac" in text else 0):
        text = _FRACTION.sub(lambda m: "/".join(p if _ATOM.fullmatch(p) else f"({p})" for p in m.groups()), text)
    tokens = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token not in ("a", "A", "I"):
            tokens.append(_spelt(token))
        elif _in_formula(text, match):
            tokens.append(token)
        else:
            # The article and the pronoun; within a sentence "A" is a point.
            starts = text[: match.start()].rstrip()[-1:] in ("", ".", "?", "!")
            tokens.append({"a": "the", "I": "me"}.get(token, "the" if starts else token))
    # "angle B is 90°" says what "∠B = 90°" does.
    for place, token in enumerate(tokens):
        if token in ("is", "equals") and 0 < place < len(tokens) - 1 and tokens[place + 1][0].isdigit():
            before = tokens[place - 1]
            tokens[place] = "=" if before[0].isalpha() and not before.islower() else token
    return tokens


@lru_cache(maxsize=65_536)
def _spelt(token: str) -> str:
    """One spelling of a token: words in lower case, number words as digits, numbers without needless zeros."""
    if token[0].isdigit():
        return token.rstrip("0").rstrip(".") if "." in token else token.lstrip("0") or "0"
    if token[0] == "\\":
        return _WORDS_OF_SIGNS.get(token, token)
    if token[0].isalpha() and len(token) > 1 and (len(token) > 4 or not token[:2].isupper()):
        return _NUMBER_WORDS.get(token.lower(), token.lower())
    return token


def _in_formula(text: str, match: re.Match[str]) -> bool:
    """Does an operator or a bracket stand next to the letter."""
    near = text[max(0, match.start() - 4) : match.start()]
    return bool(_JOINS_BEFORE.search(near) or _JOINS_AFTER.match(text, match.end()))


def _formulas(tokens: list[str]) -> Iterator[str]:
    """Runs of numbers, symbols and operators that hold an operator, canonical."""
    if _OPERATORS.isdisjoint(tokens):
        return
    run: list[str] = []
    for token in [*tokens, "."]:
        letters = token[0].isalpha() and len(token) <= 4 and not (len(token) > 1 and token.islower())
        letters = letters and not _CJK.match(token)
        mathematical = letters or token[0].isdigit() or token[0] == "\\" or token in _OPERATORS or token in "(){}[]"
        if mathematical:
            run.append(token)
            continue
        if any(part in _OPERATORS for part in run):
            yield canonical(run)
        run = []


def canonical(run: list[str]) -> str:
    """A formula without blanks, needless braces or an empty side; an equation's sides stand in one order."""
    text = "".join(run).replace("{", "(").replace("}", ")")
    text = re.sub(r"\((\w+)\)", r"\1", text).strip("=")
    while text.startswith("(") and text.endswith(")") and _wraps(text):
        text = text[1:-1]
    sides = text.split("=")
    return "=".join(sorted(sides)) if len(sides) == 2 else text


def _wraps(text: str) -> bool:
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if depth == 0:
            return place == len(text) - 1
    return False
