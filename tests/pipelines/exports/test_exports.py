"""Each export read back the way its target reads it, and what every export obeys."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import polars as pl
import pytest
import yaml
from PIL import Image

from pipelines.curation.curate import curate
from pipelines.exports import EXPORTS
from pipelines.importing import import_dataset, import_synth
from pipelines.versions.export import export
from pipelines.versions.licences import licences, warnings
from workbench.annotations import Annotations
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.prompts import TEMPLATES
from workbench.workspace import Workspace

COUNT = 12


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """`synth`: generated problems with a picture each; `odd`: text only, two pictures, options, marks in the text."""
    place = Workspace(tmp_path_factory.mktemp("workspace"))
    import_synth(place, "synth", COUNT, 0)
    folder = tmp_path_factory.mktemp("odd")
    for name, colour in (("a.png", "red"), ("b.png", "blue")):
        Image.new("RGB", (40, 30), colour).save(folder / name)
    rows: list[dict[str, Any]] = [
        {"source_id": "text", "question": "What is 2 + 3?", "answer": "5", "license": "CC BY-NC 4.0"},
        {"source_id": "two", "question": "<image>Which is red? <image>", "answer": "A", "images": ["a.png", "b.png"],
         "choices": ["the first", "the second <image>"], "license": "MIT"},
        {"source_id": "marks", "question": "Say <|im_end|> and <b>7</b>", "answer": "7", "images": ["a.png"]},
    ]  # fmt: skip
    (folder / "odd.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    import_dataset(place, str(folder / "odd.jsonl"), "jsonl", "odd")
    return place


def problems(workspace: Workspace, ref: str) -> list[dict[str, Any]]:
    return pl.read_parquet(workspace.dataset(ref).problems).to_dicts()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def table(folder: Path) -> Any:
    from datasets import load_dataset

    return load_dataset("parquet", data_files=str(folder / "train.parquet"), split="train", cache_dir=str(folder / "c"))


def same_pictures(shown: list[Image.Image], row: dict[str, Any], workspace: Workspace) -> bool:
    stored = [ImageStore(workspace.images).open(sha) for sha in row["images"]]
    return [one.convert("RGB").tobytes() for one in shown] == [one.tobytes() for one in stored]


@pytest.mark.parametrize("ref", ["synth", "odd"])
@pytest.mark.parametrize("prompt", ["plain", "qwen"])
def test_trl(workspace: Workspace, tmp_path: Path, ref: str, prompt: str) -> None:
    export(workspace, ref, "trl", tmp_path / "out", prompt)
    for row, problem in zip(table(tmp_path / "out"), problems(workspace, ref), strict=True):
        *system, user = row["prompt"]
        # TRL makes the parts itself, so contents are plain text without marks.
        assert user["role"] == "user" and isinstance(user["content"], str) and "<image>" not in user["content"]
        assert [one["content"] for one in system] == [t for t in [TEMPLATES[prompt].system] if t]
        assert row["solution"] == problem["answer"] and same_pictures(row["images"], problem, workspace)


def test_verl(workspace: Workspace, tmp_path: Path) -> None:
    for ref in ("synth", "odd"):
        export(workspace, ref, "verl", tmp_path / ref, "instruct")
        for row, problem in zip(table(tmp_path / ref), problems(workspace, ref), strict=True):
            # As verl's RLHFDataset builds its messages: the text is cut at the marks, a picture for each.
            parts = re.split("(<image>)", row["prompt"][-1]["content"])
            assert parts.count("<image>") == len(row["images"]) == len(problem["images"])
            assert row["reward_model"] == {"style": "rule", "ground_truth": problem["answer"]}
            assert row["data_source"] == problem["source"] and row["extra_info"]["index"] == problem["problem_id"]
            assert same_pictures(row["images"], problem, workspace)


def test_easyr1(workspace: Workspace, tmp_path: Path) -> None:
    export(workspace, "odd", "easyr1", tmp_path / "out", "plain")
    for row, problem in zip(table(tmp_path / "out"), problems(workspace, "odd"), strict=True):
        assert row["problem"].count("<image>") == len(row["images"]) == len(problem["images"])
        assert row["answer"] == problem["answer"] and same_pictures(row["images"], problem, workspace)


def test_openrlhf(workspace: Workspace, tmp_path: Path) -> None:
    export(workspace, "odd", "openrlhf", tmp_path / "out", "instruct")
    for row, problem in zip(lines(tmp_path / "out/train.jsonl"), problems(workspace, "odd"), strict=True):
        parts = row["prompt"][-1]["content"]
        assert [part["type"] for part in parts] == ["image"] * len(problem["images"]) + ["text"]
        assert row["label"] == problem["answer"]
        assert same_pictures([Image.open(tmp_path / "out" / name) for name in row["images"]], problem, workspace)


def test_ms_swift(workspace: Workspace, tmp_path: Path) -> None:
    export(workspace, "odd", "ms-swift", tmp_path / "out", "plain")
    for row, problem in zip(lines(tmp_path / "out/train.jsonl"), problems(workspace, "odd"), strict=True):
        marks = sum(message["content"].count("<image>") for message in row["messages"])
        assert marks == len(row["images"]) == len(problem["images"]) and row["solution"] == problem["answer"]
        assert same_pictures([Image.open(tmp_path / "out" / name) for name in row["images"]], problem, workspace)


@pytest.mark.parametrize("prompt", ["plain", "qwen", "zero"])
def test_mm_eureka_comes_back_through_its_own_importer(workspace: Workspace, tmp_path: Path, prompt: str) -> None:
    export(workspace, "odd", "mm-eureka", tmp_path / "out", prompt)
    rows = lines(tmp_path / "out/train.jsonl")
    for row in rows:
        assert isinstance(row["message"], str) and {"id", "answer", "conversations"} <= row.keys()
        assert all(Path(url2pathname(urlsplit(url).path)).is_file() for url in row["image_urls"])
    back = Workspace(tmp_path / "back")
    import_dataset(back, str(tmp_path / "out/train.jsonl"), "mm-eureka", "odd")
    for new, old in zip(problems(back, "odd"), problems(workspace, "odd"), strict=True):
        assert (new["images"], new["answer"], new["source_id"]) == (old["images"], old["answer"], old["problem_id"])


def test_hf_loads_with_its_splits_and_card(workspace: Workspace, tmp_path: Path) -> None:
    from datasets import load_dataset

    (tmp_path / "r.yaml").write_text(yaml.safe_dump({"steps": [{"step": "schema"}, {"step": "split", "seed": 1}]}))
    curate(workspace, str(tmp_path / "r.yaml"), ["synth"], "parted")
    report = export(workspace, "parted", "hf", tmp_path / "out", "plain")
    loaded = load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {name: len(part) for name, part in loaded.items()} == report.splits and len(report.splits) > 1
    known = {row["problem_id"]: row for row in problems(workspace, "parted")}
    for name, part in loaded.items():
        for row in part:
            problem = known.pop(row["problem_id"])
            assert problem["split"] == name and row["choices"] == problem["choices"]
            assert same_pictures(row["images"], problem, workspace)
    assert not known
    text = (tmp_path / "out/README.md").read_text()
    assert "step: split" in text and f"| schema | {COUNT} | – | {COUNT} |" in text


def test_without_a_split_step_all_is_train(workspace: Workspace, tmp_path: Path) -> None:
    assert export(workspace, "synth", "openrlhf", tmp_path / "out", "plain").splits == {"train": COUNT}


@pytest.mark.parametrize("target", list(EXPORTS))
def test_curators_are_obeyed(tmp_path: Path, target: str) -> None:
    place = Workspace(tmp_path / "w")
    import_synth(place, "synth", 3, 0)
    first, second, _ = problems(place, "synth")
    notes = Annotations(place)
    notes.add("decision", first["problem_id"], {"verdict": "reject", "reason": "blurred"}, "ann")
    notes.add("edit", second["problem_id"], {"answer": "424242"}, "ann")
    report = export(place, "synth", target, tmp_path / "out", "plain")
    assert report.left_out == 1 and report.splits == {"train": 2}
    written = next((tmp_path / "out").glob("train.*")).read_bytes()
    assert b"424242" in written and first["problem_id"].encode() not in written


def test_licences_are_told(workspace: Workspace, tmp_path: Path) -> None:
    report = export(workspace, "odd", "ms-swift", tmp_path / "out", "plain")
    assert [line.split(":")[0].split(" for ")[0] for line in report.warnings] == [
        "non-commercial data is among it",
        "no licence is known",
    ]
    card = (tmp_path / "out/README.md").read_text()
    assert "CC BY-NC 4.0" in card and "**Mind:**" in card
    assert warnings(licences([("a", "MIT"), ("b", "CC BY-SA 4.0")])) == []
    assert licences([("a", "CC-BY-NC-SA-4.0")])[0].commercial is False


def test_nothing_is_overwritten_and_nothing_half_written(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        export(workspace, "odd", "trl", tmp_path / "full", "plain")
    with pytest.raises(UserError, match=r"no export target is called 'trll'; there are .*easyr1, .*trl, .*verl"):
        export(workspace, "odd", "trll", tmp_path / "out", "plain")
    monkeypatch.setattr(ImageStore, "path", lambda *_: (_ for _ in ()).throw(UserError("gone")))
    with pytest.raises(UserError, match="gone"):
        export(workspace, "odd", "ms-swift", tmp_path / "out", "plain")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["full"]


def test_the_command(workspace: Workspace, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workbench.cli", "data", "export", "odd", "--to", "openrlhf", "--json"]
    made = subprocess.run(
        [*command, "-o", str(tmp_path / "out"), "--workspace", str(workspace.root)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(made.stdout)["splits"] == {"train": 3} and "non-commercial" in made.stderr
