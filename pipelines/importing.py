"""Importing: the rows of a source become a dataset version; what cannot be a problem is rejected with its reason.

Nothing is judged here: duplicates in content and odd problems come in, and curation decides about them.
"""

import math
import os
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.drafts import to_problem
from pipelines.manifest import hashed, provenance
from pipelines.progress import progress
from pipelines.sources import Draft, Rejected, RowError, find_source
from pipelines.sources.synth import synth_rows
from workbench.errors import UserError
from workbench.images import MAX_BYTES, ImageError, ImageStore
from workbench.plugins import load_plugins
from workbench.schema import PROBLEMS
from workbench.verify import shared_verifier
from workbench.workspace import Workspace, check_name, write_json, write_jsonl, write_table

# Rows whose pictures are decoded ahead; bounds how many decoded rows wait in memory.
_AHEAD = 64


@dataclass(frozen=True)
class ImportReport:
    """What came of an import. `ref` is None where no row was kept: then no version was made."""

    ref: str | None
    path: Path | None
    kept: int
    rejected: list[Rejected]

    @property
    def reasons(self) -> dict[str, int]:
        return dict(Counter(item.reason for item in self.rejected).most_common())


def import_dataset(workspace: Workspace, path: str | Path, source_format: str, name: str) -> ImportReport:
    """Read `path` in `source_format` into the next version of dataset `name`.

    Raises UserError for an unknown format, a path without fitting files, or a workspace that cannot be written.
    """
    check_name("dataset", name)
    load_plugins()
    source = find_source(source_format)
    root, path = Path(path), str(path)
    files = hashed(source.files(path), root if root.is_dir() else root.parent)
    manifest = {"format": source_format, "inputs": [{"path": path, "files": files}]}
    return _import(workspace, name, source.name or name, source.rows(path), manifest, None)


def import_synth(workspace: Workspace, name: str, count: int, seed: int) -> ImportReport:
    """Write the first `count` generated problems of a seed's stream as the next version of dataset `name`."""
    manifest = {"format": "synth", "inputs": [{"count": count, "seed": seed}]}
    return _import(workspace, name, "synth", synth_rows(count, seed), manifest, count)


def _import(
    workspace: Workspace,
    name: str,
    source: str,
    rows: Iterator[Draft | Rejected],
    manifest: dict[str, Any],
    total: int | None,
) -> ImportReport:
    kept: list[dict[str, Any]] = []
    rejected: list[Rejected] = []
    seen: set[tuple[str, str]] = set()
    verifier = shared_verifier()
    try:
        with progress(f"importing {name}", total) as advance:
            for draft, shas in _stored(ImageStore(workspace.images), rows):
                advance(1)
                if isinstance(draft, Rejected):
                    rejected.append(draft)
                    continue
                try:
                    if isinstance(shas, RowError):
                        raise shas
                    problem = to_problem(draft, shas, source, verifier)
                    key = (problem.source, problem.source_id)
                    if key in seen:
                        raise RowError("duplicate_source_id", f"an earlier row is {problem.source_id!r} too")
                    seen.add(key)
                    kept.append(problem.row())
                except RowError as error:
                    source_id = str(draft.source_id) if isinstance(draft.source_id, str | int) else None
                    rejected.append(Rejected(source_id, draft.row, error.reason, error.detail))
        if not kept:
            return ImportReport(None, None, 0, rejected)
        report = _publish(workspace, name, kept, rejected, manifest)
    except OSError as error:
        raise UserError(f"the import of {name} stopped, nothing was published: {error}") from error
    return report


def _publish(
    workspace: Workspace,
    name: str,
    kept: list[dict[str, Any]],
    rejected: list[Rejected],
    manifest: dict[str, Any],
) -> ImportReport:
    with workspace.new_version(name) as version:
        write_table(version.problems, kept, PROBLEMS)
        write_jsonl(version.rejected, [_rejected_row(item) for item in rejected])
        counts = {
            "problems": len(kept),
            "rejected": len(rejected),
            "reasons": dict(Counter(item.reason for item in rejected).most_common()),
            "images": len({sha for row in kept for sha in row["images"]}),
        }
        write_json(version.path / "manifest.json", {**provenance("import"), **manifest, "counts": counts})
    return ImportReport(version.ref, workspace.dataset(version.ref).path, len(kept), rejected)


Stored = tuple[Draft | Rejected, list[str] | RowError]


def _stored(store: ImageStore, rows: Iterator[Draft | Rejected]) -> Iterator[Stored]:
    """Each row in order, with the sha256 names of its pictures, which threads hash, decode and store ahead."""
    waiting: deque[tuple[Draft | Rejected, Future[list[str] | RowError] | None]] = deque()

    def first() -> Stored:
        row, future = waiting.popleft()
        return row, future.result() if future else []

    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        for row in rows:
            future = pool.submit(_store_all, store, row) if isinstance(row, Draft) and row.images else None
            waiting.append((row, future))
            if len(waiting) >= _AHEAD:
                yield first()
        while waiting:
            yield first()


def _store_all(store: ImageStore, draft: Draft) -> list[str] | RowError:
    shas = []
    for image in draft.images:
        name = image.name if isinstance(image, Path) else f"{len(image)} bytes"
        try:
            shas.append(store.put(_read(image)))
        except ImageError as error:
            return RowError(error.reason, f"{name}: {str(error).removeprefix(error.reason + ': ')}")
    return shas


def _read(image: Path | bytes) -> bytes:
    if isinstance(image, bytes):
        return image
    try:
        if image.stat().st_size > MAX_BYTES:
            raise ImageError("image_too_many_bytes", f"{image.stat().st_size} bytes, the limit is {MAX_BYTES}")
        return image.read_bytes()
    except OSError as error:
        raise ImageError("image_unreadable", error.strerror or str(error)) from error


def _rejected_row(item: Rejected) -> dict[str, Any]:
    row = {"source_id": item.source_id, "row": item.row, "reason": item.reason, "detail": item.detail}
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    """The value as JSON can hold it, long texts cut: rejected rows are there to be looked at."""
    if isinstance(value, str):
        shown = value.encode("utf-8", "replace").decode("utf-8")
        return shown if len(shown) <= 4000 else f"{shown[:4000]}… ({len(shown)} characters)"
    if isinstance(value, dict):
        return {str(_plain(str(key))): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else _plain(str(value))
