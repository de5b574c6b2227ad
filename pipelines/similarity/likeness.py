"""Do two files show the same picture? Compared closely, after lining up what cropping moved.

A perceptual hash only proposes pairs: line drawings on white have few low frequencies, so many that merely look alike
are near. Here both are brought to one scale, their frames are fitted to each other, and the *worst* neighbourhood
decides: a copy is alike everywhere, another drawing of the same kind is not.
"""

import warnings
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image

from pipelines.parallel import in_processes
from pipelines.progress import progress
from pipelines.similarity.features import grey
from workbench.images import ImageStore

Grey = NDArray[np.floating[Any]]

# Pixels of the longer side at which pictures are compared; a label of a usual diagram is still some pixels high.
_SIDE = 320
# What cropping may take from, or leave at, each edge, as a share of the side.
_CROP = 0.08
# A pair whose frames already agree this well needs no fitting.
_AGREE = 0.8
# The least correlation of fitted profiles that is worth a look at the pixels.
_FITS = 0.92


def likeness(root: Path, pairs: pl.DataFrame) -> pl.Series:
    """How alike the pictures `a` and `b` (sha256) of each row are where they are least alike: 1 equal, ≤0 unrelated.

    `root` is the image store's folder. A picture that cannot be read is like none.
    """
    scores: list[float] = []
    with progress("comparing pictures", pairs.height) as advance:
        rows = list(pairs.select("a", "b").iter_rows())
        for part, found in in_processes(partial(_compare, root), rows, piece=128, alone=200):
            scores += found
            advance(len(part))
    return pl.Series("likeness", scores, dtype=pl.Float64)


def _compare(root: Path, pairs: Sequence[tuple[str, str]]) -> list[float]:
    import cv2

    # The processes share the cores already.
    cv2.setNumThreads(1)
    read = lru_cache(maxsize=256)(partial(_read, ImageStore(root)))
    scores = []
    for pair in pairs:
        # In one order always: the second is fitted to the first, and the result must not hang on who came first.
        one, other = (read(sha) for sha in sorted(pair))
        scores.append(0.0 if one is None or other is None else alike(one, other))
    return scores


def _read(store: ImageStore, sha: str) -> Image.Image | None:
    path = store.find(sha)
    if path is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                image.draft("L", (2 * _SIDE, 2 * _SIDE))
                level = grey(image)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return None
    level.thumbnail((2 * _SIDE, 2 * _SIDE), Image.Resampling.BOX)
    return level


def alike(one: Image.Image, other: Image.Image) -> float:
    """Likeness of two grey pictures, 1 where they are equal; see `likeness`."""
    import cv2

    scale = min(_SIDE / max(one.size), max(other.size) / max(one.size), 1.0)
    size = (max(8, round(one.width * scale)), max(8, round(one.height * scale)))
    a, b = (
        cv2.resize(np.asarray(image), size, interpolation=cv2.INTER_AREA).astype(np.float32) for image in (one, other)
    )
    direct = _worst(a, b)
    if direct >= _AGREE:
        return direct
    # Either may be the cropped one; only the whole one can be fitted to the other.
    one_way = _fitted(a, b)
    return one_way if one_way >= _AGREE else max(direct, one_way, _fitted(b, a))


def _fitted(a: Grey, b: Grey) -> float:
    """How well the part of `a` that `b` shows agrees with `b`; both are of one size."""
    import cv2

    size = a.shape[1], a.shape[0]
    left, right, match = _fit(a.mean(0), b.mean(0))
    if match < _FITS:
        return 0.0
    top, bottom, match = _fit(a.mean(1), b.mean(1))
    if match < _FITS:
        return 0.0
    wide, high = right - left, bottom - top
    # Pixel centres: x of b lies at (left + wide·(x+½)/w)·w − ½ in a.
    map_ = np.array(
        [[wide, 0, left * size[0] + wide / 2 - 0.5], [0, high, top * size[1] + high / 2 - 0.5]], dtype=np.float32
    )
    fitted = cv2.warpAffine(
        a, map_, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    inside = cv2.warpAffine(np.ones_like(a), map_, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    # What only one of them shows, and the rim that a filter mixes with it, is not compared.
    inside = cv2.erode(inside, np.ones((7, 7)), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return _worst(np.asarray(fitted), b, inside > 0)


def _worst(a: Grey, b: Grey, where: NDArray[np.bool_] | None = None) -> float:
    """The least structural similarity of any neighbourhood (contrast and structure of SSIM, Wang et al. 2004)."""
    import cv2

    def blur(x: Grey, sigma: float) -> Grey:
        return np.asarray(cv2.GaussianBlur(x, (0, 0), sigma))

    a, b = blur(a, 1.0), blur(b, 1.0)
    mean_a, mean_b = blur(a, 3.0), blur(b, 3.0)
    varied = blur(a * a, 3.0) - mean_a**2 + blur(b * b, 3.0) - mean_b**2
    shared = blur(a * b, 3.0) - mean_a * mean_b
    # SSIM's C2 = (0.03 · 255)², so that noise on plain paper does not count.
    similar = (2 * shared + 58.5) / (varied + 58.5)
    # Plain areas have no structure: there the levels themselves must agree.
    similar = np.where(abs(mean_a - mean_b) > 40, np.minimum(similar, 0.0), similar)
    return float(similar.min() if where is None else similar.min(where=where, initial=1.0))


def _fit(a: Grey, b: Grey) -> tuple[float, float, float]:
    """The part (from, to) of `a`, in shares of its length, that the profile `b` shows, and their correlation.

    Profiles are the mean grey levels of columns or rows; cropping one way hardly changes those of the other. First
    roughly, and finely only where that fits.
    """
    coarse = np.arange(-_CROP, _CROP + 0.001, 0.01)
    start, end, match = _best(a, b, coarse, 1 + coarse, samples=96, blur=len(a) / 100)
    if match < _FITS:
        return start, end, match
    fine = np.arange(-0.01, 0.0101, 0.002)
    return _best(a, b, start + fine, end + fine, samples=len(b), blur=len(b) / 270)


def _best(a: Grey, b: Grey, starts: Grey, ends: Grey, samples: int, blur: float) -> tuple[float, float, float]:
    from scipy.ndimage import gaussian_filter1d

    places = (np.arange(samples) + 0.5) / samples
    centres = (np.arange(len(a)) + 0.5) / len(a)
    seen, target = (np.interp(places, centres, gaussian_filter1d(profile, blur)) for profile in (a, b))
    start, end = (grid.ravel() for grid in np.meshgrid(starts, ends, indexing="ij"))
    at = ((start[:, None] + places * (end - start)[:, None]) * samples - 0.5).clip(0, samples - 1.001)
    low = at.astype(np.int64)
    part = at - low
    shown = seen[low] * (1 - part) + seen[low + 1] * part
    shown -= shown.mean(1, keepdims=True)
    target -= target.mean()
    match = shown @ target / np.sqrt((shown**2).sum(1) * (target**2).sum() + 1e-6)
    # Where plain margins leave the frame open, the smallest move is meant.
    best = int((match - 1e-3 * (abs(start) + abs(end - 1))).argmax())
    return float(start[best]), float(end[best]), float(match[best])
