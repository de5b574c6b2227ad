"""Are the pictures there, and of a size a model can read."""

from concurrent.futures import ThreadPoolExecutor

import polars as pl
from PIL import Image
from pydantic import Field

from pipelines.progress import progress
from pipelines.steps.base import Context, StepParams, findings, step, together
from workbench.images import ImageStore

_SIZES = pl.Schema({"image": pl.String, "width": pl.Int64, "height": pl.Int64})


class ImagesParams(StepParams):
    """Sides and pixels are those of the stored picture; `max_aspect` is the longer side over the shorter one."""

    min_side: int = Field(14, ge=1)
    max_pixels: int = Field(36_000_000, ge=1)
    max_aspect: float = Field(20.0, ge=1)
    max_images: int = Field(8, ge=0)


@step("images", ImagesParams)
def images(problems: pl.DataFrame, params: ImagesParams, context: Context) -> pl.DataFrame:
    """Reasons: image_missing, image_too_small, image_too_large, image_aspect, too_many_images.

    `min_side` 14 is one patch of Qwen2.5-VL: what is thinner shows nothing.
    """
    each = problems.select("problem_id", image="images").explode("image").filter(pl.col("image").is_not_null())
    sizes = image_sizes(context.images, each["image"].unique(maintain_order=True).to_list())
    rows = each.join(sizes, on="image", how="left", maintain_order="left").with_columns(
        pixels=pl.col("width") * pl.col("height"),
        aspect=(pl.max_horizontal("width", "height") / pl.min_horizontal("width", "height")).round(2),
    )
    size = ("image", "width", "height")
    many = problems.select("problem_id", n_images=pl.col("images").list.len())
    return together(
        [
            findings(rows.filter(pl.col("width").is_null()), "image_missing", "image"),
            findings(rows.filter(pl.min_horizontal("width", "height") < params.min_side), "image_too_small", *size),
            findings(rows.filter(pl.col("pixels") > params.max_pixels), "image_too_large", *size),
            findings(rows.filter(pl.col("aspect") > params.max_aspect), "image_aspect", *size, "aspect"),
            findings(many.filter(pl.col("n_images") > params.max_images), "too_many_images", "n_images"),
        ]
    )


def image_sizes(store: ImageStore, shas: list[str]) -> pl.DataFrame:
    """image, width, height of each picture; the sizes are null where the store lacks it or cannot read it."""
    with ThreadPoolExecutor() as pool, progress("picture sizes", len(shas)) as advance:
        rows = []
        for sha, size in zip(shas, pool.map(lambda sha: _size(store, sha), shas), strict=True):
            rows.append((sha, *size))
            advance(1)
    return pl.DataFrame(rows, schema=_SIZES, orient="row")


def _size(store: ImageStore, sha: str) -> tuple[int | None, int | None]:
    path = store.find(sha)
    if path is None:
        return None, None
    try:
        # The header is enough: the picture was decoded in full before it was stored.
        with Image.open(path) as image:
            return image.size
    except OSError:
        return None, None
