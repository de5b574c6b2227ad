"""Names that mean nothing: the integer of a family of solutions, an arbitrary constant, a function's argument."""

import re
from functools import lru_cache

from workbench.verify.normalize.latex import latex

_KIND = r"(?:integers?|constants?|(?:real |natural |whole )?numbers?|reals?)"
_ADJECTIVES = r"(?:(?:a|an|any|all|every|each|some|arbitrary|fixed|positive|non-?negative|nonzero|real)\s+)*"
_CLAUSE = re.compile(
    r"[\s,;(]+(?:"
    rf"(?:(?:where|for|with)\s+{_ADJECTIVES}(?:{_KIND}\s+)?)?(?P<member>[a-zA-Z])\s*\\in\s*\\[RZNQ](?:\s*\^?\s*\{{?[+*]\}}?)?"
    rf"|(?:where|for|with)\s+{_ADJECTIVES}(?:{_KIND}\s+)?(?P<named>[a-zA-Z])(?:\s+(?:is\s+)?{_ADJECTIVES}{_KIND})?"
    rf"|(?P<told>[a-zA-Z])\s+(?:is\s+)?(?:an?|any)\s+{_ADJECTIVES}{_KIND}"
    r")\s*\)?\s*\.?$"
)
_FUNCTION = re.compile(r"^\s*([a-zA-Z])\s*\(\s*([a-z])\s*\)\s*=")
# One or two letters are symbols (`cx`), unless they are a word.
_SYMBOLS = re.compile(r"(?<![A-Za-z\\])(?!(?:is|or|of|in|at|to|an|if|so|by|as)(?![A-Za-z]))[A-Za-z]{1,2}(?![A-Za-z])")
_SAYS_SOMETHING = re.compile(r"[\d=^\\]")
_CONSTANTS = frozenset("eid")


@lru_cache(maxsize=8192)
def without_clause(text: str) -> tuple[str, str | None]:
    """(formula, letter): `x = 2k\\pi, k \\in \\Z` is `x = 2k\\pi` for any k. `text` is normalised."""
    if not text.rstrip(" .)")[-1:].isalpha() and "\\in" not in text:
        return text, None
    clause = _CLAUSE.search(text[-200:])
    if not clause:
        return text, None
    head = text[: max(0, len(text) - 200) + clause.start()].rstrip(" ,;(")
    letter = clause["member"] or clause["named"] or clause["told"]
    return (head, letter) if _SAYS_SOMETHING.search(head) else (text, None)


def in_golds_names(answer: str, gold: str) -> str:
    """`answer` with its free integer, constant or argument called what the gold calls it."""
    plain = latex(gold)
    formula, letter = without_clause(plain)
    function = _FUNCTION.match(plain)
    if not letter and not function:
        return answer
    own = latex(answer)
    own_formula, own_letter = without_clause(own)
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


def _rename(text: str, old: str, new: str) -> str:
    return _SYMBOLS.sub(lambda run: run[0].replace(old, new), text)


def _symbols(text: str) -> set[str]:
    return set("".join(_SYMBOLS.findall(text)))
