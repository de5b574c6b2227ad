"""Hugging Face datasets: a folder written by `save_to_disk`, local Parquet, or a hub id.

Columns are found under the names that public datasets use for them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.sources.base import SOURCES, Draft, Rejected, Source
from workbench.errors import UserError
from workbench.rows import find_files, parquet_rows, pictures

NAMES: dict[str, tuple[str, ...]] = {
    "source_id": ("source_id", "id", "problem_id", "pid", "qid", "question_id"),
    "question": ("question", "problem", "query", "prompt"),
    "answer": ("answer", "ground_truth", "gold", "label"),
    "images": ("images", "image", "decoded_image"),
    "choices": ("choices", "options"),
    "solution": ("solution", "rationale", "explanation"),
    **{
        name: (name,) for name in ("answer_type", "subject", "topic", "grade", "level", "language", "license", "source")
    },
}


@SOURCES.register("hf")
class HuggingFace(Source):
    """Pictures are taken as stored, undecoded; columns without a place in the table go to `extra`."""

    def files(self, path: str) -> list[Path]:
        root = Path(path)
        if root.is_file():
            return [root]
        if root.is_dir():
            return find_files(path, "*.parquet", "**/*.arrow", "**/*.parquet")
        return []

    def raw(self, file: Path) -> Iterator[tuple[int, Any] | Rejected]:
        return parquet_rows(file)

    def rows(self, path: str) -> Iterator[Draft | Rejected]:
        files = self.files(path)
        if files and files[0].suffix == ".parquet":
            yield from super().rows(path)
            return
        for split, table in _load(path):
            number = 0
            for batch in table.with_format("arrow").iter(batch_size=64):
                for row in batch.to_pylist():
                    number += 1
                    yield self.read({"split": split, **row}, Path(path) / (split or "data"), number)

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        found = {
            field: next(name for name in names if name in row)
            for field, names in NAMES.items()
            if any(name in row for name in names)
        }
        values: dict[str, Any] = {field: row[name] for field, name in found.items()}
        images = pictures(file.parent, values.pop("images", None))
        values.setdefault("source_id", f"{row.get('split') or file.stem}-{number}")
        values.setdefault("question", None)
        values["answer"] = _letter(values.get("answer"), values.get("choices"))
        known = {*found.values(), "split"}
        extra = {name: value for name, value in row.items() if name not in known and not isinstance(value, bytes)}
        return Draft(images=images, split=row.get("split"), extra=extra, row=row, **values)


def _letter(answer: Any, choices: Any) -> Any:
    """An answer given as an index into the options, as its letter."""
    if isinstance(answer, int) and isinstance(choices, list) and 0 <= answer < len(choices):
        return chr(65 + answer)
    return answer


def _load(path: str) -> list[tuple[str | None, Any]]:
    """(split, datasets.Dataset) of a saved folder or of a hub id."""
    import datasets

    try:
        loaded = datasets.load_from_disk(path) if Path(path).is_dir() else datasets.load_dataset(path)
    except Exception as error:
        # The library raises a dozen unrelated types for a folder or a hub id it cannot read.
        line = (str(error).splitlines() or [""])[0]
        raise UserError(f"{path} cannot be read as a Hugging Face dataset: {type(error).__name__}: {line}") from error
    return list(loaded.items()) if isinstance(loaded, dict) else [(str(loaded.split) if loaded.split else None, loaded)]
