"""Importing keeps the good rows and names each bad one."""

import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from pipelines import commands
from pipelines.drafts import text
from pipelines.importing import import_dataset, import_synth
from pipelines.sources import RowError
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.workspace import Workspace, read_jsonl


def png(color: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), color).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three good rows and one of every kind of bad one."""
    root = tmp_path / "data"
    root.mkdir()
    (root / "red.png").write_bytes(png("red"))
    (root / "blue.png").write_bytes(png("blue"))
    (root / "broken.png").write_bytes(png("red")[:60])
    (root / "text.png").write_text("no picture")
    (tmp_path / "outside.png").write_bytes(png("green"))
    good = {"question": "How many?", "answer": "5", "images": ["red.png"]}
    rows: list[Any] = [
        {**good, "id": "broken", "images": ["broken.png"]},
        {**good, "id": "good", "subject": "algebra", "grade": 3, "year": 2020},
        {**good, "id": "notapicture", "images": ["text.png"]},
        {**good, "id": "missing", "images": ["none.png"]},
        {**good, "id": "outside", "images": ["../outside.png"]},
        {**good, "id": "noanswer", "answer": None},
        {**good, "id": "blank", "answer": "  "},
        {**good, "id": "good", "question": "Another?"},
        {**good, "id": "wrongtype", "question": ["a", "b"]},
        {**good, "id": "nul", "question": "a\0b"},
        {**good, "id": "surrogate", "question": "\ud800"},
        {**good, "id": "long", "question": "x" * 10_000_000},
        {**good, "id": "choices", "choices": "A"},
        ["no", "object"],
        {**good, "id": "broken", "answer": 6.5, "images": ["blue.png"]},
        {**good, "id": "letters", "choices": ["1", "2"], "answer": "B", "images": []},
    ]
    lines = [json.dumps(row) for row in rows]
    lines.insert(3, '{"id": "torn", "question": "Ho')
    (root / "rows.jsonl").write_text("\n".join(lines))
    return root


REASONS = {
    "broken": "image_undecodable",
    "notapicture": "image_format_unknown",
    "missing": "image_missing",
    "outside": "image_outside_folder",
    "noanswer": "no_answer",
    "blank": "no_answer",
    "good": "duplicate_source_id",
    "wrongtype": "wrong_type",
    "nul": "nul_byte",
    "surrogate": "not_unicode",
    "long": "text_too_long",
    "choices": "wrong_type",
}


def test_good_rows_stay_and_bad_ones_are_named(folder: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    report = import_dataset(workspace, str(folder), "jsonl", "mixed")
    rejected, torn = read_jsonl(workspace.dataset("mixed").rejected)
    assert torn is None
    assert {r["source_id"]: r["reason"] for r in rejected if r["source_id"]} == REASONS
    assert sorted(r["reason"] for r in rejected if not r["source_id"]) == ["row_not_object", "torn_json"]
    assert all(set(r) == {"source_id", "row", "reason", "detail"} for r in rejected)
    problems = pl.read_parquet(workspace.dataset("mixed").problems)
    # The id of a row that was rejected is free for a good one.
    assert problems["source_id"].to_list() == ["good", "broken", "letters"]
    first = problems.row(0, named=True)
    assert (first["source"], first["grade"], first["answer_type"], first["language"]) == ("mixed", "3", "number", "en")
    assert json.loads(first["extra"]) == {"year": 2020}
    assert ImageStore(workspace.images).path(first["images"][0]).read_bytes() == png("red")
    assert problems["answer"].to_list() == ["5", "6.5", "B"] and problems["answer_type"][2] == "choice"
    assert (report.kept, len(report.rejected)) == (3, 14)
    manifest = workspace.dataset("mixed").manifest()
    assert manifest["counts"]["problems"] == 3 and manifest["counts"]["reasons"]["no_answer"] == 2
    assert manifest["inputs"][0]["files"][0]["path"] == "rows.jsonl"


def run(function: Any, *arguments: str) -> Any:
    app = typer.Typer()
    app.command()(function)
    return CliRunner().invoke(app, list(arguments))


def test_the_command_names_each_bad_row_and_exits_by_what_was_kept(folder: Path, tmp_path: Path) -> None:
    common = ["--format", "jsonl", "--name", "mixed", "--workspace", str(tmp_path / "ws")]
    result = run(commands.import_, str(folder), *common)
    assert result.exit_code == 0 and "3 problems kept, 14 rows rejected" in result.stdout
    for source_id, reason in REASONS.items():
        assert f"rejected {source_id}: {reason}" in result.stderr
    (tmp_path / "none.jsonl").write_text('{"id": 1, "question": "Q"}\n' * 30)
    result = run(commands.import_, str(tmp_path / "none.jsonl"), *common)
    assert result.exit_code == 1 and "no row could be kept" in result.stderr
    assert "and 10 more" in result.stderr and "no_answer 30" in result.stderr
    assert Workspace(tmp_path / "ws").versions("mixed") == ["v001"]


def test_an_empty_file_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    report = import_dataset(Workspace(tmp_path / "ws"), str(tmp_path / "empty.jsonl"), "jsonl", "e")
    assert report.ref is None and Workspace(tmp_path / "ws").versions("e") == []


def test_a_bad_name_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\.\./x"):
        import_dataset(Workspace(tmp_path), str(tmp_path), "jsonl", "../x")


def test_generated_problems_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    one, two = Workspace(tmp_path / "1"), Workspace(tmp_path / "2")
    for workspace in (one, two):
        import_synth(workspace, "synth", 12, 3)
    assert one.dataset("synth").problems.read_bytes() == two.dataset("synth").problems.read_bytes()
    problems = pl.read_parquet(one.dataset("synth").problems)
    assert problems.height == 12 and set(problems["source"]) == {"synth"}
    assert set(problems["answer_type"]) <= {"number", "choice"}


def test_numbers_are_text_and_truth_values_are_not() -> None:
    assert text("answer", 5) == "5" and text("answer", " a ") == "a" and text("answer", "") is None
    with pytest.raises(RowError):
        text("answer", True)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_float_that_is_no_number_is_nothing(value: float) -> None:
    assert text("answer", value) is None


def test_a_row_whose_answer_is_nan_is_rejected_and_named_without_empty_parentheses(tmp_path: Path) -> None:
    rows = '{"id": 1, "question": "Q", "answer": NaN}\n{"id": 2, "question": "Q", "answer": 2.5}\n["list"]\n'
    (tmp_path / "nan.jsonl").write_text(rows)
    common = ["--format", "jsonl", "--name", "nan", "--workspace", str(tmp_path / "ws")]
    result = run(commands.import_, str(tmp_path / "nan.jsonl"), *common)
    assert result.exit_code == 0 and "1 problems kept, 2 rows rejected" in result.stdout
    named = result.stderr.splitlines()
    assert "rejected 1: no_answer" in named
    assert any(line.startswith("rejected a row: row_not_object (") and line.endswith(")") for line in named)
