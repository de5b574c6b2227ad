"""Figures that take long to compute and never change: computed once for each key, kept as Parquet under `cache/`.

The folder may be deleted at any time. Every finished batch is a file of its own, published whole, so a killed run
goes on where it stopped and two runs at once do not disturb each other; they may only do the same work twice.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl

from workbench.errors import UserError
from workbench.workspace import Workspace, publish

# Rows a file; what a killed run loses at most.
_BATCH = 20_000
# More files than this are merged into one when new ones come.
_FILES = 64


def remembered(
    workspace: Workspace,
    name: str,
    keys: pl.Series,
    compute: Callable[[pl.Series], Iterable[pl.DataFrame]],
    schema: pl.Schema,
    columns: list[str] | None = None,
) -> pl.DataFrame:
    """One row for each distinct key, in the order of `keys`; `schema`'s first column is the key.

    `compute` gets the keys that are not there yet and yields a row for each, in pieces of any size.
    `name` must change when what is computed does. Raises UserError if the folder is emptied meanwhile.
    """
    folder, key = workspace.cache / name, next(iter(schema))
    wanted = pl.DataFrame({key: keys.cast(pl.String)}).drop_nulls().unique(maintain_order=True)
    missing = wanted.join(_stored(folder, schema, [key]), on=key, how="anti", maintain_order="left")[key]
    if len(missing):
        for batch in _batches(compute(missing)):
            _write(folder, batch.select(schema.names()).cast(schema))
    stored = _stored(folder, schema, [key, *(columns if columns is not None else schema.names()[1:])])
    rows = stored.unique(key, keep="any")
    if wanted.join(rows, on=key, how="anti").height:
        raise UserError(f"{folder} was emptied while a command used it; run that command again")
    return wanted.join(rows, on=key, how="left", maintain_order="left")


def _batches(pieces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The pieces joined to batches worth a file."""
    waiting: list[pl.DataFrame] = []
    for piece in pieces:
        waiting.append(piece)
        if sum(part.height for part in waiting) >= _BATCH:
            yield pl.concat(waiting)
            waiting = []
    if waiting:
        yield pl.concat(waiting)


def _stored(folder: Path, schema: pl.Schema, columns: list[str]) -> pl.DataFrame:
    files = sorted(folder.glob("*.parquet"))
    if not files:
        return pl.DataFrame(schema={name: schema[name] for name in columns})
    try:
        return pl.scan_parquet(files).select(columns).collect()
    except FileNotFoundError as error:
        raise UserError(f"{folder} was tidied up by another command meanwhile; run this one again") from error


def _write(folder: Path, rows: pl.DataFrame) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    old = sorted(folder.glob("*.parquet"))
    if len(old) >= _FILES:
        rows = pl.concat([pl.read_parquet(old), rows]).unique(rows.columns[0], keep="any", maintain_order=True)
    else:
        old = []
    temporary = folder / f".{secrets.token_hex(8)}"
    rows.write_parquet(temporary)
    publish(temporary, folder / f"{secrets.token_hex(8)}.parquet")
    for path in old:
        path.unlink(missing_ok=True)
