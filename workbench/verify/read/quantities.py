"""Quantities in several units: 2 hours 30 minutes, 5 ft 6 in, 25°15′."""

import re

from workbench.verify.formula.parse import Tree
from workbench.verify.normalize.dimensions import conversion
from workbench.verify.normalize.units import unit_name
from workbench.verify.read.items import Scalar

_TERM = re.compile(r"\s*(?:,|and\b)?\s*(\d+(?:\.\d+)?)\s*(\\deg(?![a-z])|''|'|\"|[A-Za-z]+\.?)")
_ANGLES = {"\\deg": "deg", "'": "arcmin", "''": "arcsec", '"': "arcsec"}


def compound(text: str) -> Scalar | None:
    """The sum of at least two quantities of one kind, largest unit first, in that unit; None for other text."""
    if len(text) > 100 or not text[:1].isdigit():
        return None
    terms: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if not match:
            return None
        unit = _ANGLES.get(match[2]) or unit_name(match[2])
        if unit is None or (match[2] in ("'", '"', "''") and not (terms and terms[0][1] == "deg")):
            return None
        terms.append((match[1], unit))
        at = match.end()
    if len(terms) < 2:
        return None
    first = terms[0][1]
    branches: list[Tree] = []
    last = None
    for number, unit in terms:
        size = conversion(unit, first)
        if size is None or (last is not None and size >= last):
            return None
        last = size
        ratio: Tree = ("div", ("num", str(size.numerator)), ("num", str(size.denominator)))
        branches.append(("mul", ("num", number), ratio))
    return Scalar("", ("add", *branches), first)
