"""From a problem and a response to the pair that the verifier judges, with what the source says about comparing."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.schema import Problem
from workbench.verify.verdict import Pair, Tolerance

# More decimal places than any gold has.
MAX_PRECISION = 100


@dataclass(frozen=True)
class Comparison:
    """How a problem's gold is to be compared, as `Pair` describes it; None where the source says nothing."""

    unit: str | None = None
    precision: int | None = None
    tolerance: Tolerance | None = None
    ordered: bool | None = None


def comparison_of(extra: str | Mapping[str, Any] | None) -> Comparison:
    """The keys `unit`, `precision`, `tolerance` and `ordered` of a problem's `extra`, decoded or not.

    `extra` holds whatever columns a source brought, so a value that cannot be meant (a precision that is no number of
    places, a negative tolerance) counts as not given.
    """
    given = extra if isinstance(extra, Mapping) else json.loads(extra or "{}")
    unit, ordered = given.get("unit"), given.get("ordered")
    return Comparison(
        unit=None if unit is None else str(unit),
        precision=_places(given.get("precision")),
        tolerance=_tolerance(given.get("tolerance")),
        ordered=ordered if isinstance(ordered, bool) else None,
    )


def pair_of(problem: Problem | Mapping[str, Any], response: str) -> Pair:
    """What the verifier is asked about a response to a problem, given as a Problem or as a row of the problems table.

    A row may lack the question; its `choices` may be a list.
    """
    row = problem if isinstance(problem, Mapping) else vars(problem)
    stated = comparison_of(row["extra"])
    return Pair(
        gold=row["answer"],
        response=response,
        choices=tuple(row["choices"]) if row["choices"] else None,
        answer_type=row["answer_type"],
        precision=stated.precision,
        tolerance=stated.tolerance,
        unit=stated.unit,
        ordered=stated.ordered,
        question=row.get("question"),
    )


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _places(value: Any) -> int | None:
    number = _number(value)
    if number is None or number != int(number) or not 0 <= number <= MAX_PRECISION:
        return None
    return int(number)


def _tolerance(value: Any) -> Tolerance | None:
    if isinstance(value, list):
        errors = tuple(_number(error) for error in value)
        return errors if errors and all(error is None or error >= 0 for error in errors) else None
    error = _number(value)
    return error if error is not None and error >= 0 else None
