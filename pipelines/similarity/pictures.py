"""Near pictures among many: a perceptual hash proposes pairs, a thumbnail and a close comparison decide."""

import secrets
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.similarity.features import THUMB_SIDE, picture_features
from pipelines.similarity.likeness import likeness
from workbench.workspace import Workspace, publish

# Bits of 256. Re-encoded and resized copies of about 900 real and generated pictures were at most 22 apart.
SAME_FRAME = 24
# Grey levels of 255 between the thumbnails' most different pixels; copies of 400 pictures were at most 47 apart.
_THUMB_RANGE = 52
# Likeness of such copies of 480 pictures was at least 0.8, of different pictures of one layout at most 0.06.
ALIKE = 0.7

EDGES = pl.Schema({"a": pl.String, "b": pl.String, "bits": pl.Int32, "likeness": pl.Float64})


def hashes(workspace: Workspace, images: pl.Series) -> tuple[pl.Series, NDArray[np.uint8]]:
    """The sha256 names that have a hash, and the hashes (n × 32 bytes)."""
    rows = picture_features(workspace, images, ["phash"]).drop_nulls()
    return rows["image"], np.frombuffer(b"".join(rows["phash"]), dtype=np.uint8).reshape(-1, 32)


def within(queries: NDArray[np.uint8], known: NDArray[np.uint8], bits: int) -> pl.DataFrame:
    """query, known, bits: all pairs of rows whose hashes differ in at most `bits` bits, by exact search."""
    import faiss

    schema = pl.Schema({"query": pl.UInt32, "known": pl.UInt32, "bits": pl.Int32})
    if not len(queries) or not len(known):
        return schema.to_frame()
    index = faiss.IndexBinaryFlat(known.shape[1] * 8)
    index.add(np.ascontiguousarray(known))
    # faiss counts a radius as "nearer than".
    limits, distances, found = index.range_search(np.ascontiguousarray(queries), bits + 1)
    at = np.repeat(np.arange(len(queries)), np.diff(limits.astype(np.int64)))
    return pl.DataFrame({"query": at, "known": found, "bits": distances}).cast(schema).sort("query", "known")


def same_frames(workspace: Workspace, images: pl.Series) -> pl.DataFrame:
    """EDGES between pictures that show the same in the same frame: re-encoded, resized, recoloured copies.

    Each pair once. Pairs found are remembered under `cache/`, and only pictures that are new are searched for.
    """
    folder = workspace.cache / "picture-pairs-1"
    shas, codes = hashes(workspace, images)
    seen_files, edge_files = (sorted(folder.glob(f"*.{kind}.parquet")) for kind in ("seen", "edges"))
    edges = pl.concat([EDGES.to_frame(), *(pl.read_parquet(path) for path in edge_files)])
    seen = pl.concat([pl.Series("image", [], pl.String).to_frame(), *(pl.read_parquet(p) for p in seen_files)])["image"]
    new = ~shas.is_in(seen.implode()) if len(seen) else pl.Series([True] * len(shas), dtype=pl.Boolean)
    if new.any():
        # Old ones that are not asked for now must be searched too, else their pairs with the new would be missing.
        others = seen.filter(~seen.is_in(shas.implode()))
        more, more_codes = hashes(workspace, others)
        every, every_codes = pl.concat([shas, more]), np.concatenate([codes, more_codes])
        mask = new.to_numpy()
        places = pl.Series(np.flatnonzero(mask).astype(np.uint32))
        found = within(codes[mask], every_codes, SAME_FRAME)
        found = found.with_columns(query=places.gather(found["query"]))
        is_new = pl.Series(np.concatenate([mask, np.zeros(len(more), bool)]))
        # A pair of two new ones is found from both sides.
        once = (pl.col("query") < pl.col("known")) | ~is_new.gather(found["known"])
        found = found.filter(once & (pl.col("query") != pl.col("known")))
        fresh = _confirmed(workspace, found, every)
        edges = pl.concat([edges, fresh])
        token = secrets.token_hex(8)
        # Edges first: pictures are "seen" only when their pairs are on disk.
        _write(fresh, folder / f"{token}.edges.parquet")
        _write(shas.filter(new).rename("image").to_frame(), folder / f"{token}.seen.parquet")
    asked = shas.implode()
    return edges.filter(pl.col("a").is_in(asked) & pl.col("b").is_in(asked)).unique(["a", "b"], maintain_order=True)


def _confirmed(workspace: Workspace, found: pl.DataFrame, shas: pl.Series) -> pl.DataFrame:
    """The proposed pairs whose thumbnails and, after them, whose pixels agree, as EDGES."""
    used = pl.concat([found["query"], found["known"]]).unique().sort()
    thumbs = picture_features(workspace, shas.gather(used), ["thumb"])
    grid = np.frombuffer(b"".join(thumbs["thumb"]), dtype=np.uint8).reshape(-1, THUMB_SIDE**2)
    rows = [np.searchsorted(used.to_numpy(), found[name].to_numpy()) for name in ("query", "known")]
    near = np.zeros(found.height, dtype=bool)
    for start in range(0, found.height, 65_536):
        a, b = (grid[index[start : start + 65_536]].astype(np.int16) for index in rows)
        near[start : start + 65_536] = abs(a - b).max(1, initial=0) <= _THUMB_RANGE
    pairs = found.filter(pl.Series(near)).select(
        a=shas.gather(found["query"].filter(pl.Series(near))),
        b=shas.gather(found["known"].filter(pl.Series(near))),
        bits="bits",
    )
    return pairs.with_columns(likeness(workspace.images, pairs)).filter(pl.col("likeness") >= ALIKE).cast(EDGES)


def leaders(order: pl.Series, edges: pl.DataFrame) -> dict[Any, Any]:
    """Follower → leader: each item follows the earliest in `order` that it has an edge with and that follows none.

    `edges` has columns a and b. A follower is near its leader itself, never only through others.
    """
    place = {item: number for number, item in enumerate(order)}
    pairs = sorted(tuple(sorted((place[a], place[b]))) for a, b in edges.select("a", "b").iter_rows())
    near: dict[int, list[int]] = {}
    for early, late in pairs:
        near.setdefault(late, []).append(early)
    follows: dict[int, int] = {}
    for late in sorted(near):
        for early in near[late]:
            if early not in follows:
                follows[late] = early
                break
    return {order[late]: order[early] for late, early in follows.items()}


def picture_groups(workspace: Workspace, images: pl.Series) -> pl.DataFrame:
    """image, group: pictures that show the same share the sha256 of their first one in the order of `images`."""
    order = images.drop_nulls().unique(maintain_order=True)
    follows = leaders(order, same_frames(workspace, order))
    return pl.DataFrame(
        {"image": order, "group": [follows.get(sha, sha) for sha in order]},
        schema={"image": pl.String, "group": pl.String},
    )


def _write(rows: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    rows.write_parquet(temporary)
    publish(temporary, path)
