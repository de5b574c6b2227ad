"""Write a dataset version for another trainer: reviewed once more, split where its recipe split it, with a card."""

import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.curation.reviewed import reviewed
from pipelines.exports import EXPORTS
from pipelines.exports.base import Item, items_of
from pipelines.progress import progress
from pipelines.versions.card import card
from pipelines.versions.licences import Licence, licences, warnings
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.plugins import load_plugins, plugins_that_brought
from workbench.prompts import TEMPLATES, find_template
from workbench.workspace import Workspace, publish, write_text


@dataclass(frozen=True)
class ExportReport:
    """What was written where; `splits` is the rows a split, `left_out` the problems rejected since."""

    ref: str
    path: Path
    splits: dict[str, int]
    left_out: int
    licences: list[Licence]
    warnings: list[str]


def export(workspace: Workspace, dataset: str, target: str, folder: str | Path, prompt: str = "plain") -> ExportReport:
    """Write a dataset for `target` into `folder`, which must not exist yet or be empty.

    What curators said since the version was made is obeyed: rejected problems are left out, edits applied. The folder
    appears when it is complete. Raises UserError for an unknown target, prompt or dataset, or a folder with files.
    """
    load_plugins()
    writer, template = EXPORTS[target](), find_template(prompt)
    version = workspace.dataset(dataset)
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is there already and not empty; give another folder with -o")
    before = pl.read_parquet(version.problems)
    problems, _ = reviewed(before, workspace)
    if problems.is_empty():
        raise UserError(f"{version.ref} has no problem left: curators rejected all {before.height}")
    manifest = version.manifest()
    final = folder.resolve()
    temporary = final.parent / f".{final.name}-{secrets.token_hex(4)}"
    temporary.mkdir(parents=True)
    try:
        splits: dict[str, int] = {}
        with progress(f"export {version.ref}", problems.height) as advance:
            for name, part in _splits(problems, manifest).items():
                items = items_of(part.iter_rows(named=True), ImageStore(workspace.images), template)
                splits[name] = writer.write(_counted(items, advance), temporary / f"{name}.{writer.suffix}", final)
        found = licences(problems.select("source", "license").iter_rows())
        brought = plugins_that_brought((EXPORTS, target), (TEMPLATES, prompt))
        plugins = [*manifest.get("plugins", []), *brought]
        text = card(version.ref, target, writer.usage, problems, splits, writer.suffix, found, manifest, plugins)
        write_text(temporary / "README.md", text)
        if final.exists():
            final.rmdir()
        publish(temporary, final)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return ExportReport(version.ref, final, splits, before.height - problems.height, found, warnings(found))


def _counted(items: Iterable[Item], advance: Callable[[int], None]) -> Iterator[Item]:
    for item in items:
        yield item
        advance(1)


def _splits(problems: pl.DataFrame, manifest: Mapping[str, Any]) -> dict[str, pl.DataFrame]:
    """The splits that a recipe's `split` step made; without one all is `train`, whatever the source called it."""
    steps = manifest.get("recipe", {}).get("steps", [])
    if not any(step["step"] == "split" for step in steps):
        return {"train": problems}
    named = problems.with_columns(pl.col("split").fill_null("train"))
    parts = named.partition_by("split", as_dict=True, maintain_order=True)
    return {str(key[0]): part for key, part in parts.items()}
