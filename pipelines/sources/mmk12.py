"""MMK12 (`FanqingM/MMK12`): Parquet with id, question, answer, subject and image.

The training split is fill-in maths; the test split's options stand in the question as "A. …" lines, its answer is a
letter.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.sources.base import SOURCES, Draft, Rejected, Source
from workbench.rows import find_files, parquet_rows, pictures

_OPTION = re.compile(r"^[ \t]*\(?([A-H])\s*[.、．:)）][ \t]*", re.MULTILINE)


@SOURCES.register("mmk12")
class MMK12(Source):
    """A file, or a folder of `train-*.parquet` and `test-*.parquet`."""

    name = "mmk12"

    def files(self, path: str) -> list[Path]:
        return find_files(path, "*.parquet", "**/*.parquet")

    def raw(self, file: Path) -> Iterator[tuple[int, Any] | Rejected]:
        return parquet_rows(file)

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        question, choices = row.get("question"), None
        if isinstance(question, str) and re.fullmatch(r"\s*[A-H]\s*", str(row.get("answer"))):
            question, choices = split_options(question)
        split = re.match(r"train|test|val(?:idation)?", file.name)
        known = {"id", "question", "answer", "subject", "image"}
        return Draft(
            source_id=row.get("id", number),
            question=question,
            answer=row.get("answer"),
            images=pictures(file.parent, row.get("image")),
            choices=choices,
            subject="mathematics" if row.get("subject") == "math" else row.get("subject"),
            split=split[0] if split else None,
            extra={name: value for name, value in row.items() if name not in known},
            row=row,
        )


def split_options(question: str) -> tuple[str, list[str] | None]:
    """The question without its option lines, and the options; None where no lines A, B, … follow one another."""
    marks = list(_OPTION.finditer(question))
    if len(marks) < 2 or [mark[1] for mark in marks] != [chr(65 + i) for i in range(len(marks))]:
        return question, None
    ends = [mark.start() for mark in marks[1:]] + [len(question)]
    options = [question[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)]
    return question[: marks[0].start()].rstrip(), options
