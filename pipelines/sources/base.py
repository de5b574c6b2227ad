"""What a source is: it reads one input format and yields drafts of problems, good rows and bad ones alike.

A new format is a new file in this folder with a `Source` subclass registered in `SOURCES`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.draft import Draft
from workbench.registry import Registry
from workbench.rows import Rejected, RowError


class Source(ABC):
    """Reads one format. Rows come in the order of the files, so that equal input gives an equal dataset."""

    # The value of `source` where a row brings none of its own; None stands for the dataset's name.
    name: str | None = None

    @abstractmethod
    def files(self, path: str) -> list[Path]:
        """The files of `path` that hold rows. Raises UserError if there are none."""

    @abstractmethod
    def raw(self, file: Path) -> Iterator[tuple[int, Any] | Rejected]:
        """The file's rows with their numbers, and what could not be read as a row."""

    @abstractmethod
    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        """Read one row. Raises RowError if that cannot be."""

    def rows(self, path: str) -> Iterator[Draft | Rejected]:
        """Every row of `path`, as a draft or as a rejection."""
        for file in self.files(path):
            for item in self.raw(file):
                yield item if isinstance(item, Rejected) else self.read(item[1], file, item[0])

    def read(self, row: Any, file: Path, number: int) -> Draft | Rejected:
        """One row as a draft, or as a rejection naming the file and the row's number."""
        if not isinstance(row, dict):
            return Rejected(None, row, "row_not_object", f"{file.name}:{number} is {type(row).__name__}")
        try:
            return self.draft(row, file, number)
        except RowError as error:
            given = row.get("source_id", row.get("id"))
            source_id = str(given) if isinstance(given, str | int) else None
            return Rejected(source_id, row, error.reason, f"{file.name}:{number} {error.detail}".strip())


SOURCES: Registry[type[Source]] = Registry("source format")
