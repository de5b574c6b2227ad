"""TabMWP: a folder with `problems_*.json` (id → problem) and `tables/ID.png`, the table drawn as a picture.

Lu et al., "Dynamic Prompt Learning via Policy Gradient for Semi-structured Mathematical Reasoning", 2023.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.sources.base import SOURCES, Draft, Rejected, Source
from workbench.rows import find_files, json_rows, picture


@SOURCES.register("tabmwp")
class TabMWP(Source):
    """The answer of a choice problem is the option's text; a unit stands beside the answer, not in it."""

    name = "tabmwp"

    def files(self, path: str) -> list[Path]:
        return find_files(path, "problems_*.json")

    def raw(self, file: Path) -> Iterator[tuple[int, Any] | Rejected]:
        for item in json_rows(file):
            if isinstance(item, Rejected):
                yield item
            else:
                number, key, value = item
                yield number, {"id": key, **value} if isinstance(value, dict) else value

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        kept = ("unit", "table_title", "table", "ques_type", "ans_type")
        return Draft(
            source_id=row.get("id"),
            question=row.get("question"),
            answer=row.get("answer"),
            images=[picture(file.parent, f"tables/{row.get('id')}.png")],
            choices=row.get("choices"),
            solution=row.get("solution"),
            subject="mathematics",
            topic="tables",
            grade=row.get("grade"),
            license="CC BY-NC-SA 4.0",
            split=row.get("split"),
            extra={name: row[name] for name in kept if row.get(name) is not None},
            row=row,
        )
