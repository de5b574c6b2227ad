"""What a curator types stands in every export, as the target's own kind of reader reads it."""

import json
import random
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipelines.exports import EXPORTS
from pipelines.importing import import_dataset
from pipelines.versions.export_commands import export
from workbench.annotations import EDIT, Annotations
from workbench.workspace import Workspace

ASCII = [chr(code) for code in range(0x80)]  # with NUL and all other control characters
WIDE = [*"\x85\xa0\u200b\u2028\u2029\ufeff\ufffd\uffff", "中文", "😀", "👩\u200d🏫", "e\u0301", "\U0010ffff"]
FORMULAS = [r"\sqrt{3}", r"\frac{1}{2}", r"\neq", r"\nu\n", r"\u2028", r"\u0041", r"\\", '\\"', "one\ntwo\r\nthree"]
WORDS = ["null", "true", "1e5", "[]", '{"value": 1}', "' OR 1=1 --", "$name", "{0}", "%s", "2020-01-01", "a,b\tc"]
SINGLE = ASCII + WIDE
MIXED = ["".join(random.Random(seed).choices(SINGLE + FORMULAS, k=40)) for seed in range(20)]
TEXTS = [*SINGLE, *FORMULAS, *WORDS, "".join(SINGLE), *MIXED]


def written(text: str) -> dict[str, Any]:
    """An edit with `text` in each field; letters around it, since a prompt's ends are trimmed."""
    return {"question": f"Q{text}Q", "answer": text, "choices": [f"A{text}A", f"B{text}B"]}


def asked(text: str) -> str:
    """The plain prompt of `written`."""
    return f"Q{text}Q\n(A) A{text}A\n(B) B{text}B"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A dataset with a problem for each of TEXTS, edited to hold it."""
    folder, workspace = tmp_path_factory.mktemp("source"), Workspace(tmp_path_factory.mktemp("workspace"))
    Image.new("RGB", (8, 8), "red").save(folder / "a.png")
    rows = [
        {"source_id": str(n), "question": f"What is {n} + 1?", "answer": str(n + 1), "images": ["a.png"]}
        for n in range(len(TEXTS))
    ]
    (folder / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    import_dataset(workspace, str(folder / "rows.jsonl"), "jsonl", "typed")
    for problem_id, text in zip(ids(workspace), TEXTS, strict=True):
        Annotations(workspace).add_many(EDIT, [problem_id], written(text), "ann")
    return workspace


def ids(workspace: Workspace) -> list[str]:
    return pl.read_parquet(workspace.dataset("typed").problems)["problem_id"].to_list()


def parquet(folder: Path) -> list[list[dict[str, Any]]]:
    """The rows as `datasets` and as pyarrow reads them."""
    from datasets import Image as Picture
    from datasets import load_dataset

    table = load_dataset("parquet", data_files=str(folder / "train.parquet"), split="train", cache_dir=f"{folder}-c")
    return [
        table.cast_column("images", [Picture(decode=False)]).to_list(),
        pq.read_table(folder / "train.parquet").to_pylist(),
    ]


def lines(folder: Path) -> list[list[dict[str, Any]]]:
    """The rows as `datasets` reads them and as `json` does, line by line."""
    from datasets import load_dataset

    table = load_dataset("json", data_files=str(folder / "train.jsonl"), split="train", cache_dir=f"{folder}-c")
    return [table.to_list(), [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]]


# How each target's reader gets at the prompt and the gold.
READERS: dict[str, tuple[Callable[[Path], list[list[dict[str, Any]]]], Callable[[dict[str, Any]], tuple[str, str]]]] = {
    "trl": (parquet, lambda row: (row["prompt"][-1]["content"], row["solution"])),
    "verl": (parquet, lambda row: (row["prompt"][-1]["content"], row["reward_model"]["ground_truth"])),
    "easyr1": (parquet, lambda row: (row["problem"], row["answer"])),
    "hf": (parquet, lambda row: (row["question"], row["answer"])),
    "openrlhf": (lines, lambda row: (row["prompt"][-1]["content"][-1]["text"], row["label"])),
    "ms-swift": (lines, lambda row: (row["messages"][-1]["content"], row["solution"])),
    "mm-eureka": (lines, lambda row: (json.loads(row["message"])[-1]["content"][-1]["text"], row["answer"])),
}


@pytest.mark.parametrize("target", list(EXPORTS))
def test_exports_hold_what_was_typed(place: Workspace, tmp_path: Path, target: str) -> None:
    export("typed", target, tmp_path / "out", "plain", False, place.root)
    read, fields = READERS[target]
    readings = read(tmp_path / "out")
    assert [len(rows) for rows in readings] == [len(TEXTS)] * 2
    for row, text in zip(chain(*readings), TEXTS * 2, strict=True):
        prompt, gold = fields(row)
        expected = written(text)["question"] if target == "hf" else asked(text)
        assert (prompt.removeprefix("<image>"), gold) == (expected, text), repr(text)
        if target == "hf":
            assert row["choices"] == written(text)["choices"]
        if target == "verl":
            assert (row["extra_info"]["question"], row["extra_info"]["answer"]) == (asked(text), text)
        if target == "mm-eureka":
            assert row["conversations"][-1]["content"] == "<image>" + asked(text)
