"""A source: a CSV file with the columns id, question, answer and, where there is one, picture.

`eureka data import problems.csv --format csv --name mine --plugin source.py`
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines import SOURCES, Source
from workbench import Draft, RowError, UserError


@SOURCES.register("csv")
class Csv(Source):
    def files(self, path: str) -> list[Path]:
        """The files that hold rows."""
        if not Path(path).is_file():
            raise UserError(f"{path} is not a file; give a .csv file")
        return [Path(path)]

    def raw(self, file: Path) -> Iterator[tuple[int, Any]]:
        """Every row with its number."""
        with file.open(newline="", encoding="utf-8") as lines:
            yield from enumerate(csv.DictReader(lines), 1)

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        """One row. What cannot be a problem is rejected with a reason, and the others are imported."""
        if row["answer"] == "?":
            raise RowError("nobody_knows", "the answer is a question mark")
        images = [file.parent / row["picture"]] if row.get("picture") else []
        return Draft(row["id"], row["question"], row["answer"], images, subject=row.get("subject"), row=row)
