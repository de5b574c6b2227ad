"""Units and currencies: which spellings are one unit, and where a quantity's number ends and its unit begins."""

import re
from functools import lru_cache

from workbench.verify.formula.tokens import FUNCTIONS
from workbench.verify.normalize.terms import NO_NOUNS, NOT_LAST

_SPELLINGS = {
    "mm": "mm millimeter millimetre", "cm": "cm centimeter centimetre", "dm": "dm decimeter decimetre",
    "m": "m meter metre", "km": "km kilometer kilometre", "in": "in inch inches", "ft": "ft foot feet",
    "yd": "yd yard", "mi": "mi mile", "nm": "nm nanometer", "mg": "mg milligram", "g": "g gram gramme",
    "kg": "kg kilogram", "t": "t ton tonne", "lb": "lb lbs pound", "oz": "oz ounce",
    "ml": "ml mL milliliter millilitre", "L": "l L liter litre", "gal": "gal gallon", "s": "s sec secs second",
    "min": "min mins minute", "h": "h hr hrs hour", "d": "day", "wk": "week", "mo": "month", "yr": "yr yrs year",
    "ms": "ms millisecond", "N": "N newton", "J": "J joule", "um": "um μm micrometer micron",
    "us": "us μs microsecond", "cl": "cL cl", "dl": "dL dl", "kN": "kN", "MJ": "MJ", "kWh": "kWh",
    "cal": "cal calorie", "kcal": "kcal kilocalorie", "MW": "MW megawatt", "hPa": "hPa", "MPa": "MPa",
    "atm": "atm atmosphere", "bar": "bar", "mA": "mA milliampere", "mV": "mV millivolt", "kV": "kV kilovolt",
    "kohm": "kohm kilohm", "mmol": "mmol", "kHz": "kHz kilohertz", "MHz": "MHz megahertz", "GHz": "GHz gigahertz",
    "kph": "kph kmh kmph", "li": "li", "jin": "jin", "mu": "mu", "jiao": "jiao", "fen": "fen", "arcmin": "arcmin",
    "arcsec": "arcsec", "pence": "pence", "kJ": "kJ kilojoule", "W": "W watt", "kW": "kW kilowatt", "V": "V volt",
    "A": "A ampere amp", "Hz": "Hz hertz", "K": "K kelvin", "Pa": "Pa pascal", "kPa": "kPa", "mol": "mol mole",
    "ohm": "ohm ohms Ω", "C": "coulomb", "T": "tesla", "ha": "ha hectare", "acre": "acre", "rad": "rad radian",
    "deg": "deg", "degC": "degC celsius", "degF": "degF fahrenheit", "mph": "mph", "eV": "eV", "cent": "cent ¢",
    "dollar": "dollar usd buck", "yuan": "yuan rmb cny ¥ 元", "euro": "euro eur €", "GBP": "gbp £", "unit": "unit",
}  # fmt: skip
_UNITS: dict[str, str] = {}
for _name, _words in _SPELLINGS.items():
    for _word in _words.split():
        _UNITS[_word] = _name
        if len(_word) > 2:
            _UNITS[_word + "s"] = _name

_FACTOR = re.compile(
    r"(?:(square|sq\.?|cubic|cu\.?)\s+)?([A-Za-zΩ¢¥€£元]+)\.?(?:\s*\^\s*\{?\s*(-?\d)\s*\}?|(?<=[a-z])([23])(?!\d))?"
    r"(\s+(?:squared|cubed))?"
)
_JOIN = re.compile(r"\s*(/|\\cdot|\*|\bper\b|\s)\s*")
_NOT_NOUNS = frozenset([
    "or", "and", "plus", "minus", "times", "not", "to", "than", "but", "maybe", "perhaps", "possibly", "if",
    "is", "are", "equals", "either", "neither", "both", "from", "of", "between", "less", "more", "greater",
    "least", "most", "at",
])  # fmt: skip
_NEVER = frozenset([
    "or", "and", "plus", "minus", "times", "not", "but", "maybe", "perhaps", "possibly", "if", "is", "are",
    "equals", "either", "neither",
])  # fmt: skip
_QUANTITY = re.compile(r"[-\s\d.,/+*()\\{}a-z^]*\d[-\s\d.,/+*()\\{}a-z^]*")
# One-letter units are letters of formulas too: they count as units only behind a number.
_SHORT = re.compile(r"^[A-Za-z]{1,2}$")
_TAIL = re.compile(
    r"^(?P<head>.*?[\d)}%\]]|.*?\\(?:pi|deg)|.*?[\d)}\]] ?[a-zπ])\s*"
    r"(?P<unit>\\deg\s*[CF](?![a-z])|[A-Za-zΩ¢¥€£元][^\d+=<>|,;]*(?:\^?\s*\{?-?[123]\}?)?[^\d+=<>|,;]*)$",
    re.S,
)
# What is said behind a unit and changes no quantity: 12 cm long, 3 years old.
_EXTENT = re.compile(
    r"\s+(?:long|wide|high|tall|deep|thick|away|apart|old|ago|later|each|in total|altogether|in all|total)$", re.I
)
_TRIGONOMETRIC = re.compile(r"sin|cos|tan|cot|sec|csc")
_MONEY = re.compile(r"^(-?)\s*(\\\$|\$|¥|€|£|US\\?\$|USD|RMB)\s*(?=[\d.(\\])")
_MONEY_UNIT = {"\\$": "dollar", "$": "dollar", "¥": "yuan", "€": "euro", "£": "GBP", "USD": "dollar", "RMB": "yuan"}
SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}


