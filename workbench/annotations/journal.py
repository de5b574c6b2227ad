"""Following append-only JSONL files of events: what was read once is never read again, only what was appended."""

import logging
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import UserError
from workbench.workspace import read_jsonl

if TYPE_CHECKING:
    import polars as pl

FIELDS = ("event_id", "at", "who", "kind", "target", "value")
# This much of what was read last is compared before reading on, to notice a file that somebody rewrote.
REMEMBERED = 256
MANY_CHUNKS = 64


def followed(path: Path) -> "pl.DataFrame":
    """The events of a file as strings, oldest first (FIELDS); a JSON object or list in `value` stays JSON.

    A last line without its newline is not an event yet: it is left out, with a warning. Raises UserError naming a line
    that is not JSON.
    """
    return _journal(path.absolute()).read()


@cache
def _journal(path: Path) -> "_Journal":
    return _Journal(path)


class _Journal:
    def __init__(self, path: Path):
        self.path = path
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        import polars as pl

        self._read, self._end, self._torn = 0, b"", b""
        self._frame = pl.DataFrame(schema=dict.fromkeys(FIELDS, pl.String))

    def read(self) -> "pl.DataFrame":
        with self._lock:
            if not self.path.exists():
                self._forget()
                return self._frame
            data = self._appended()
            whole = data.rfind(b"\n") + 1
            if whole:
                self._add(data[:whole])
            self._report_torn(data[whole:])
            return self._frame

    def _appended(self) -> bytes:
        """What stands behind the part that was read, which is everything if that part is not there any more."""
        with self.path.open("rb") as file:
            file.seek(self._read - len(self._end))
            if file.read(len(self._end)) != self._end:
                self._forget()
                file.seek(0)
            return file.read()

    def _add(self, data: bytes) -> None:
        import polars as pl

        frame = pl.concat([self._frame, self._events(data)], rechunk=False)
        self._frame = frame.rechunk() if frame.n_chunks() > MANY_CHUNKS else frame
        self._read += len(data)
        self._end = (self._end + data)[-REMEMBERED:]

    def _events(self, data: bytes) -> "pl.DataFrame":
        import duckdb

        from workbench.store import json_fields

        try:
            # Only "\n" ends a line: JSON leaves U+2028 and its like inside strings.
            lines = [line for line in data.decode().split("\n") if line.strip()]
            return json_fields(lines, FIELDS)
        except UnicodeDecodeError as error:
            number = self.path.read_bytes().count(b"\n", 0, self._read + error.start) + 1
            raise UserError(f"{self.path}:{number} is not UTF-8; mend or remove the line") from error
        except duckdb.Error:
            read_jsonl(self.path)  # names the line
            raise

    def _report_torn(self, rest: bytes) -> None:
        """Warn once about each unfinished last line."""
        if rest and rest != self._torn:
            logging.getLogger(__name__).warning(
                "%s: the last line is unfinished (%d bytes) and left out; its writer was stopped or is still writing",
                self.path,
                len(rest),
            )
        self._torn = rest
