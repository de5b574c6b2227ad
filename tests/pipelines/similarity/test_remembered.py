"""What takes long is computed once for each key, survives a kill, and is computed again when the cache is gone."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from pipelines.similarity import pictures, remembered
from pipelines.similarity.pictures import same_frames
from tests.pipelines.similarity.planted import COPIES, drawing, encoded
from workbench.images import ImageStore
from workbench.workspace import Workspace

SCHEMA = pl.Schema({"key": pl.String, "length": pl.Int64, "upper": pl.String})


def test_each_key_is_computed_once_and_a_kill_loses_only_the_last_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path)
    monkeypatch.setattr(remembered, "_BATCH", 10)
    monkeypatch.setattr(remembered, "_FILES", 3)
    asked: list[str] = []

    def compute(keys: pl.Series, dies_after: int = 10**9) -> Iterator[pl.DataFrame]:
        for start in range(0, len(keys), 5):
            if start >= dies_after:
                raise KeyboardInterrupt
            part = keys[start : start + 5].to_list()
            asked.extend(part)
            yield pl.DataFrame([(key, len(key), key.upper()) for key in part], schema=SCHEMA, orient="row")

    keys = pl.Series([f"k{n}" for n in range(50)])
    with pytest.raises(KeyboardInterrupt):
        remembered.remembered(workspace, "t", keys, lambda missing: compute(missing, 25), SCHEMA)
    assert len(asked) == 25
    # Two batches of ten are on disk; the five rows of the third are computed again.
    rows = remembered.remembered(workspace, "t", keys, compute, SCHEMA)
    assert asked[25:] == [f"k{n}" for n in range(20, 50)]
    assert rows["key"].equals(keys.rename("key")) and rows["length"].to_list() == [len(key) for key in keys]
    again = remembered.remembered(workspace, "t", keys.reverse(), compute, SCHEMA, ["upper"])
    assert len(asked) == 55 and again.columns == ["key", "upper"] and again["upper"][0] == "K49"
    assert len(list((workspace.cache / "t").glob("*.parquet"))) <= 4
    shutil.rmtree(workspace.cache)
    assert remembered.remembered(workspace, "t", keys, compute, SCHEMA).equals(rows) and len(asked) == 105


def test_pairs_of_pictures_are_the_same_whether_they_came_at_once_or_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(1)
    store = ImageStore(Workspace(tmp_path / "a").images)
    figures = [drawing(rng) for _ in range(12)]
    copies = [("jpeg", "smaller", "grey")[n % 3] for n in range(12)]
    shas = [store.put(encoded(figure, "PNG")) for figure in figures]
    shas += [store.put(COPIES[way](figure, rng)) for way, figure in zip(copies, figures, strict=True)]
    shas.append(store.put(encoded(Image.new("L", (90, 90), 250), "PNG")))
    at_once = same_frames(Workspace(tmp_path / "a"), pl.Series(shas))
    shutil.copytree(tmp_path / "a" / "images", tmp_path / "b" / "images")
    other = Workspace(tmp_path / "b")
    assert same_frames(other, pl.Series(shas[:7])).is_empty()
    same_frames(other, pl.Series(shas[5:15]))
    in_turn = same_frames(other, pl.Series(shas))

    def pairs(edges: pl.DataFrame) -> set[frozenset[str]]:
        return {frozenset(pair) for pair in edges.select("a", "b").iter_rows()}

    assert pairs(at_once) == pairs(in_turn) == {frozenset((shas[n], shas[n + 12])) for n in range(12)}
    compared: list[int] = []
    monkeypatch.setattr(pictures, "likeness", lambda root, asked: compared.append(asked.height))
    assert pairs(same_frames(other, pl.Series(shas))) == pairs(at_once) and not compared