def unit_name(text: str) -> str | None:
    """The canonical name of a known unit ("cm^2", "km*h^-1"), None for anything else."""
    text = text.strip().strip(".()").strip()
    compact = re.sub(r"\\deg\s*([CF])$", r"deg\1", text)
    if compact in ("degC", "degF"):
        return compact
    powers: dict[str, int] = {}
    at, sign, first = 0, 1, True
    text = text.replace("\\deg", "deg")
    while at < len(text):
        if not first:
            join = _JOIN.match(text, at)
            if not join:
                return None
            sign = -1 if join[1] in ("/", "per") else sign
            at = join.end()
        factor = _FACTOR.match(text, at)
        if not factor:
            return None
        area, word, exponent, digit, after = factor.groups()
        name = _UNITS.get(word) or _UNITS.get(word.lower() if len(word) > 2 else word)
        if name is None:
            return None
        power = int(exponent or digit or 1)
        if area or after:
            power = 2 if (area or after).strip().startswith("sq") else 3
        powers[name] = powers.get(name, 0) + sign * power
        at, first = factor.end(), False
    return "*".join(n if p == 1 else f"{n}^{p}" for n, p in sorted(powers.items()) if p) or None


def split_unit(text: str) -> tuple[str, str | None]:
    """(quantity, unit): the unit's canonical name, "~words" for a counting noun ("12 people"), or None."""
    money = _MONEY.match(text)
    if money:
        rest = text[money.end() :]
        rest = re.sub(r"\s+(?:per|an?)\s+[a-z ]+$", "", rest)
        head, unit = split_unit(rest)
        if unit and unit[0] != "~" and unit not in _MONEY_UNIT.values():
            return text, None
        return money[1] + head, _MONEY_UNIT[money[2].removeprefix("US")]
    degrees = re.match(r"^(.*[\d)}])\s*\\deg$", text, re.S)
    if degrees and not _TRIGONOMETRIC.search(text):
        in_every_term = all("\\deg" in term for term in re.split("[-+]", text) if term.strip())
        return degrees[1].replace("\\deg", "") if in_every_term else degrees[1], "deg"  # 60° + k·360°
    match = _TAIL.match(text) if len(text) <= 300 else None
    if match:
        head, tail = match["head"].strip(), match["unit"].strip()
        scaled = re.match(r"([a-z]+)\b\s*", tail, re.I)
        name = unit_name(_EXTENT.sub("", tail))
        if name:
            if _SHORT.match(tail) and not re.search(r"\d\s*\}*\s*$", head):
                return text, None
            return head, name
        if scaled and scaled[1].lower() in SCALES:
            _, unit = split_unit("1 " + tail[scaled.end() :]) if tail[scaled.end() :] else ("1", None)
            return f"{head} \\times {SCALES[scaled[1].lower()]}", unit
        words = re.findall(r"[A-Za-z]+", tail)
        if _is_noun(words) and "\\" not in tail and _QUANTITY.fullmatch(head):
            return head, "~" + " ".join(w.lower() for w in words)
        return text, None
    return text, None


@lru_cache(maxsize=4096)
def stated_unit(text: str) -> str:
    """The canonical name of a unit that stands beside its gold ("hours", "$", "peppermint candies", "%")."""
    text = text.strip()
    return split_unit(f"1 {text}")[1] or split_unit(f"{text}1")[1] or ("%" if text == "%" else f"~{text.lower()}")


def _is_noun(words: list[str]) -> bool:
    """Whether the words behind a number can name what is counted ("people", "games per year")."""
    lower = [w.lower() for w in words]
    if not 0 < len(words) <= 5 or max(map(len, words)) < 3 or any(w in FUNCTIONS for w in lower):
        return False
    if lower[-1] in NOT_LAST or any(w in NO_NOUNS or w.endswith(("teen", "tieth")) for w in lower):
        return False
    return not _NOT_NOUNS & set(lower[:1]) and not _NEVER & set(lower)


_PERSONS = frozenset(["people", "person", "persons"])
_NO_STEMS = frozenset(["of", "in", "per", "the", "a", "an", "for", "to", "total", "each", "more"])


def _stems(noun: str) -> set[str]:
    """The nouns of "~apples in the box" without their plural's ending."""
    words = {("person" if w in _PERSONS else w) for w in noun[1:].lower().split()} - _NO_STEMS
    return {re.sub(r"(?:ies|y)$", "i", re.sub(r"(?<=[sxzh])es$|(?<=[^s])s$", "", w)) for w in words}


def compatible(gold: str | None, answer: str | None) -> bool:
    """Whether the answer's unit may stand where the gold's is asked. A missing unit is not judged here."""
    if gold is None or answer is None or gold == answer or "unit" in (gold, answer):
        return True
    if answer == "deg" and gold in ("degC", "degF"):
        return True  # "21 degrees": the scale is the question's
    if gold[0] == "~" and answer[0] == "~":
        # A counting noun may be a part of the other phrase: "games" and "games per year".
        return bool(_stems(gold) & _stems(answer))
    return gold.startswith("unit") or answer.startswith("unit")
