"""Training, validation and test parts that share no problem, however it is worded or drawn."""

import hashlib
import math

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from pipelines.similarity.pictures import same_frames
from pipelines.similarity.twins import picture_links, read_problems, text_links
from pipelines.steps.base import FINDINGS, Context, StepParams, step
from workbench.workspace import Workspace

# Looser than the steps that drop: what may be the same must not be on both sides.
_JACCARD, _BITS = 0.35, 80


class SplitParams(StepParams):
    """`fractions` of the problems for each split, in sum 1; `seed` decides which problems go where."""

    fractions: dict[str, float] = Field({"train": 0.9, "validation": 0.05, "test": 0.05}, min_length=1)
    seed: int = 0

    @model_validator(mode="after")
    def _whole(self) -> "SplitParams":
        if min(self.fractions.values()) < 0 or not math.isclose(sum(self.fractions.values()), 1, abs_tol=1e-6):
            raise ValueError(f"fractions must be ≥ 0 and sum to 1, not {sum(self.fractions.values()):g}")
        return self


@step("split", SplitParams)
def split(problems: pl.DataFrame, params: SplitParams, context: Context) -> tuple[pl.DataFrame, pl.DataFrame]:
    """No findings; the column `split`.

    Problems with near wording, whatever their answers, and problems that show the same picture stay together.
    """
    rows = read_problems(problems, context.workspace)
    links = [
        text_links(rows, _JACCARD, ["decisive", "pictures"]),
        picture_links(rows, context.workspace, _JACCARD, _BITS, ["decisive"]).select("a", "b"),
        _picture_links(rows, context.workspace),
    ]
    rows = rows.with_columns(group=_components(rows.height, pl.concat(links)))
    keys = rows.select("problem_id", key=pl.col("problem_id").min().over("group"))
    split_of = _assigned(keys["key"], params)
    return FINDINGS.to_frame(), keys.select("problem_id", split=pl.col("key").replace_strict(split_of))


def _picture_links(rows: pl.DataFrame, workspace: Workspace) -> pl.DataFrame:
    """a, b: rows that show the same picture, whatever they ask."""
    each = rows.select("row", image="images").explode("image").drop_nulls()
    first = each.unique("image", keep="first", maintain_order=True)
    edges = same_frames(workspace, first["image"]).join(first, left_on="a", right_on="image")
    edges = edges.select("row", "b").join(first.rename({"row": "other"}), left_on="b", right_on="image")
    same = each.join(first.rename({"row": "other"}), on="image")
    return pl.concat([frame.select(a="row", b="other") for frame in (same, edges)])


def _components(n: int, links: pl.DataFrame) -> np.ndarray:
    """The connected component of each of the rows 0 … n-1."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = (links["a"].to_numpy(), links["b"].to_numpy())
    graph = coo_array((np.ones(links.height, dtype=bool), ends), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1])


def _assigned(keys: pl.Series, params: SplitParams) -> dict[str, str]:
    """Group → split: the groups in a seeded order, large ones first, each where most is still missing."""
    order = {key: hashlib.sha256(f"{params.seed}/{key}".encode()).digest() for key in keys.unique()}
    sizes = dict(keys.value_counts().iter_rows())
    missing = {name: fraction * len(keys) for name, fraction in params.fractions.items() if fraction > 0}
    split_of = {}
    for key in sorted(order, key=lambda key: (-sizes[key], order[key])):
        name = max(missing, key=lambda name: missing[name])
        split_of[key] = name
        missing[name] -= sizes[key]
    return split_of
