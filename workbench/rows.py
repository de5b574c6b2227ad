"""Reading rows out of JSON, JSONL and Parquet files that may be torn, and finding their pictures."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.errors import UserError

_SPACE = " \t\r\n"


class RowError(ValueError):
    """A row that cannot be a problem. `reason` is a short code for rejected.jsonl, `detail` says what was seen."""

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Rejected:
    """A row that stays out, and why."""

    source_id: str | None
    row: Any
    reason: str
    detail: str


def find_files(path: str, *patterns: str) -> list[Path]:
    """The file `path`, or the files of the folder `path` that match the first pattern that any file matches."""
    root = Path(path)
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise UserError(f"{path} is neither a file nor a folder")
    for pattern in patterns:
        found = sorted(p for p in root.glob(pattern) if p.is_file())
        if found:
            return found
    raise UserError(f"{path} holds no {' or '.join(patterns)}")


def one_file(path: str, *patterns: str) -> list[Path]:
    """Like `find_files`, but several matches are an error: the caller has to name the one that is meant."""
    found = find_files(path, *patterns)
    if len(found) > 1:
        raise UserError(f"{path} holds {', '.join(p.name for p in found)}; give the path of one of them")
    return found


def jsonl_rows(file: Path) -> Iterator[tuple[int, Any] | Rejected]:
    """(line number, value) of each line; a torn line or one that is not UTF-8 is a rejection."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError as error:
                shown = line.decode("utf-8", errors="replace")
                yield Rejected(None, shown, "not_utf8", f"{file.name}:{number} {error.reason}")
                continue
            if not text:
                continue
            try:
                yield number, json.loads(text)
            except (ValueError, RecursionError) as error:
                yield Rejected(None, text, "torn_json", f"{file.name}:{number} is not JSON ({error})")


def json_rows(file: Path) -> Iterator[tuple[int, Any, Any] | Rejected]:
    """(number, key, value) of each member of the file's one array (key None) or object, repeated keys included.

    Members before a tear are kept; the rest of the file is one rejection.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield Rejected(None, file.name, "not_utf8", f"{file.name} {error.reason} at byte {error.start}")
        return
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    opening = text[at : at + 1]
    if opening not in ("[", "{"):
        yield Rejected(None, text[:200], "torn_json", f"{file.name}:1 is not JSON (neither an array nor an object)")
        return
    closing = {"[": "]", "{": "}"}[opening]
    at, number = _skip(text, at + 1), 0
    while text[at : at + 1] != closing:
        number, start, key = number + 1, at, None
        try:
            if opening == "{":
                key, at = decoder.raw_decode(text, at)
                at = _expect(text, at, ":")
            value, at = decoder.raw_decode(text, at)
            at = _skip(text, at)
            if text[at : at + 1] != closing:
                at = _expect(text, at, ",")
        except (ValueError, RecursionError) as error:
            source_id = key if isinstance(key, str) else None
            where = f"{file.name}:{getattr(error, 'lineno', 1)}"
            detail = f"{where} is not JSON ({error}), from row {number} on"
            yield Rejected(source_id, text[start : start + 2000], "torn_json", detail)
            return
        yield number, key, value


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _expect(text: str, at: int, mark: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != mark:
        raise json.JSONDecodeError(f"Expecting '{mark}'", text, at)
    return _skip(text, at + 1)


def table_rows(file: Path) -> Iterator[tuple[int, Any] | Rejected]:
    """(number, row) of a file by its ending: .json (a list, or a table id → row), .parquet, .arrow, else JSON lines.

    A row of a table has its key as `id` unless it brings one.
    """
    if file.suffix == ".json":
        for item in json_rows(file):
            if isinstance(item, Rejected):
                yield item
            else:
                number, key, row = item
                yield number, {"id": key, **row} if key is not None and isinstance(row, dict) else row
    else:
        read = {".parquet": parquet_rows, ".arrow": arrow_rows}.get(file.suffix, jsonl_rows)
        yield from read(file)


def arrow_rows(file: Path) -> Iterator[tuple[int, Any] | Rejected]:
    """(row number, row) of an Arrow stream, as `datasets` writes with `save_to_disk`."""
    number = 0
    try:
        with pa.memory_map(str(file)) as source, pa.ipc.open_stream(source) as batches:
            for batch in batches:
                for start in range(0, batch.num_rows, 64):
                    for row in batch.slice(start, 64).to_pylist():
                        number += 1
                        yield number, row
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{file} is not a readable Arrow file: {str(error).splitlines()[0]}") from error


def parquet_rows(file: Path) -> Iterator[tuple[int, Any] | Rejected]:
    """(row number, row) of a Parquet file, read in small batches because rows may carry pictures."""
    try:
        table = pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{file} is not a readable Parquet file: {str(error).splitlines()[0]}") from error
    number = 0
    for batch in table.iter_batches(batch_size=64):
        for row in batch.to_pylist():
            number += 1
            yield number, row


def picture(root: Path, relative: Any) -> Path:
    """The file of a picture named relative to `root`.

    Raises RowError `wrong_type`, `image_outside_folder` (an absolute path, or one that leaves by `../`) or
    `image_missing`.
    """
    if not isinstance(relative, str) or not relative or "\0" in relative:
        raise RowError("wrong_type", f"image path is {relative!r:.80}")
    # Lexical on purpose: a folder of pictures that the user linked in is meant to be read.
    path = Path(os.path.normpath(root / relative))
    if Path(relative).is_absolute() or not path.is_relative_to(os.path.normpath(root)):
        raise RowError("image_outside_folder", relative)
    if not path.is_file():
        raise RowError("image_missing", relative)
    return path


def pictures(root: Path, value: Any) -> list[Path | bytes]:
    """Pictures of a column as stores have them: a path, bytes, a struct {bytes, path}, or a list of those."""
    if value is None:
        return []
    if isinstance(value, list):
        return [item for part in value for item in pictures(root, part)]
    if isinstance(value, bytes):
        return [value]
    if isinstance(value, dict) and value.get("bytes") is not None:
        return [value["bytes"]]
    if isinstance(value, dict):
        value = value.get("path")
    return [picture(root, value)]
