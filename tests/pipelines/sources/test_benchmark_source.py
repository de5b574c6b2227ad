"""A benchmark imported: problems that keep how they are judged, are not trained on and stay out of other data."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.importing import import_dataset
from pipelines.steps import STEPS, Context
from tests.pipelines.small_datasets import png, problem, publish
from train.data import load_problems, refuse_benchmarks
from workbench.errors import UserError
from workbench.pairs import pair_of
from workbench.verify import Verifier
from workbench.workspace import Workspace, write_json


def _row(pid: str, question: str, answer: str, answer_type: str, **more: Any) -> dict[str, Any]:
    metadata = {"split": "testmini", "language": "chinese", "task": "math word problem", "grade": "high school"}
    facts = {"choices": None, "unit": None, "precision": None, "metadata": metadata, **more}
    return {
        "pid": pid,
        "question": question,
        "image": f"{pid}.png",
        "answer": answer,
        "answer_type": answer_type,
    } | facts


@pytest.fixture
def imported(tmp_path: Path) -> Workspace:
    """Three rows of MathVista in dataset `held`; a fourth row's picture is missing."""
    rows = [
        _row("1", "Tom has 3 apples and buys 4.5 more. How many apples?", "7.5", "float", precision=1, unit="kg"),
        _row("2", "How many balls are in the box?", "two", "text", choices=["one", "two"]),
        _row("3", "Which years are shown in the chart of sales?", "[2014, 2016]", "list"),
        _row("4", "How many?", "1", "integer"),
    ]
    for pid, color in (("1", "red"), ("2", "green"), ("3", "blue")):
        (tmp_path / f"{pid}.png").write_bytes(png(color))
    write_json(tmp_path / "testmini.json", {row["pid"]: row for row in rows})
    workspace = Workspace(tmp_path / "ws")
    report = import_dataset(workspace, str(tmp_path), "mathvista", "held")
    assert (report.kept, [(r.source_id, r.reason) for r in report.rejected]) == (3, [("4", "image_missing")])
    return workspace


def test_the_table_has_what_the_rows_say(imported: Workspace) -> None:
    first, second, third = pl.read_parquet(imported.dataset("held").problems).to_dicts()
    assert (first["source"], first["source_id"], first["split"]) == ("mathvista", "1", "testmini")
    assert (first["language"], first["grade"], first["topic"]) == ("zh", "high school", "math word problem")
    assert (first["answer_type"], second["answer_type"]) == ("number", "choice") and second["choices"] == ["one", "two"]
    assert json.loads(first["extra"]) == {
        "answer_type": "float",
        "question_type": None,
        "unit": "kg",
        "precision": 1,
        "language": "chinese",
        "task": "math word problem",
        "grade": "high school",
    }
    assert pair_of(third, "[2016, 2014]").ordered is True


@pytest.mark.parametrize(("response", "verdict"), [("7.46 kg", "correct"), ("7.44", "wrong"), ("7.5 m", "wrong")])
def test_precision_and_unit_reach_the_verifier(imported: Workspace, response: str, verdict: str) -> None:
    first = pl.read_parquet(imported.dataset("held").problems).to_dicts()[0]
    with Verifier("mathvista") as verifier:
        assert verifier.judge([pair_of(first, f"\\boxed{{{response}}}")])[0].verdict == verdict


def test_it_is_not_trained_on(imported: Workspace) -> None:
    with pytest.raises(UserError, match=r"3 of 3 problems .*3 of source mathvista"):
        refuse_benchmarks(load_problems(imported, ["held"]))


@pytest.mark.parametrize("name", ["mathvista", "held", "mathvista:{folder}"])
def test_its_questions_are_found_in_other_data(imported: Workspace, tmp_path: Path, name: str) -> None:
    copy = problem("a", "Anna has 3 pears and buys 4.5 more. How many pears?", "7.5")
    version = publish(imported, "train", [copy, problem("b", "What is 5 + 9?", "14")])
    step = STEPS["decontaminate"]
    params = step.params(benchmarks=[name.format(folder=tmp_path)])
    found = step.run(pl.read_parquet(version.problems), params, Context(imported))
    assert isinstance(found, pl.DataFrame) and found["problem_id"].to_list() == [copy.problem_id]
    assert json.loads(found["detail"][0])["item"] == "1"
