"""What an export target is: a way to write problems as rows of JSON lines or Parquet in the fields it reads."""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.images import ImageStore
from workbench.prompts import PromptTemplate, build_messages, question_text
from workbench.registry import Registry

if TYPE_CHECKING:
    from datasets import Features

# JSON itself escapes the ends of lines below U+0020; all others can only stand inside its strings.
_LINE_ENDS = str.maketrans({end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"})
ROWS_A_GROUP = 100  # pictures lie in the rows, so a group is megabytes


@dataclass(frozen=True)
class Item:
    """One problem to be written: its row of the problems table, its pictures' files, and the prompt it is put into."""

    row: dict[str, Any]
    files: tuple[Path, ...]
    template: PromptTemplate

    @property
    def images(self) -> tuple[str, ...]:
        """Paths of the pictures in the export's folder."""
        return tuple(f"images/{file.parent.name}/{file.name}" for file in self.files)

    @property
    def question(self) -> str:
        """The question with its options; `<image>` and chat marks of the data set are gone."""
        return question_text(self.row["question"], self.row["choices"])

    @property
    def text(self) -> str:
        """The user's turn without pictures."""
        return self.template.before + self.question + self.template.after

    @property
    def marked(self) -> str:
        """The user's turn with one `<image>` mark a picture before it."""
        return "<image>" * len(self.files) + self.text

    def turns(self, user: str) -> list[dict[str, str]]:
        """Chat messages with plain text contents."""
        system = [{"role": "system", "content": self.template.system}] if self.template.system else []
        return [*system, {"role": "user", "content": user}]

    def messages(self) -> list[dict[str, Any]]:
        """Chat messages in the Hugging Face form, a part a picture."""
        return build_messages(self.template, self.row["question"], self.row["choices"], len(self.files))

    def embedded(self) -> list[dict[str, Any]]:
        """The pictures as `datasets` stores them in a table."""
        return [{"bytes": file.read_bytes(), "path": file.name} for file in self.files]


class Export:
    """A target. `usage` is how it is told to read the folder, for the card; `suffix` is of the file a split makes."""

    usage: str
    suffix: str

    def write(self, items: Iterable[Item], path: Path, final: Path) -> int:
        """Write one split to `path`, whose folder will be `final`; returns the number of rows."""
        raise NotImplementedError


class JsonLines(Export):
    """One JSON object a line; pictures are files beside it."""

    suffix = "jsonl"

    def record(self, item: Item, final: Path) -> dict[str, Any]:
        raise NotImplementedError

    def write(self, items: Iterable[Item], path: Path, final: Path) -> int:
        count = 0
        with path.open("w", encoding="utf-8") as file:
            for item in items:
                for source, name in zip(item.files, item.images, strict=True):
                    place(source, path.parent / name)
                file.write(json_line(self.record(item, final)))
                count += 1
        return count


class Table(Export):
    """Parquet with the pictures' bytes in it, as `datasets.load_dataset` reads it back."""

    suffix = "parquet"

    def features(self) -> "Features":
        raise NotImplementedError

    def record(self, item: Item) -> dict[str, Any]:
        raise NotImplementedError

    def write(self, items: Iterable[Item], path: Path, final: Path) -> int:
        schema = self.features().arrow_schema
        count = 0
        with pq.ParquetWriter(path, schema) as writer:
            for rows in _batches(items):
                writer.write_table(pa.Table.from_pylist([self.record(item) for item in rows], schema))
                count += len(rows)
        return count


EXPORTS: Registry[type[Export]] = Registry("export target")


def items_of(rows: Iterable[dict[str, Any]], images: ImageStore, template: PromptTemplate) -> Iterator[Item]:
    """Raises UserError for a picture that the store lacks."""
    for row in rows:
        yield Item(row, tuple(images.path(sha) for sha in row["images"] or ()), template)


def json_line(record: dict[str, Any]) -> str:
    """A record as one line for any reader: what Python's splitlines takes for a line's end is escaped too."""
    return json.dumps(record, ensure_ascii=False).translate(_LINE_ENDS) + "\n"


def place(source: Path, target: Path) -> None:
    """A copy of the picture, never a link: what happens to an export must not reach the content store."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == ROWS_A_GROUP:
            yield batch
            batch = []
    if batch:
        yield batch
