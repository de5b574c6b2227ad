"""What a benchmark is: one class that says everything about it, for whoever asks.

A new one is a file with a subclass of `Benchmark`, registered by `@BENCHMARKS.register("name")`.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from workbench.benchmarks.items import Graded, Item, Loaded
from workbench.draft import Draft
from workbench.errors import UserError
from workbench.images import ImageError, ImageStore
from workbench.pairs import comparison_of
from workbench.prompts import TEMPLATES, PromptTemplate
from workbench.registry import Registry
from workbench.rows import Rejected, RowError, find_files, picture, pictures, table_rows
from workbench.workspace import Workspace


@dataclass(frozen=True)
class Published:
    """A published score in percent. Scores of different `protocol` (prompt, judge, subset) are not comparable."""

    model: str
    score: float
    protocol: str
    source: str


class ItemSet(ABC):
    """What a model can be evaluated on. `name` is what it is registered as."""

    title: ClassVar[str] = ""
    # The official prompt.
    template: ClassVar[PromptTemplate] = TEMPLATES["instruct"]
    # The verifier's profile: the conventions by which answers are judged.
    profile: ClassVar[str] = "default"
    # Who decides whether an answer is right (eval/scorers.py): the verifier's rules, or a scorer of one's own.
    scorer: ClassVar[str] = "rules"
    # Facts of the items that accuracy is broken down by; one item may have several values of one.
    groups: ClassVar[tuple[str, ...]] = ()
    # Scores to stand beside one's own; the tables of MM-Eureka's papers are in eval/published.csv.
    published: ClassVar[tuple[Published, ...]] = ()

    def __init__(self, name: str):
        self.name = name

    @abstractmethod
    def load(self, workspace: Workspace, data: str | None, with_pictures: bool) -> Loaded:
        """The items of `data`. Without pictures none is needed or read (stored answers are scored so)."""

    def metrics(self, answers: Sequence[Graded]) -> dict[str, float]:
        """The official figures beside accuracy and its groups, by name, as shares from 0 to 1.

        `answers` are all that could be scored, by item and sample.
        """
        return {}

    def official_verdict(self, item: Item, response: str, extraction: str | None) -> bool | None:
        """What the benchmark's own scorer says of a response, where that scorer is rules and is reproduced here.

        `extraction` is the answer that a language model took from the response, if there is one. None: no such scorer,
        or it needs an extraction.
        """
        return None


class Benchmark(ItemSet):
    """A published benchmark, read from its own files: those of its repository, or the Parquet files of its hub page."""

    # Other names it goes by: as a format of `eureka data import`, and in the names of data sets that hold it.
    names: ClassVar[tuple[str, ...]] = ()
    # The `source` of imported problems, which their ids follow from; None stands for the name.
    source: ClassVar[str | None] = None
    license: ClassVar[str | None] = None
    # Items of the whole set that scores are published for.
    size: ClassVar[int | None] = None
    # Patterns of the files in its folder, best first, and those to take instead where no picture is needed.
    layout: ClassVar[tuple[str, ...]]
    layout_without_pictures: ClassVar[tuple[str, ...]] = ()
    # Columns that name or hold a row's pictures; the first that a row has is read. None: it has no pictures.
    picture_columns: ClassVar[tuple[str, ...]] = ("decoded_image", "images", "image", "image_path")

    def __init_subclass__(cls) -> None:
        if not getattr(cls, "layout", ()):
            raise UserError(f"benchmark class {cls.__name__} has no `layout`; it names the files in its folder")

    @abstractmethod
    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        """Read one row, without its pictures. Raises RowError if that cannot be."""

    def read(self, row: Any, file: Path, number: int) -> Draft:
        """`draft` of whatever stands in the file: RowError where it is no object or lacks a column."""
        if not isinstance(row, dict):
            raise RowError("row_not_object", f"is {type(row).__name__}")
        try:
            return self.draft(row, file, number)
        except KeyError as error:
            raise RowError("no_column", f"has no column {error}") from error

    def item(self, draft: Draft) -> Item:
        """The question that a row asks, without its pictures; `groups` are looked up in `extra`, then in the draft."""
        choices = None if not draft.choices else tuple(str(choice) for choice in draft.choices)
        facts = {name: draft.extra.get(name, getattr(draft, name, None)) for name in self.groups}
        return Item(
            item_id=str(draft.source_id),
            question=str(draft.question),
            gold=str(draft.answer),
            choices=choices,
            shown_choices=choices,
            answer_type=draft.answer_type or ("choice" if choices else None),
            comparison=comparison_of(draft.extra),
            meta=facts,
        )

    def files(self, path: str, with_pictures: bool = True) -> list[Path]:
        """The file `path`, or the benchmark's files in the folder `path`. Raises UserError if there are none."""
        patterns = (self.layout if with_pictures else self.layout_without_pictures) or self.layout
        if not Path(path).exists():
            raise UserError(f"no {' or '.join(patterns)} in {path}: {path} does not exist")
        try:
            return find_files(path, *patterns)
        except UserError:
            raise UserError(
                f"no {' or '.join(patterns)} in {path}; give the folder or a file of benchmark {self.name}"
            ) from None

    def pictures(self, row: dict[str, Any], file: Path) -> list[Path | bytes]:
        """The row's pictures. Raises RowError where one is missing or lies outside the file's folder."""
        if not self.picture_columns:
            return []
        cell = next((row[name] for name in self.picture_columns if row.get(name) is not None), None)
        return pictures(file.parent, cell) or [picture(file.parent, cell)]

    def load(self, workspace: Workspace, data: str | None, with_pictures: bool) -> Loaded:
        """The items of the benchmark's folder or file `data`; the first unreadable row is a UserError."""
        if data is None:
            raise UserError(f"benchmark {self.name} needs its data: --data FOLDER (with {' or '.join(self.layout)})")
        files = self.files(data, with_pictures)
        store = ImageStore(workspace.images)
        items: dict[str, Item] = {}
        for file in files:
            for number, row in _whole_rows(file):
                try:
                    item = self.item(_complete(self.read(row, file, number)))
                except RowError as error:
                    raise UserError(f"{file}: row {number} {error.detail or error.reason}") from error
                if item.item_id in items:
                    raise UserError(f"{file}: row {number} has the id {item.item_id!r} of an earlier row")
                items[item.item_id] = self._pictured(item, row, file, store) if with_pictures else item
        return Loaded(self.name, str(files[0]) if len(files) == 1 else data, list(items.values()))

    def _pictured(self, item: Item, row: dict[str, Any], file: Path, store: ImageStore) -> Item:
        try:
            found = self.pictures(row, file)
            return replace(item, images=tuple(store.put(_bytes(image)) for image in found))
        except (RowError, ImageError) as error:
            return replace(item, unusable=error.reason)


