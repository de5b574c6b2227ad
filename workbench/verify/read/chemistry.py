"""School chemistry: formulae and reactions as keys that are equal where they say the same."""

import re
from functools import reduce
from math import gcd

_ELEMENTS = frozenset([
    "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "Ar", "K", "Ca",
    "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Ag",
    "Cd", "Sn", "Sb", "I", "Xe", "Cs", "Ba", "Pt", "Au", "Hg", "Pb", "Bi", "U",
])  # fmt: skip
_ARROW = re.compile(
    r"\s*(?:\\x?(?:long)?(?:left)?rightarrow(?:\[[^\]]*\])?(?:\s*\{[^{}]*\})?|\\x?(?:long)?rightleftharpoons|\\xlongequal(?:\[[^\]]*\])?\s*\{[^{}]*\}|\\xlongequal(?![a-z])|\\to(?![a-z])"
    r"|\\rightleftharpoons|-{1,3}>|={2,3}>?|=>|[→⟶⇌⇒])\s*"
)
_DRESSING = re.compile(
    r"\\(?:mathrm|text|ce|rm|mathbf|operatorname)(?![a-z])|[{}\s$]|\\[,;!]|\((?:g|l|s|aq)\)|\\?[↑↓]|\\(?:up|down)arrow|\^(?=\s*(?:$|\+|\}))"
)
_SPECIES = re.compile(
    r"^(\d*)((?:[A-Z][a-z]?_?\d*|\((?:[A-Z][a-z]?_?\d*)+\)_?\d*|(?:\\cdot|·|\.)\d*H_?2O)+)(\^?\d*[+-])?$"
)
_ATOM = re.compile(r"[A-Z][a-z]?")
_DIATOMIC = frozenset(["H2", "O2", "N2", "F2", "Cl2", "Br2", "I2", "O3"])


def key(text: str) -> str | None:
    """A formula (`H2O`) or a reaction (`2 H2 + O2 -> 2 H2O`) in one spelling, None for other text.

    The order of the species on a side is free; the direction and the proportions count.
    """
    if len(text) > 200 or not re.search(r"[A-Z]", text):
        return None
    arrows = list(_ARROW.finditer(text))
    if len(arrows) == 1:
        return _reaction(text[: arrows[0].start()], text[arrows[0].end() :], strict=False)
    if not arrows and text.count("=") == 1 and "+" in text:
        left, _, right = text.partition("=")
        return _reaction(left, right, strict=True)
    return _formula(text) if not arrows else None


def _reaction(left: str, right: str, strict: bool) -> str | None:
    """`strict` asks for real formulae: a + b = c is an equation."""
    sides = [_side(left, strict), _side(right, strict)]
    if any(side is None for side in sides):
        return None
    species = [pair for side in sides if side for pair in side]
    if strict and not any(re.search(r"\d", name) or len(_ATOM.findall(name)) > 1 for _, name in species):
        return None
    divisor = reduce(gcd, (count for count, _ in species))
    written = (" + ".join(sorted(f"{count // divisor} {name}" for count, name in side)) for side in sides if side)
    return " -> ".join(written)


def _side(text: str, strict: bool) -> list[tuple[int, str]] | None:
    counted: list[tuple[int, str]] = []
    for part in re.split(r"\s\+\s*(?=\d*\s*\\?[A-Z\\])|\s\+\s|(?<=[A-Za-z0-9)}])\+(?=\s*\d*\\?[A-Z\\])", text.strip()):
        plain = _DRESSING.sub("", part)
        match = _SPECIES.match(plain)
        if not match or (strict and not _is_real(match[2])):
            return None
        counted.append((int(match[1] or 1), _spelled(match[2]) + (match[3] or "").replace("^", "")))
    return counted


def _formula(text: str) -> str | None:
    """A formula by itself is told from a product or a segment by two elements and a count or a two-letter element."""
    plain = _DRESSING.sub("", text)
    match = _SPECIES.match(plain)
    if not match or match[1] or not _is_real(match[2]):
        return None
    name = _spelled(match[2])
    atoms = set(_ATOM.findall(name))
    telling = len(atoms) > 1 and (re.search(r"[2-9]", name) or any(len(a) > 1 for a in atoms))
    return name + (match[3] or "").replace("^", "") if telling or name in _DIATOMIC else None


def _is_real(formula: str) -> bool:
    return all(atom in _ELEMENTS for atom in _ATOM.findall(formula))


def _spelled(formula: str) -> str:
    return formula.replace("_", "").replace("\\cdot", ".").replace("·", ".")
