"""What a unit measures and how large it is, so that quantities in different units can be compared exactly."""

from fractions import Fraction
from functools import lru_cache

# name: (how many, of which). Names without an entry are their own measure and convert to nothing else.
_SIZES = {
    "nm": ("1e-9", "m"), "um": ("1e-6", "m"), "mm": ("1e-3", "m"), "cm": ("1e-2", "m"), "dm": ("1e-1", "m"),
    "km": ("1e3", "m"), "in": ("0.0254", "m"), "ft": ("0.3048", "m"), "yd": ("0.9144", "m"), "mi": ("1609.344", "m"),
    "li": ("500", "m"), "mg": ("1e-3", "g"), "kg": ("1e3", "g"), "t": ("1e6", "g"), "lb": ("453.59237", "g"),
    "oz": ("28.349523125", "g"), "jin": ("500", "g"), "ms": ("1e-3", "s"), "us": ("1e-6", "s"), "min": ("60", "s"),
    "h": ("3600", "s"), "d": ("86400", "s"), "wk": ("604800", "s"), "yr": ("12", "mo"), "ml": ("1e-6", "m^3"),
    "cl": ("1e-5", "m^3"), "dl": ("1e-4", "m^3"), "L": ("1e-3", "m^3"), "gal": ("0.003785411784", "m^3"),
    "ha": ("1e4", "m^2"), "acre": ("4046.8564224", "m^2"), "mu": ("2000/3", "m^2"), "mph": ("1609.344/3600", "m*s^-1"),
    "kph": ("1000/3600", "m*s^-1"), "Hz": ("1", "s^-1"), "kHz": ("1e3", "s^-1"), "MHz": ("1e6", "s^-1"),
    "GHz": ("1e9", "s^-1"), "N": ("1e3", "g*m*s^-2"), "kN": ("1e6", "g*m*s^-2"), "J": ("1e3", "g*m^2*s^-2"),
    "kJ": ("1e6", "g*m^2*s^-2"), "MJ": ("1e9", "g*m^2*s^-2"), "kWh": ("3.6e9", "g*m^2*s^-2"),
    "cal": ("4184", "g*m^2*s^-2"), "kcal": ("4184000", "g*m^2*s^-2"), "eV": ("1.602176634e-16", "g*m^2*s^-2"),
    "W": ("1e3", "g*m^2*s^-3"), "kW": ("1e6", "g*m^2*s^-3"), "MW": ("1e9", "g*m^2*s^-3"),
    "Pa": ("1e3", "g*m^-1*s^-2"), "hPa": ("1e5", "g*m^-1*s^-2"), "kPa": ("1e6", "g*m^-1*s^-2"),
    "MPa": ("1e9", "g*m^-1*s^-2"), "atm": ("101325000", "g*m^-1*s^-2"), "bar": ("1e8", "g*m^-1*s^-2"),
    "mA": ("1e-3", "A"), "C": ("1", "A*s"), "V": ("1e3", "A^-1*g*m^2*s^-3"), "mV": ("1", "A^-1*g*m^2*s^-3"),
    "kV": ("1e6", "A^-1*g*m^2*s^-3"), "ohm": ("1e3", "A^-2*g*m^2*s^-3"), "kohm": ("1e6", "A^-2*g*m^2*s^-3"),
    "mmol": ("1e-3", "mol"), "arcmin": ("1/60", "deg"), "arcsec": ("1/3600", "deg"), "cent": ("1e-2", "dollar"),
    "jiao": ("1e-1", "yuan"), "fen": ("1e-2", "yuan"), "pence": ("1e-2", "GBP"),
}  # fmt: skip

Measure = dict[str, int]


def _factors(unit: str) -> list[tuple[str, int]]:
    """("km", 1), ("h", -1) of the canonical name "h^-1*km"."""
    return [(name, int(power or 1)) for name, _, power in (factor.partition("^") for factor in unit.split("*"))]


@lru_cache(maxsize=1024)
def _size(unit: str) -> tuple[Fraction, tuple[tuple[str, int], ...]]:
    """(size, measure) in metres, grams, seconds, amperes, … of a unit's canonical name."""
    size = Fraction(1)
    measure: Measure = {}
    for name, power in _factors(unit):
        if name in _SIZES:
            written, base = _SIZES[name]
            top, _, bottom = written.partition("/")
            size *= (Fraction(top) / Fraction(bottom or 1)) ** power
            inner = _factors(base)
        else:
            inner = [(name, 1)]
        for base_name, base_power in inner:
            measure[base_name] = measure.get(base_name, 0) + power * base_power
    return size, tuple(sorted((n, p) for n, p in measure.items() if p))


def conversion(unit: str, wanted: str) -> Fraction | None:
    """How many `wanted` one `unit` is, None where they measure different things. Temperatures do not convert."""
    if unit[0] == "~" or wanted[0] == "~":
        return None
    (size, measure), (wanted_size, wanted_measure) = _size(unit), _size(wanted)
    return size / wanted_size if measure == wanted_measure else None
