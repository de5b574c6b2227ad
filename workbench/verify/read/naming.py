"""Names that mean nothing: the integer of a family of solutions, an arbitrary constant, a function's argument."""

import re
from functools import lru_cache

from workbench.verify.normalize.latex import latex

_KIND = r"(?:integers?|constants?|(?:real |natural |whole )?numbers?|reals?)"
_ADJECTIVES = r"(?:(?:a|an|any|all|every|each|some|arbitrary|fixed|positive|non-?negative|nonzero|real)\s+)*"
_CLAUSE = re.compile(
    r"[\s,;(]+(?:"
    rf"(?:(?:where|for|with)\s+{_ADJECTIVES}(?:{_KIND}\s+)?)?(?P<member>[a-zA-Z])\s*\\in\s*\\?[RZNQ](?![a-z])(?:\s*\^?\s*\{{?[+*]\}}?)?"
    rf"|(?:where|for|with)\s+{_ADJECTIVES}(?:{_KIND}\s+)?(?P<named>[a-zA-Z])(?:\s+(?:is\s+)?{_ADJECTIVES}{_KIND})?"
    rf"|(?P<told>[a-zA-Z])\s+(?:is\s+)?(?:an?|any)\s+{_ADJECTIVES}{_KIND}"
    r"|(?P<counted>[a-zA-Z])\s*(?:为|是)\s*(?:任意)?整数|(?P<listed>[a-zA-Z])\s*=\s*0\s*,\s*\\pm\s*1\s*,.{0,20}?\.\.\."
    r")\s*\)?\s*\.?$"
)
_SET = re.compile(r"^\\\{\s*([a-zA-Z])\s*(?:\\in\s*\\?R\s*)?(?:\||\\mid|:)\s*(.*)\\\}$", re.S)
# A letter that multiplies π, 180° or 360° is the integer of a family, whether it is said or not.
_TURNS = re.compile(r"(?<![A-Za-z\\])([kmnl])\s*(?:\\cdot|\\times|\*)?\s*(?:\\pi(?![a-z])|(?:180|360)\s*\\deg)")
_SHIFTS = ("({}+1)", "({}-1)", "(-{})")
_FUNCTION = re.compile(r"^\s*([a-zA-Z])\s*\(\s*([a-z])\s*\)\s*=")
# One or two letters are symbols (`cx`), unless they are a word.
_SYMBOLS = re.compile(r"(?<![A-Za-z\\])(?!(?:is|or|of|in|at|to|an|if|so|by|as)(?![A-Za-z]))[A-Za-z]{1,2}(?![A-Za-z])")
_SAYS_SOMETHING = re.compile(r"[\d=^\\]")
_CONSTANTS = frozenset("eid")


@lru_cache(maxsize=8192)
def without_clause(text: str) -> tuple[str, str | None]:
    """(formula, letter): `x = 2k\\pi, k \\in \\Z` is `x = 2k\\pi` for any k. `text` is normalised."""
    built = _SET.match(text) if text.startswith("\\{") else None
    if built:  # {x | x = 2k, k ∈ Z} is x = 2k for any k
        head, letter = without_clause(built[2])
        return (head, letter) if letter and letter != built[1] else (text, None)
    if not text.rstrip(" .)")[-1:].isalpha() and "\\in" not in text and "..." not in text:
        return text, None
    clause = _CLAUSE.search(text[-200:])
    if not clause:
        return text, None
    head = text[: max(0, len(text) - 200) + clause.start()].rstrip(" ,;(")
    letter = next(letter for letter in clause.groupdict().values() if letter)
    return (head, letter) if _SAYS_SOMETHING.search(head) else (text, None)


def in_golds_names(answer: str, gold: str) -> str:
    """`answer` with its free integer, constant or argument called what the gold calls it."""
    plain = latex(gold)
    formula, letter = without_clause(plain)
    letter = letter or _turns(formula)
    function = _FUNCTION.match(plain)
    if not letter and not function:
        return answer
    own = latex(answer)
    own_formula, own_letter = without_clause(own)
    own_letter = own_letter or _turns(own_formula)
    used = _symbols(own_formula)
    if letter and letter not in used:
        others = {own_letter} if own_letter else used - _symbols(formula) - _CONSTANTS
        if len(others) == 1:
            answer = _rename(answer, others.pop() or "", letter)
    own_function = _FUNCTION.match(latex(answer))
    if function and not own_function:
        return re.sub(r"^(\W*)y\s*=", rf"\g<1>{function[1]}({function[2]})=", answer, count=1)
    if function and own_function and own_function[1] == function[1] and function[2] not in used:
        return _rename(answer, own_function[2], function[2])
    return answer


def shifted(answer: str, gold: str) -> list[str]:
    """`answer` with the gold's free integer k moved: (2k + 1)π and (2k − 1)π are one family over all integers."""
    plain = latex(gold)
    letter = without_clause(plain)[1] if "\\in \\Z" in plain or "\\in Z" in plain else None
    if not letter or letter not in _symbols(without_clause(latex(answer))[0]):
        return []
    return [_rename(without_clause(latex(answer))[0], letter, shift.format(letter)) for shift in _SHIFTS]


def _turns(formula: str) -> str | None:
    letters = set(_TURNS.findall(formula))
    return letters.pop() if len(letters) == 1 else None


def _rename(text: str, old: str, new: str) -> str:
    return _SYMBOLS.sub(lambda run: run[0].replace(old, new), text)


def _symbols(text: str) -> set[str]:
    return set("".join(_SYMBOLS.findall(text)))
