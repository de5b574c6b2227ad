"""What a benchmark is: where its items come from, how they are asked, and by which conventions they are judged."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import UserError
from workbench.images import ImageError, ImageStore
from workbench.pairs import Comparison
from workbench.prompts import PromptTemplate
from workbench.registry import Registry
from workbench.verify.verdict import Pair
from workbench.workspace import Workspace


@dataclass(frozen=True)
class Item:
    """One question of a benchmark.

    `images` are sha256 names in the image store. `choices` are the option texts (the gold is then a letter);
    `shown_choices` what the prompt lists of them; `comparison` how the gold is to be compared. `unusable` says why the
    item cannot be asked ("image_missing", "image_undecodable", …); such an item is counted and named, never scored.
    `meta` goes into the scores table.
    """

    item_id: str
    question: str
    gold: str
    images: tuple[str, ...] = ()
    choices: tuple[str, ...] | None = None
    shown_choices: tuple[str, ...] | None = None
    answer_type: str | None = None
    comparison: Comparison = field(default_factory=Comparison)
    unusable: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    def pair(self, response: str) -> Pair:
        """The question put to the verifier for one response."""
        return Pair(
            self.gold,
            response,
            choices=self.choices,
            answer_type=self.answer_type,
            precision=self.comparison.precision,
            tolerance=self.comparison.tolerance,
            unit=self.comparison.unit,
            ordered=self.comparison.ordered,
            question=self.question,
        )


@dataclass(frozen=True)
class Loaded:
    """The items of one set. `name` is the benchmark column of the scores, `source` says where the items came from."""

    name: str
    source: str
    items: list[Item]


Loader = Callable[[Workspace, str | None, bool], Loaded]


@dataclass(frozen=True)
class Benchmark:
    """One benchmark. `load(workspace, data, pictures)` reads its items; without `pictures` no picture is needed or read
    (stored answers are scored so). `profile` names the verifier's conventions, `published` the benchmark column of
    published.csv, or None where nothing is published.
    """

    name: str
    template: PromptTemplate
    profile: str
    published: str | None
    load: Loader


BENCHMARKS: Registry[Benchmark] = Registry("benchmark")


def find_benchmark(name: str, data: str | None) -> tuple[Benchmark, str | None]:
    """The benchmark of a name and where its data lie; `dataset:NAME` is short for `dataset` with data NAME."""
    base, colon, dataset = name.partition(":")
    if colon and base == "dataset":
        return BENCHMARKS[base], data or dataset
    return BENCHMARKS[name], data


def data_file(benchmark: str, data: str | None, names: Iterable[str]) -> Path:
    """The file to read: `data` itself if it is a file, else the first of `names` that lies in the folder `data`."""
    names = list(names)
    if data is None:
        raise UserError(f"benchmark {benchmark} needs its data: --data FOLDER (with {' or '.join(names)})")
    path = Path(data)
    if path.is_file():
        return path
    found = [path / name for name in names if (path / name).is_file()]
    if not found:
        raise UserError(f"no {' or '.join(names)} in {data}; --data names the folder of benchmark {benchmark}")
    return found[0]


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a .json file (a list, or a table id → row) or a .jsonl file. UserError names a bad line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text: {error}") from error
    rows: Any = []
    number = 0  # of the line that is being read; a .json file's own count comes with the error
    try:
        if path.suffix == ".json":
            rows = json.loads(text)
            if isinstance(rows, dict):
                rows = [row if not isinstance(row, dict) else {"id": key, **row} for key, row in rows.items()]
        else:
            for line in text.split("\n"):
                number += 1
                if line.strip():
                    rows.append(json.loads(line))
    except json.JSONDecodeError as error:
        raise UserError(f"{path}:{max(number, error.lineno)} is not JSON ({error.msg})") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UserError(f"{path} must hold objects, one a line or in a list")
    return rows


def need(row: dict[str, Any], key: str, path: Path, number: int) -> str:
    """The row's value as text; UserError if the row (counted from 1) lacks it."""
    value = row.get(key)
    if value is None or str(value).strip() == "":
        raise UserError(f"{path}: row {number} has no {key!r}")
    return str(value)


# What `read_picture` gives where none is wanted.
NO_PICTURE: tuple[tuple[str, ...], str | None] = ((), None)


def read_picture(images: ImageStore, path: Path) -> tuple[tuple[str, ...], str | None]:
    """Put a picture into the store: its sha256, or why it cannot be used."""
    if not path.is_file():
        return (), "image_missing"
    try:
        return (images.put(path.read_bytes()),), None
    except ImageError as error:
        return (), error.reason
