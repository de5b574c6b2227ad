"""The benchmark items that a data set must not hold, read from datasets of the workspace or from JSONL files."""

from pathlib import Path
from typing import Any

import polars as pl

from workbench.errors import UserError
from workbench.images import ImageError, ImageStore
from workbench.rows import jsonl_rows
from workbench.schema import content_hash
from workbench.workspace import Workspace

_LIST: pl.DataType = pl.List(pl.String)
ITEMS = pl.Schema(
    {
        "benchmark": pl.String(),
        "item": pl.String(),
        "content_hash": pl.String(),
        "question": pl.String(),
        "images": pl.List(pl.String()),
        "choices": pl.List(pl.String()),
        "answer": pl.String(),
    }
)


def benchmark_file(workspace: Workspace, name: str) -> Path:
    """The table of a dataset (`NAME` or `NAME@v003`), or the .jsonl file itself. Raises UserError if there is none."""
    if not name.endswith(".jsonl"):
        return workspace.dataset(name).problems
    if not Path(name).is_file():
        raise UserError(f"no benchmark file {name}; give a .jsonl file or a dataset of the workspace")
    return Path(name)


def benchmark_items(workspace: Workspace, name: str) -> pl.DataFrame:
    """ITEMS of a dataset or of a .jsonl file.

    Rows of a file have `question` and, where known, `id`, `answer`, `choices` (or `options`) and `images` (or `image`,
    relative to the file); its pictures go into the image store. Raises UserError for a file without questions.
    """
    path = benchmark_file(workspace, name)
    if not name.endswith(".jsonl"):
        named = {"benchmark": pl.lit(workspace.dataset(name).ref), "item": pl.col("source_id")}
        return pl.scan_parquet(path).with_columns(**named).select(ITEMS.names()).collect()
    store = ImageStore(workspace.images)
    items = [_item(path, *row, store) for row in jsonl_rows(path) if isinstance(row, tuple)]
    found = pl.DataFrame([item for item in items if item], schema=ITEMS, orient="row")
    if found.is_empty():
        raise UserError(f"{name} has no row with a `question`")
    return found


def _item(path: Path, number: int, row: Any, store: ImageStore) -> tuple[Any, ...] | None:
    if not isinstance(row, dict) or not isinstance(row.get("question"), str):
        return None
    question, answer = row["question"], str(row.get("answer", ""))
    options = row.get("choices") or row.get("options") or None
    choices = [str(option) for option in options] if isinstance(options, list) else None
    named = row.get("images") or row.get("image") or []
    images = []
    for file in [named] if isinstance(named, str) else named:
        try:
            images.append(store.put((path.parent / str(file)).read_bytes()))
        except (OSError, ImageError):
            # Benchmarks are often stored without their pictures; their words are compared all the same.
            continue
    key = content_hash(question, images, choices, answer)
    return path.stem, str(row.get("id", row.get("source_id", f"line-{number}"))), key, question, images, choices, answer
