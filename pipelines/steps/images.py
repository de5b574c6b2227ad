"""Are the pictures there, whole, and of a size a model can read."""

import polars as pl
from pydantic import Field

from pipelines.similarity.features import picture_features
from pipelines.steps.base import Context, StepParams, findings, step, together


class ImagesParams(StepParams):
    """Sides and pixels are those of the stored picture; `max_aspect` is the longer side over the shorter one."""

    min_side: int = Field(14, ge=1)
    max_side: int = Field(20_000, ge=1)
    min_pixels: int = Field(1, ge=1)
    max_pixels: int = Field(36_000_000, ge=1)
    max_aspect: float = Field(20.0, ge=1)
    max_images: int = Field(8, ge=0)
    allow_blank: bool = False


@step("images", ImagesParams, strict=True)
def images(problems: pl.DataFrame, params: ImagesParams, context: Context) -> pl.DataFrame:
    """Reasons: image_missing, _undecodable, _too_small, _too_large, _aspect, _blank, too_many_images.

    `min_side` 14 is one patch of Qwen2.5-VL: what is thinner shows nothing.
    """
    each = problems.select("problem_id", image="images").explode("image").filter(pl.col("image").is_not_null())
    known = picture_features(context.workspace, each["image"], ["width", "height", "mode", "fault", "blank"])
    rows = each.join(known, on="image", how="left", maintain_order="left").with_columns(
        pixels=pl.col("width") * pl.col("height"),
        shorter=pl.min_horizontal("width", "height"),
        longer=pl.max_horizontal("width", "height"),
    )
    rows = rows.with_columns(aspect=(pl.col("longer") / pl.col("shorter")).round(2))
    size = ("image", "width", "height")
    small = (pl.col("shorter") < params.min_side) | (pl.col("pixels") < params.min_pixels)
    large = (pl.col("longer") > params.max_side) | (pl.col("pixels") > params.max_pixels)
    many = problems.select("problem_id", n_images=pl.col("images").list.len())
    parts = [
        findings(rows.filter(pl.col("fault") == "missing"), "image_missing", "image"),
        findings(rows.filter(pl.col("fault") == "undecodable"), "image_undecodable", "image"),
        findings(rows.filter(small), "image_too_small", *size),
        findings(rows.filter(large), "image_too_large", *size),
        findings(rows.filter(pl.col("aspect") > params.max_aspect), "image_aspect", *size, "aspect"),
        findings(many.filter(pl.col("n_images") > params.max_images), "too_many_images", "n_images"),
    ]
    if not params.allow_blank:
        parts.append(findings(rows.filter("blank"), "image_blank", *size, "mode"))
    return together(parts)
