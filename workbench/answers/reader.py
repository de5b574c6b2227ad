"""Reading a file of stored answers: every row is an answer, one without a response, or rejected by name."""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.answers.layout import ID_KEYS, official_verdict, response_key
from workbench.errors import UserError
from workbench.rows import Rejected, RowError, json_rows, jsonl_rows
from workbench.verify.verdict import Judgement, Verdict

# The verdict on an answer that is not there: the model did not answer, whatever the gold.
NO_RESPONSE = Judgement(Verdict.WRONG, "no_response", None, None, None, None, 0.0)
# So many responses that all equal the gold are a column of golds.
GOLDS_AT_LEAST = 10
# A response longer than the csv module's own limit is still a response.
_LONGEST_FIELD = 2**30


@dataclass(frozen=True)
class StoredAnswer:
    """One row: `key` is the item's id, `text` the response, None where it is null, missing or empty.

    `number` is the row's (of a jsonl file the line's), from 1; `official` the file's own verdict, if it has one.
    """

    number: int
    key: str
    text: str | None
    official: bool | None
    row: dict[str, Any]


@dataclass(frozen=True)
class StoredAnswers:
    """A file's answers in its order, and the rows that are none. `named` says that the user chose the column."""

    file: Path
    response_key: str
    named: bool
    answers: list[StoredAnswer]
    rejected: list[Rejected]


def read_answers(file: Path, key: str | None = None) -> StoredAnswers:
    """The answers of a file: JSON lines, a .json list or table id → row, or a .csv with a header.

    The responses' column is `key`, else the layout tells it, once for the whole file. Raises UserError for a file that
    cannot be read, has no rows, or in which no column can be told to hold responses.
    """
    rows: list[tuple[int, Any, dict[str, Any]]] = []
    rejected: list[Rejected] = []
    try:
        for item in _rows(file):
            if isinstance(item, Rejected):
                rejected.append(item)
            elif isinstance(item[2], dict):
                rows.append(item)
            else:
                number, _, value = item
                detail = f"{file.name}:{number} is {type(value).__name__}"
                rejected.append(Rejected(None, value, "row_not_object", detail))
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}") from error
    if not rows and rejected:
        raise UserError(f"{file} holds no rows of answers ({rejected[0].reason}: {rejected[0].detail:.200})")
    column = response_key((row for _, _, row in rows), file, key)
    answers = []
    for number, table_key, row in rows:
        item_id = None
        try:
            item_id = _item_id(row, table_key)
            answers.append(StoredAnswer(number, item_id, text_of(row, column), official_verdict(row), row))
        except RowError as error:
            rejected.append(Rejected(item_id, row, error.reason, f"{file.name}:{number} {error.detail}"))
    return StoredAnswers(file, column, key is not None, answers, rejected)


def refuse_golds(stored: StoredAnswers, golds: Mapping[str, set[str]]) -> None:
    """Raise UserError where at least ten responses were taken and every one is its item's gold to the letter.

    `golds` has the spellings of each item's gold by the answers' key. A column that the user named is not refused.
    """
    taken = [(answer.text, golds[answer.key]) for answer in stored.answers if answer.text and answer.key in golds]
    if stored.named or len(taken) < GOLDS_AT_LEAST or any(text.strip() not in gold for text, gold in taken):
        return
    key = stored.response_key
    raise UserError(
        f"{stored.file}: all {len(taken)} responses taken from {key!r} equal the golds, so the column holds the golds; "
        f"name the responses' column with --response-key ({key} again if the model did write just that)"
    )


def spellings(gold: str, choices: tuple[str, ...] | list[str] | None) -> set[str]:
    """The gold, and the option's text where it is a letter: a file may hold either."""
    place = ord(gold) - ord("A") if len(gold) == 1 else -1
    return {text.strip() for text in (gold, *(choices[place : place + 1] if choices and place >= 0 else ()))}


def text_of(row: Mapping[str, Any], column: str) -> str | None:
    """A cell as text, None where it holds nothing. Raises RowError for a list, an object or a truth value."""
    value = row.get(column)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RowError("wrong_type", f"{column} is {type(value).__name__}, not text")
    # Half of a surrogate pair is no text that a table can hold.
    text = str(value).encode("utf-8", "replace").decode()
    return text if text.strip() else None


def _item_id(row: dict[str, Any], table_key: Any) -> str:
    cells = (text_of(row, name) for name in ID_KEYS)
    item_id = next((cell for cell in cells if cell), text_of({"id": table_key}, "id"))
    if item_id is None:
        raise RowError("no_source_id", f"it needs one of {', '.join(ID_KEYS)}")
    return item_id.strip()


def _rows(file: Path) -> Iterator[tuple[int, Any, Any] | Rejected]:
    """(number, key in a table or None, row) by what the file is."""
    if file.suffix == ".csv":
        yield from _csv_rows(file)
    elif file.suffix == ".json" and not _is_lines(file):
        yield from json_rows(file)
    else:
        for item in jsonl_rows(file):
            yield item if isinstance(item, Rejected) else (item[0], None, item[1])


def _is_lines(file: Path) -> bool:
    """Whether a .json file is JSON lines all the same: a whole object on its first line and more below."""
    with file.open("rb") as lines:
        first = lines.readline()
        try:
            return isinstance(json.loads(first), dict) and bool(lines.read().strip())
        except (ValueError, RecursionError):
            return False


def _csv_rows(file: Path) -> Iterator[tuple[int, None, dict[str, Any]] | Rejected]:
    csv.field_size_limit(_LONGEST_FIELD)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, strict=True)
        try:
            for number, row in enumerate(reader, 1):
                if None in row or None in row.values():
                    yield Rejected(None, row, "torn_csv", f"{file.name}:{number} has not the header's columns")
                else:
                    yield number, None, row
        except UnicodeDecodeError as error:
            yield Rejected(None, None, "not_utf8", f"{file.name} after line {reader.line_num}: {error.reason}")
        except csv.Error as error:
            yield Rejected(None, None, "torn_csv", f"{file.name}:{reader.line_num} {error}")
