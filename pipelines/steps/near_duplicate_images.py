"""The same figure with the same question, however it was encoded, resized or cropped: the first one stays."""

import polars as pl
from pydantic import Field

from pipelines.similarity.twins import picture_twins, read_problems
from pipelines.steps.base import Context, StepParams, findings, step, together
from pipelines.steps.near_duplicate_text import twin_findings


class NearDuplicateImagesParams(StepParams):
    """`distance`: bits of 256 in which the perceptual hashes of two pictures may differ to be compared closely.

    `jaccard` is the least Jaccard index of the two questions' words; the pictures being the same, it may be low.
    """

    distance: int = Field(80, ge=0, le=96)
    jaccard: float = Field(0.35, gt=0, le=1)


@step("near_duplicate_images", NearDuplicateImagesParams)
def near_duplicate_images(problems: pl.DataFrame, params: NearDuplicateImagesParams, context: Context) -> pl.DataFrame:
    """Reasons: near_duplicate_image, with its twin; shared_picture, a flag: the twin asks something else of the figure.

    Pictures are compared in their order. Near hashes only propose a pair; the pictures are then lined up and compared
    closely, since line drawings have near hashes without being alike.
    """
    rows = read_problems(problems, context.workspace)
    twins = picture_twins(rows, context.workspace, params.jaccard, params.distance, ["decisive", "answer"])
    shared = _shared(rows.join(twins, on="row", how="anti", maintain_order="left"))
    return together([twin_findings(twins, rows, "near_duplicate_image"), shared])


def _shared(rows: pl.DataFrame) -> pl.DataFrame:
    """Flags for all but the first of the problems that show a picture, named by the earliest such twin."""
    each = rows.select("row", "problem_id", group="groups").explode("group").drop_nulls("group")
    each = each.with_columns(twin=pl.col("problem_id").first().over("group"))
    others = each.filter(pl.col("twin") != pl.col("problem_id")).unique("row", keep="first", maintain_order=True)
    return findings(others.rename({"group": "image"}), "shared_picture", "twin", "image", verdict="flag")
