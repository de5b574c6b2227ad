"""Any dataset of the workspace as a benchmark, with its own golds: held-out problems, a curated set before training."""

import json
from typing import Any

import pyarrow.parquet as pq

from workbench.benchmarks.base import BENCHMARKS, ItemSet
from workbench.benchmarks.items import Item, Loaded
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.pairs import comparison_of
from workbench.workspace import Workspace


@BENCHMARKS.register("dataset")
class Dataset(ItemSet):
    """Problems as they are stored; a missing picture makes an item unusable."""

    title = "a dataset of the workspace"
    groups = ("subject", "level", "grade", "kind")

    def load(self, workspace: Workspace, data: str | None, with_pictures: bool) -> Loaded:
        """Items of dataset `data` (NAME or NAME@vNNN); the benchmark column is `dataset:NAME`, whatever the version."""
        if data is None:
            known = ", ".join(workspace.dataset_names()) or "none yet"
            raise UserError(f"benchmark dataset needs a dataset: --data NAME; there are: {known}")
        version = workspace.dataset(data)
        store = ImageStore(workspace.images)
        items = []
        for row in pq.read_table(version.problems).to_pylist():
            missing = with_pictures and any(store.find(sha) is None for sha in row["images"] or ())
            items.append(_item(row, "image_missing" if missing else None))
        return Loaded(f"dataset:{version.name}", version.ref, items)


def _item(row: dict[str, Any], unusable: str | None) -> Item:
    choices = tuple(row["choices"]) if row["choices"] else None
    facts = {key: row[key] for key in ("subject", "topic", "level", "grade", "source", "content_hash")}
    extra = json.loads(row["extra"] or "{}")
    return Item(
        item_id=row["problem_id"],
        question=row["question"],
        gold=row["answer"],
        images=tuple(row["images"] or ()),
        choices=choices,
        shown_choices=choices,
        answer_type=row["answer_type"],
        comparison=comparison_of(extra),
        unusable=unusable,
        meta={**facts, **({"kind": extra["kind"]} if "kind" in extra else {})},
    )
