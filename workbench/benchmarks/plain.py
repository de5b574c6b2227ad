"""Questions of a benchmark that has no definition here, as JSON lines in nobody's layout."""

from pathlib import Path
from typing import Any

from workbench.benchmarks.base import Benchmark
from workbench.draft import Draft


class PlainFile(Benchmark):
    """Rows with `question` and, where known, `id`, `answer`, `choices` (or `options`) and `images` (or `image`)."""

    title = "a file of questions"
    layout = ("*.jsonl",)

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        choices = row.get("choices") or row.get("options")
        return Draft(
            source_id=row.get("id", row.get("source_id", f"line-{number}")),
            question=row.get("question"),
            answer=str(row.get("answer", "")),
            choices=choices if isinstance(choices, list) else None,
            row=row,
        )

    def pictures(self, row: dict[str, Any], file: Path) -> list[Path | bytes]:
        pictured = any(row.get(name) is not None for name in self.picture_columns)
        return super().pictures(row, file) if pictured else []
