"""The rows of a JSON-lines file as pairs. A row that cannot be judged is a `BadRow` that says why."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.verify.verdict import Pair, Tolerance

MAX_DIGITS = 4_000  # below Python's own limit, so that a row's numbers can always be written again
MAX_PRECISION = 100


@dataclass(frozen=True)
class BadRow:
    """Why a row cannot be judged."""

    reason: str


@dataclass(frozen=True)
class _Oversized:
    """A whole number with too many digits to work with; harmless under a key that nobody reads."""

    digits: int


class _Unusable(ValueError):
    """The message names the field and what is wrong with it."""


@dataclass(frozen=True)
class Row:
    """One row: its line (from 1), the byte offset behind it, its id and its pair, or why there is none."""

    line: int
    end: int
    row_id: Any
    pair: Pair | BadRow


def read_rows(path: Path) -> Iterator[Row]:
    """The rows in order; empty lines are skipped. Bad rows are rows too, so reading never ends early."""
    end = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            end += len(line)
            if line.strip():
                yield Row(number, end, *_decoded(line))


def _decoded(line: bytes) -> tuple[Any, Pair | BadRow]:
    """(id, pair) of a line; the id is None where it cannot be read."""
    try:
        row = json.loads(line.decode("utf-8", "surrogateescape").lstrip("\ufeff"), parse_int=_integer)
    except (ValueError, RecursionError):
        return None, BadRow("not a JSON object (torn, badly quoted or nested too deeply)")
    if not isinstance(row, dict):
        return None, BadRow(f"a JSON {type(row).__name__}, not an object with id, gold and response")
    row_id = _writable(row.get("id"))
    try:
        return row_id, pair_of_row(row)
    except _Unusable as error:
        return row_id, BadRow(str(error))


def _integer(digits: str) -> int | _Oversized:
    return int(digits) if len(digits) <= MAX_DIGITS else _Oversized(len(digits))


def _writable(row_id: Any) -> Any:
    """The id as it can be written to JSON, None where it cannot."""
    try:
        json.dumps(row_id, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None
    return row_id


def pair_of_row(row: dict[str, Any]) -> Pair:
    """The pair of a decoded row; null fields and unknown keys are ignored. ValueError names the field that is wrong."""
    for name in ("gold", "response"):
        if row.get(name) is None:
            raise _Unusable(f"no {name}; the row has {', '.join(map(str, row))[:200] or 'no keys'}")
    choices = row.get("choices")
    if choices is not None and not isinstance(choices, list):
        raise _Unusable(f"choices must be a list of texts, not {_shown(choices)}")
    answer_type = row.get("answer_type")
    return Pair(
        gold=_text("gold", row["gold"]),
        response=_text("response", row["response"]),
        choices=tuple(_text("choices", c) for c in choices) if choices else None,
        answer_type=answer_type if isinstance(answer_type, str) else None,
        precision=_precision(row.get("precision")),
        tolerance=_tolerance(row.get("tolerance")),
        unit=_text_only("unit", row.get("unit")),
        ordered=_flag("ordered", row.get("ordered")),
        question=_text_only("question", row.get("question")),
    )


def _text(name: str, value: Any) -> str:
    """A text, or a number as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _Unusable(f"{name} must be text or a number, not {_shown(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise _Unusable(f"{name} is {value}, which is not a finite number")
    return str(value)


def _text_only(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _Unusable(f"{name} must be text, not {_shown(value)}")
    return value


def _flag(name: str, value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise _Unusable(f"{name} must be true or false, not {_shown(value)}")
    return value


def _precision(value: Any) -> int | None:
    """Decimal places; benchmarks also write 2.0 or "2"."""
    if value is None:
        return None
    places = _finite("precision", value)
    if places != int(places) or not 0 <= places <= MAX_PRECISION:
        raise _Unusable(f"precision must be a whole number from 0 to {MAX_PRECISION}, not {_shown(value)}")
    return int(places)


def _tolerance(value: Any) -> Tolerance | None:
    """An absolute error, or one per blank; OlympiadBench writes "1e-1,,1e-2", where nothing means the profile's."""
    if isinstance(value, str) and "," in value:
        value = [part.strip() or None for part in value.split(",")]
    if isinstance(value, list):
        return tuple(None if v is None else _error("tolerance", v) for v in value) or None
    return None if value is None else _error("tolerance", value)


def _error(name: str, value: Any) -> float:
    error = _finite(name, value)
    if error < 0:
        raise _Unusable(f"{name} must not be negative, but is {_shown(value)}")
    return error


def _finite(name: str, value: Any) -> float:
    """A finite float of a JSON number or a text that is one."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise _Unusable(f"{name} must be a finite number, not {_shown(value)}")
    return number


def _shown(value: Any) -> str:
    if isinstance(value, _Oversized):
        return f"an integer of {value.digits:,} digits"
    if isinstance(value, list | dict):
        return f"a JSON {'list' if isinstance(value, list) else 'object'}"
    shown = json.dumps(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}…"
