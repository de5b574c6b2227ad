"""MATH-Vision: a JSONL of rows {id, question, options, answer, solution, level, subject, image} beside `images/`.

Wang et al., "Measuring Multimodal Mathematical Reasoning with the MATH-Vision Dataset", 2024.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.sources.base import SOURCES, Draft, Rejected, Source
from workbench.rows import jsonl_rows, one_file, picture


@SOURCES.register("mathv")
class MathV(Source):
    """Options that are drawn in the picture come as bare letters and stay letters; no options means a free answer."""

    name = "mathv"

    def files(self, path: str) -> list[Path]:
        return one_file(path, "*.jsonl")

    def raw(self, file: Path) -> Iterator[tuple[int, Any] | Rejected]:
        return jsonl_rows(file)

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        return Draft(
            source_id=row.get("id"),
            question=row.get("question"),
            answer=row.get("answer"),
            images=[picture(file.parent, row.get("image"))],
            choices=row.get("options"),
            solution=row.get("solution"),
            subject=row.get("subject"),
            level=row.get("level"),
            license="MIT",
            split=file.stem.removesuffix("_without_images"),
            row=row,
        )
