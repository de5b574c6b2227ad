"""The benchmark items that a data set must not hold: datasets of the workspace, or a benchmark's own files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from workbench.benchmarks import Benchmark, benchmarks
from workbench.benchmarks.plain import PlainFile
from workbench.draft import Draft
from workbench.errors import UserError
from workbench.images import ImageError, ImageStore
from workbench.rows import Rejected, RowError, table_rows
from workbench.schema import content_hash
from workbench.workspace import DatasetVersion, Workspace

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
# Where the items lie: datasets of the workspace, or a benchmark and the path of its files.
Place = list[DatasetVersion] | tuple[Benchmark, str]


def benchmark_files(workspace: Workspace, name: str) -> list[Path]:
    """The files that hold the items of `name` (see `benchmark_items`). Raises UserError if there are none."""
    place = _place(workspace, name)
    if isinstance(place, list):
        return [version.problems for version in place]
    benchmark, path = place
    return benchmark.files(path, with_pictures=False)


def benchmark_items(workspace: Workspace, name: str, say: Callable[[str], None]) -> pl.DataFrame:
    """ITEMS of a dataset (`NAME`, `NAME@v003`), of all datasets imported from a benchmark (its name), of a benchmark's
    own files (`BENCHMARK:PATH`), or of any .jsonl file.

    Pictures of files go into the image store; benchmarks are often stored without them, their words count all the
    same. `say` is told how many rows and pictures were missing. Raises UserError where there are no questions.
    """
    place = _place(workspace, name)
    if isinstance(place, list):
        return pl.concat(_of_dataset(version) for version in place)
    benchmark, path = place
    store = ImageStore(workspace.images)
    items: list[tuple[Any, ...]] = []
    unread = unpictured = 0
    for file in benchmark.files(path, with_pictures=False):
        for found in table_rows(file):
            draft = None if isinstance(found, Rejected) else _draft(benchmark, file, *found)
            if draft is None:
                unread += 1
                continue
            images = _images(benchmark, draft, file, store)
            unpictured += images is None
            title = file.stem if isinstance(benchmark, PlainFile) else benchmark.name
            items.append(_item(title, draft, images or []))
    if not items:
        raise UserError(f"{name} has no row with a `question`")
    for count, what in ((unread, "cannot be read"), (unpictured, "have no picture here and are compared by words")):
        if count:
            say(f"{count:,} of {unread + len(items):,} rows of {name} {what}")
    return pl.DataFrame(items, schema=ITEMS, orient="row")


def _place(workspace: Workspace, name: str) -> Place:
    known = benchmarks()
    base, colon, path = name.partition(":")
    if colon:
        if base not in known:
            raise UserError(f"{name}: no benchmark is called {base!r}; there are {', '.join(sorted(known))}")
        return known[base], path
    if name.endswith(".jsonl"):
        if not Path(name).is_file():
            raise UserError(f"no benchmark file {name}; give a .jsonl file or a dataset of the workspace")
        return PlainFile("file"), name
    if name in known and name not in workspace.dataset_names():
        return _imported(workspace, known[name])
    return [workspace.dataset(name)]


def _imported(workspace: Workspace, benchmark: Benchmark) -> list[DatasetVersion]:
    """The newest version of every dataset that was imported from a benchmark."""
    newest = [workspace.dataset(name) for name in workspace.dataset_names()]
    known = [version for version in newest if _format(version) in (benchmark.name, *benchmark.names)]
    if not known:
        name = benchmark.name
        raise UserError(
            f"no dataset of benchmark {name} in {workspace.root}; import it with `eureka data import PATH --format "
            f"{name} --name {name}`, or name its files: {name}:PATH"
        )
    return known


def _format(version: DatasetVersion) -> str | None:
    """The format that a version was imported as, None for one made otherwise or without a readable manifest."""
    try:
        return version.manifest().get("format")
    except (OSError, ValueError):
        return None


def _of_dataset(version: DatasetVersion) -> pl.DataFrame:
    named = {"benchmark": pl.lit(version.ref), "item": pl.col("source_id")}
    return pl.scan_parquet(version.problems).with_columns(**named).select(ITEMS.names()).collect()


def _draft(benchmark: Benchmark, file: Path, number: int, row: Any) -> Draft | None:
    """The row as a draft, None if it asks nothing."""
    try:
        draft = benchmark.read(row, file, number)
    except RowError:
        return None
    return draft if isinstance(draft.question, str) else None


def _images(benchmark: Benchmark, draft: Draft, file: Path, store: ImageStore) -> list[str] | None:
    """The sha256 names of the row's pictures, None where one cannot be had."""
    try:
        found = benchmark.pictures(draft.row, file)
        return [store.put(image if isinstance(image, bytes) else image.read_bytes()) for image in found]
    except (RowError, ImageError, OSError):
        return None


def _item(title: str, draft: Draft, images: list[str]) -> tuple[Any, ...]:
    choices = [str(choice) for choice in draft.choices] if draft.choices else None
    question, answer = draft.question, "" if draft.answer is None else str(draft.answer)
    key = content_hash(question, images, choices, answer)
    return title, str(draft.source_id), key, question, images, choices, answer
