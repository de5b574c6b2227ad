"""Plain JSONL with the columns of the problems table; `images` are paths relative to the file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.sources.base import SOURCES, Draft, Rejected, RowError, Source
from workbench.rows import jsonl_rows, one_file, pictures

# Columns taken as they are; what the importer derives (ids and hashes) is derived again.
COLUMNS = (
    *("question", "answer", "choices", "answer_type", "solution", "subject", "topic", "grade", "level"),
    *("language", "license", "split", "source"),
)
_DERIVED = {"problem_id", "content_hash", "source_id", "id", "images", "image", "extra"}


@SOURCES.register("jsonl")
class JsonLines(Source):
    """Columns that the table does not have are kept in `extra`; a row without an id is named by its line (`line-7`)."""

    def files(self, path: str) -> list[Path]:
        return one_file(path, "*.jsonl")

    def raw(self, file: Path) -> Iterator[tuple[int, Any] | Rejected]:
        return jsonl_rows(file)

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        others = {name: value for name, value in row.items() if name not in COLUMNS and name not in _DERIVED}
        return Draft(
            source_id=row.get("source_id", row.get("id", f"line-{number}")),
            images=pictures(file.parent, row.get("images", row.get("image"))),
            extra={**_extra(row.get("extra")), **others},
            row=row,
            **{name: row.get(name) for name in COLUMNS},
        )


def _extra(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            raise RowError("wrong_type", f"extra is not a JSON object: {error}") from error
    if value is not None and not isinstance(value, dict):
        raise RowError("wrong_type", f"extra is {type(value).__name__}, not an object")
    return value or {}
