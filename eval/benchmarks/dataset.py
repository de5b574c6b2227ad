"""Any dataset of the workspace as a benchmark, with its own golds: held-out problems, a curated set before training."""

import json

import pyarrow.parquet as pq

from eval.benchmarks.base import BENCHMARKS, Benchmark, Item, Loaded
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.pairs import comparison_of
from workbench.prompts import TEMPLATES
from workbench.workspace import Workspace


def load(workspace: Workspace, data: str | None, pictures: bool) -> Loaded:
    """Items of dataset `data` (NAME or NAME@vNNN); the benchmark column is `dataset:NAME`, whatever the version."""
    if data is None:
        known = ", ".join(workspace.dataset_names()) or "none yet"
        raise UserError(f"benchmark dataset needs a dataset: --data NAME; there are: {known}")
    version = workspace.dataset(data)
    store = ImageStore(workspace.images)
    items = []
    for row in pq.read_table(version.problems).to_pylist():
        images = tuple(row["images"] or ())
        missing = pictures and any(store.find(sha) is None for sha in images)
        choices = tuple(row["choices"]) if row["choices"] else None
        facts = {key: row[key] for key in ("subject", "topic", "level", "grade", "source", "content_hash")}
        extra = json.loads(row["extra"] or "{}")
        items.append(
            Item(
                item_id=row["problem_id"],
                question=row["question"],
                gold=row["answer"],
                images=images,
                choices=choices,
                shown_choices=choices,
                answer_type=row["answer_type"],
                comparison=comparison_of(row["extra"]),
                unusable="image_missing" if missing else None,
                meta={**facts, **({"kind": extra["kind"]} if "kind" in extra else {})},
            )
        )
    return Loaded(f"dataset:{version.name}", version.ref, items)


BENCHMARKS.register("dataset")(Benchmark("dataset", TEMPLATES["instruct"], "default", None, load))
