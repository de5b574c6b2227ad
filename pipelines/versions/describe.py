"""What the workspace's datasets hold, in counts: behind `eureka data list` and `eureka data show`."""

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from workbench.images import ImageStore
from workbench.workspace import DatasetVersion, Workspace

COLUMNS = ("source", "subject", "grade", "level", "answer_type", "language", "license", "split")


def datasets(workspace: Workspace) -> list[dict[str, Any]]:
    """One row a dataset: its newest version, how it was made, problems, rejected rows, versions, when."""
    return [
        {**version_row(workspace.dataset(name)), "versions": len(workspace.versions(name))}
        for name in workspace.dataset_names()
        if workspace.versions(name)
    ]


def version_row(version: DatasetVersion) -> dict[str, Any]:
    """One version in a row."""
    manifest = version.manifest()
    made_by = manifest.get("format") or manifest.get("recipe", {}).get("name")
    return {
        "dataset": version.ref,
        "made by": f"{manifest['kind']} {made_by}",
        "problems": pq.read_metadata(version.problems).num_rows,
        "rejected": manifest["counts"].get("rejected", 0),
        "created": manifest["created"].replace("T", " ")[:16],
    }


def describe(workspace: Workspace, ref: str) -> dict[str, Any]:
    """Counts by column, pictures and their disk use, decisions by step and reason, and the newest versions."""
    version = workspace.dataset(ref)
    problems = pl.read_parquet(version.problems)
    shas = problems["images"].explode().drop_nulls().unique()
    store = ImageStore(workspace.images)
    found = [path for sha in shas if (path := store.find(sha))]
    newest = [workspace.dataset(f"{version.name}@{v}") for v in reversed(workspace.versions(version.name)[-5:])]
    return {
        **version_row(version),
        "counts": {name: _count(problems, name) for name in COLUMNS},
        "images": len(shas),
        "images_missing": len(shas) - len(found),
        "image_bytes": sum(path.stat().st_size for path in found),
        "table_bytes": sum(path.stat().st_size for path in version.path.iterdir()),
        "decisions": _decisions(version.decisions),
        "plugins": version.manifest().get("plugins", []),
        "rejected_reasons": version.manifest()["counts"].get("reasons", {}),
        "funnel": version.manifest().get("funnel", []),
        "newest": [version_row(item) for item in newest],
    }


def _count(problems: pl.DataFrame, column: str) -> dict[str, int]:
    counts = problems.group_by(column).len().sort(["len", column], descending=[True, False])
    return {"(none)" if value is None else str(value): count for value, count in counts.iter_rows()}


def _decisions(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    keys = ["step", "verdict", "reason"]
    # In the order of the recipe's steps, which is the order of the rows.
    return pl.read_parquet(path).group_by(keys, maintain_order=True).agg(problems=pl.len()).to_dicts()
