"""The curator's example plug-ins, outside the repository and through the real commands."""

import csv
import json
from pathlib import Path

import polars as pl
import pytest

from tests.pipelines.small_datasets import png
from tests.plugins.outside import Outside, copied
from workbench.workspace import Workspace, write_jsonl


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    return copied(tmp_path)


def test_a_source(outside: Outside) -> None:
    rows = [
        {"id": "a", "question": "What is 1 + 1?", "answer": "2", "picture": "", "subject": "sums"},
        {"id": "b", "question": "How many red squares?", "answer": "1", "picture": "red.png", "subject": ""},
        {"id": "c", "question": "What is the meaning of life?", "answer": "?", "picture": "", "subject": ""},
        {"id": "d", "question": "What does it show?", "answer": "1", "picture": "lost.png", "subject": ""},
    ]
    (outside.folder / "red.png").write_bytes(png("red"))
    with (outside.folder / "problems.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    command = ("data", "import", "problems.csv", "--format", "csv", "--name", "mine")
    assert "no source format is called 'csv'; there are" in outside.eureka(*command, code=2)
    told = outside.process(*command, "--plugin", "source.py")
    assert "rejected c: nobody_knows" in told and "rejected d: image" in told and "mine@v001: 2 problems kept" in told
    version = Workspace(outside.folder / "ws").dataset("mine")
    problems = pl.read_parquet(version.problems)
    assert problems.select("source_id", "answer", "subject").rows() == [("a", "2", "sums"), ("b", "1", None)]
    assert problems["images"].list.len().to_list() == [0, 1]
    record = {"name": "source", "path": outside.path("source.py"), "sha256": outside.sha256("source.py")}
    assert version.manifest()["plugins"] == [record]


def import_solved(outside: Outside) -> None:
    rows = [
        {"id": "good", "question": "What is 12 + 30?", "answer": "42", "solution": "12 and 30 are 42."},
        {"id": "other", "question": "What is 12 + 31?", "answer": "43", "solution": "7 times 6 is 42."},
        {"id": "half", "question": "What is 12 + 32?", "answer": "44", "solution": "12 and some more are 44."},
        {"id": "none", "question": "What is 12 + 33?", "answer": "45"},
        {"id": "words", "question": "How many legs has a dog?", "answer": "4", "solution": "A dog has 4."},
    ]
    write_jsonl(outside.folder / "solved.jsonl", rows)
    outside.eureka("data", "import", "solved.jsonl", "--format", "jsonl", "--name", "solved")


def test_a_step(outside: Outside) -> None:
    import_solved(outside)
    recipe = outside.folder / "recipes" / "mine.yaml"
    recipe.parent.mkdir()
    (outside.folder / "step.py").rename(recipe.parent / "step.py")
    recipe.write_text("plugins: [step.py]\nsteps:\n  - schema\n  - {step: solution_fits, least: 0.5}\n")
    command = ("curate", "recipes/mine.yaml", "--input", "solved", "--output", "clean")
    told = outside.eureka(*command)
    assert "1 other_solution" in told and "2 problems have no solution or no number" in told
    version = Workspace(outside.folder / "ws").dataset("clean")
    decisions = pl.read_parquet(version.decisions).filter(verdict="drop")
    assert json.loads(decisions["detail"][0]) == {"asked": ["12", "31"], "share": 0.0} and decisions.height == 1
    record = {"name": "step", "path": outside.path("recipes/step.py"), "sha256": outside.sha256("recipes/step.py")}
    assert version.manifest()["plugins"] == [record]
    assert f"made with the plug-in step, sha256 {record['sha256']}" in outside.eureka("data", "show", "clean")
    # The same again is not computed; a changed plug-in is.
    assert outside.eureka(*command).count("(unchanged)") == 2
    with (recipe.parent / "step.py").open("a") as file:
        file.write("\n# changed\n")
    assert outside.eureka(*command).count("(unchanged)") == 1


def test_an_export_and_a_prompt(outside: Outside) -> None:
    import_solved(outside)
    plugins = ("--plugin", "export.py", "--plugin", "prompt.py")
    outside.eureka("data", "export", "solved", "--to", "llava", "-o", "out", "--prompt", "teacher", *plugins)
    rows = [json.loads(line) for line in (outside.folder / "out" / "train.jsonl").read_text().splitlines()]
    asked = "A pupil asks: What is 12 + 30?\nExplain each step before you take it."
    assert rows[0]["conversations"] == [{"from": "human", "value": asked}, {"from": "gpt", "value": "42"}]
    assert len(rows) == 5 and rows[0]["image"] == []
    card = (outside.folder / "out" / "README.md").read_text()
    assert all(f"| {name} | {outside.sha256(f'{name}.py')} |" in card for name in ("export", "prompt"))
