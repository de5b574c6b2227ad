"""The conventions in which benchmarks differ, as named settings; a profile is a table of them."""

from dataclasses import dataclass
from typing import Literal

from workbench.registry import Registry


@dataclass(frozen=True)
class Profile:
    """One benchmark's conventions.

    several_boxes: several different `\\boxed{}` or answer blocks are hedging (`wrong`) or the `last` counts.
    missing_unit: an answer without the gold's unit is accepted.
    convert_units: an answer in another unit of the same quantity is compared with the gold's.
    percent: `exact` (10 % = 10 % = 0.1), `number` (the sign is dropped) or `any` (x, x/100 or 100x).
    closeness: when a number is near enough without a stated tolerance. `stated`: at the gold's stated decimals, and
        for a gold without a finite decimal form, a decimal of at least 3 significant digits right at its own decimals;
        `gold_decimals`: only the first half of that; `precision`: rounded to the row's precision; `two_decimals`;
        `relative`: within 1e-8.
    free_order: the order of a list of values never counts, whatever the question asks.
    option_text: an option's text stands for its letter where it is unique.
    option_text_first: golds are options' texts, so that a gold of "A" is the option with that text.
    loose: the answer of a response that marks none is looked for in its last sentence.
    """

    name: str
    several_boxes: Literal["wrong", "last"] = "wrong"
    missing_unit: bool = True
    convert_units: bool = True
    percent: Literal["exact", "number", "any"] = "exact"
    closeness: Literal["stated", "gold_decimals", "precision", "two_decimals", "relative"] = "stated"
    free_order: bool = False
    option_text: bool = True
    option_text_first: bool = False
    loose: bool = False


# A benchmark's profile stands in its file in workbench/benchmarks/.
PROFILES: Registry[Profile] = Registry("verifier profile", package="workbench.benchmarks")
PROFILES.register("default")(Profile("default"))
