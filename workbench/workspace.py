"""Where things lie on disk, and how they get there: atomically, in new versions, never overwritten."""

import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.errors import UserError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class DatasetVersion:
    """One immutable version of a dataset."""

    name: str
    version: str
    path: Path

    @property
    def ref(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def problems(self) -> Path:
        return self.path / "problems.parquet"

    @property
    def decisions(self) -> Path:
        return self.path / "decisions.parquet"

    @property
    def rejected(self) -> Path:
        return self.path / "rejected.jsonl"

    def manifest(self) -> dict[str, Any]:
        return json.loads((self.path / "manifest.json").read_text())


class Workspace:
    """A directory that holds everything; see "Where things lie" in the README for the layout."""

    def __init__(self, root: Path | str):
        self.root = Path(root)

    @classmethod
    def default(cls) -> "Workspace":
        """The workspace of `EUREKA_WORKSPACE`, else `./workspace`."""
        return cls(os.environ.get("EUREKA_WORKSPACE", "workspace"))

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def annotations(self) -> Path:
        return self.root / "annotations"

    def responses(self, dataset: str, model: str) -> Path:
        """Folder of a model's stored answers to a dataset's problems."""
        return self.root / "responses" / dataset / safe_name(model)

    def run(self, name: str) -> Path:
        return self.root / "runs" / check_name("run", name)

    def evals(self, benchmark: str, model: str) -> Path:
        return self.root / "evals" / benchmark / safe_name(model)

    def dataset_names(self) -> list[str]:
        """The datasets that have a version; a folder whose first version is still being written is none."""
        folder = self.root / "datasets"
        return sorted(p.name for p in folder.iterdir() if self.versions(p.name)) if folder.is_dir() else []

    def run_names(self) -> list[str]:
        """The folders of runs; one that holds nothing but a lock was never begun."""
        folder = self.root / "runs"
        found = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
        return sorted(path.name for path in found if {one.name for one in path.iterdir()} != {".lock"})

    def versions(self, name: str) -> list[str]:
        folder = self.root / "datasets" / name
        found = [p.name for p in folder.iterdir() if re.fullmatch(r"v\d{3,}", p.name)] if folder.is_dir() else []
        return sorted(found, key=lambda v: int(v[1:]))

    def dataset(self, ref: str) -> DatasetVersion:
        """Find `NAME` (its newest version) or `NAME@v003`.

        Raises UserError naming what there is instead.
        """
        name, _, version = ref.partition("@")
        versions = self.versions(check_name("dataset", name))
        if not versions:
            known = ", ".join(self.dataset_names()) or "none yet; make one with `eureka data import` or `data synth`"
            raise UserError(f"no dataset {name!r} in {self.root}; there are: {known}")
        version = version or versions[-1]
        if version not in versions:
            raise UserError(f"datasets/{name} has no version {version}; it has {', '.join(versions)}")
        return DatasetVersion(name, version, self.root / "datasets" / name / version)

    @contextmanager
    def new_version(self, name: str) -> Iterator[DatasetVersion]:
        """A folder to fill; it becomes the next version of `name` when the block ends without an error.

        Until then readers do not see it. `DatasetVersion.ref` already carries the version it will have, so
        two writers at once cannot both get it: the one that ends last gets a UserError, and its folder is removed.
        """
        folder = self.root / "datasets" / check_name("dataset", name)
        folder.mkdir(parents=True, exist_ok=True)
        versions = self.versions(name)
        version = f"v{int(versions[-1][1:]) + 1 if versions else 1:03d}"
        temporary = folder / f".{version}-{secrets.token_hex(4)}"
        temporary.mkdir()
        try:
            yield DatasetVersion(name, version, temporary)
            if not (temporary / "manifest.json").exists():
                raise AssertionError("a dataset version needs its manifest.json")
            try:
                publish(temporary, folder / version)
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                    raise
                raise UserError(
                    f"datasets/{name}/{version} was written by another command meanwhile; run this one again"
                ) from error
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def check_name(kind: str, name: str) -> str:
    """The name itself if it can be a folder's name, else a UserError."""
    if not NAME.fullmatch(name):
        raise UserError(f"{kind} name {name!r} may hold letters, digits, dots, dashes and underscores only")
    return name


def safe_name(model: str) -> str:
    """A model's path, hub id or RUN@STEP as one folder name (`org/model` becomes `org--model`)."""
    return re.sub(r"[^A-Za-z0-9._@-]+", "--", model.strip("/")) or "model"


def fsync_path(path: Path) -> None:
    """Flush a file or a folder's entries to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(temporary: Path, final: Path) -> None:
    """Rename a finished file or folder into place, after flushing it; `final` must not exist if it is a folder."""
    files = list(temporary.rglob("*")) if temporary.is_dir() else []
    for path in [*files, temporary]:
        fsync_path(path)
    temporary.rename(final)
    fsync_path(final.parent)


def make_folder(folder: Path) -> None:
    """Make a folder and those it lies in; each is on disk in its parent before anything is written into it."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        fsync_path(folder.parent)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to write, which then takes its place; if that fails it is gone.

    An OSError names the path: a failed write does not.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        yield temporary
        publish(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = error.filename or str(path)
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file atomically (temporary file beside it, fsync, rename)."""
    with _whole(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def write_table(path: Path, rows: Iterable[dict[str, Any]] | pa.Table, schema: pa.Schema) -> None:
    """Write rows (or an Arrow table, cast to it) as Parquet with exactly `schema`'s columns, atomically."""
    table = rows.select(schema.names).cast(schema) if isinstance(rows, pa.Table) else _table(rows, schema)
    with _whole(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _table(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    # Arrow wants maps as lists of pairs.
    maps = {field.name for field in schema if pa.types.is_map(field.type)}
    plain = [{k: list(v.items()) if k in maps and v is not None else v for k, v in row.items()} for row in rows]
    return pa.Table.from_pylist(plain, schema=schema)


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def append_jsonl(path: Path, row: dict[str, Any]) -> None:
    """Append one whole line in a single write, so that two writers never mix their lines, or nothing.

    Raises OSError with the path if there is no room for all of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    line = (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8")
    with path.open("ab", buffering=0) as file:
        try:
            written = file.write(line)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error
        if written < len(line):
            file.truncate(file.tell() - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def read_jsonl(path: Path) -> tuple[list[dict[str, Any]], str | None]:
    """The rows of our own JSONL file, and the torn last line if there is one (a writer was killed).

    A line before the last that is not JSON raises UserError: that is damage, not a torn write.
    """
    rows: list[dict[str, Any]] = []
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    # Not splitlines(): it also breaks at U+2028 and its like, which JSON leaves inside strings.
    lines = text.removesuffix("\n").split("\n") if text else []
    for number, line in enumerate(lines, 1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError as error:
            if number == len(lines):
                return rows, line
            raise UserError(f"{path}:{number} is not JSON ({error.msg}); remove the line to go on") from error
    return rows, None
