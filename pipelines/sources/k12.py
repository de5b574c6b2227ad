"""The K12 benchmark of MM-Eureka: `k12.json`, rows {id, question, answer, image_path}, free-form golds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.sources.base import SOURCES, Draft, Rejected, Source
from workbench.rows import find_files, json_rows, picture


@SOURCES.register("k12")
class K12(Source):
    """Questions and answers keep their `$$…$$` as they are."""

    name = "k12"

    def files(self, path: str) -> list[Path]:
        return find_files(path, "k12.json")

    def raw(self, file: Path) -> Iterator[tuple[int, Any] | Rejected]:
        for item in json_rows(file):
            yield item if isinstance(item, Rejected) else (item[0], item[2])

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        return Draft(
            source_id=row.get("id"),
            question=row.get("question"),
            answer=row.get("answer"),
            images=[picture(file.parent, row.get("image_path"))],
            subject="mathematics",
            license="Apache-2.0",
            split="test",
            row=row,
        )