BENCHMARKS: Registry[type[ItemSet]] = Registry("benchmark", package="workbench.benchmarks")


def benchmarks() -> dict[str, Benchmark]:
    """The published benchmarks under every name that they go by; their own names go before others'."""
    known = [benchmark for name in BENCHMARKS if isinstance(benchmark := BENCHMARKS[name](name), Benchmark)]
    others = {name: benchmark for benchmark in known for name in benchmark.names}
    return others | {benchmark.name: benchmark for benchmark in known}


def get_benchmark(name: str) -> ItemSet:
    """What is evaluated under a name, its own or another. UserError lists the known ones."""
    return benchmarks().get(name) or BENCHMARKS[name](name)


def find_benchmark(name: str, data: str | None) -> tuple[ItemSet, str | None]:
    """The benchmark of a name and where its data lie; `dataset:NAME` is short for `dataset` with data NAME."""
    base, colon, dataset = name.partition(":")
    if colon and base == "dataset":
        return get_benchmark(base), data or dataset
    return get_benchmark(name), data


def scores_name(name: str) -> str:
    """The benchmark column of the scores table that a name stands for: `mathvision` for mathv, `dataset:held`."""
    benchmark, data = find_benchmark(name, None)
    return benchmark.name if data is None else f"{benchmark.name}:{data}"


def split_of(file: Path) -> str:
    """The split that a file is named after: `testmini` of testmini.jsonl and of testmini-00000-of-00002.parquet."""
    return re.sub(r"-\d{5}-of-\d{5}.*", "", file.stem)


def _bytes(image: Path | bytes) -> bytes:
    return image if isinstance(image, bytes) else image.read_bytes()


def _complete(draft: Draft) -> Draft:
    """The draft; RowError if it lacks what an item needs."""
    for key, value in (("id", draft.source_id), ("question", draft.question), ("answer", draft.answer)):
        if value is None or not str(value).strip():
            raise RowError(f"no_{key}", f"has no {key!r}")
    if not isinstance(draft.choices, list | tuple | None):
        raise RowError("wrong_type", f"has {type(draft.choices).__name__} for choices, not a list")
    return draft


def _whole_rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number, row) of every row of a file; a damaged one is a UserError: a benchmark counts only whole."""
    for item in table_rows(file):
        if isinstance(item, Rejected):
            raise UserError(f"{file.parent}: {item.detail}")
        number, row = item
        if not isinstance(row, dict):
            raise UserError(f"{file} must hold objects, one a line or in a list; row {number} is {type(row).__name__}")
        yield number, row
