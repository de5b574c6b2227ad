"""What the curation steps know of a picture: its size, whether it is blank, its perceptual hash, a thumbnail.

Computed once for each sha256, in parallel, and remembered under `cache/`.
"""

import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from pipelines.parallel import in_processes
from pipelines.progress import progress
from pipelines.similarity.remembered import remembered
from workbench.images import MAX_PIXELS, ImageStore
from workbench.workspace import Workspace

# Side of the perceptual hash, in bits; 16×16 tells diagrams apart that 8×8 calls equal.
HASH_SIDE = 16
THUMB_SIDE = 32
# Grey levels between the darkest and the lightest pixel; what a JPEG encoder makes of one plain colour stays below.
_BLANK_RANGE = 12

FEATURES = pl.Schema(
    {
        "image": pl.String,  # sha256
        "width": pl.Int64,
        "height": pl.Int64,
        "mode": pl.String,  # Pillow's name
        "fault": pl.String,  # null, `missing` or `undecodable`
        "blank": pl.Boolean,
        "phash": pl.Binary,  # 256 bits: signs of the low frequencies of the whole frame
        "thumb": pl.Binary,  # 32×32 grey levels of the whole frame
    }
)


def picture_features(workspace: Workspace, images: pl.Series, columns: list[str] | None = None) -> pl.DataFrame:
    """A row of FEATURES (or of `image` and `columns`) for each distinct sha256, in the order of `images`.

    A picture that the store lacks or cannot decode has its `fault`; a missing one is looked for again the next time.
    """

    def compute(missing: pl.Series) -> Iterator[pl.DataFrame]:
        with progress("pictures", len(missing)) as advance:
            work = partial(_describe, workspace.images)
            for part, rows in in_processes(work, missing.to_list(), piece=256):
                yield pl.DataFrame(rows, schema=FEATURES, orient="row")
                advance(len(part))

    store = ImageStore(workspace.images)
    shas = images.drop_nulls().unique(maintain_order=True)
    there = pl.Series("there", [store.find(sha) is not None for sha in shas], dtype=pl.Boolean)
    found = remembered(workspace, "pictures-1", shas.filter(there), compute, FEATURES, columns)
    rows = pl.DataFrame({"image": shas}).join(found, on="image", how="left", maintain_order="left")
    if "fault" in rows.columns:
        rows = rows.with_columns(fault=pl.when(there).then("fault").otherwise(pl.lit("missing")))
    return rows


def grey(image: Image.Image) -> Image.Image:
    """The picture's luminance; transparency is laid on white, as a page would show it."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        canvas = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        canvas.alpha_composite(layer)
        image = canvas
    return image.convert("L")


def _describe(root: Path, shas: Sequence[str]) -> list[tuple[Any, ...]]:
    store = ImageStore(root)
    return [(sha, *_features(store, sha)) for sha in shas]


def _features(store: ImageStore, sha: str) -> tuple[Any, ...]:
    import imagehash

    width = height = mode = None
    path = store.find(sha)
    if path is None:
        return width, height, mode, "missing", None, None, None
    try:
        with warnings.catch_warnings():
            # The store's own limit on pixels holds.
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                (width, height), mode = image.size, image.mode
                if width * height > MAX_PIXELS:
                    return width, height, mode, None, None, None, None
                # Scans of many megapixels are decoded at the scale that is looked at.
                image.draft("L", (1024, 1024))
                level = grey(image)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return width, height, mode, "undecodable", None, None, None
    low, high = level.getextrema()
    # Halving first spares the costly filter most of a large picture and changes no bit that counts.
    level.thumbnail((256, 256), Image.Resampling.BOX)
    bits = imagehash.phash(level, hash_size=HASH_SIDE).hash
    thumb = level.resize((THUMB_SIDE, THUMB_SIDE), Image.Resampling.BOX)
    return width, height, mode, None, high - low <= _BLANK_RANGE, np.packbits(bits).tobytes(), thumb.tobytes()
