"""Where the items that must stay out of a data set come from, and what is told about those that are incomplete."""

import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.importing import import_dataset
from pipelines.similarity.benchmark_items import benchmark_files, benchmark_items
from pipelines.steps import STEPS, Context
from tests.pipelines.small_datasets import png, problem, publish
from workbench.errors import UserError
from workbench.workspace import Workspace

ROWS = [
    {
        "id": "1",
        "question": "Tom has 3 apples and buys 4 more. How many apples?",
        "answer": "7",
        "image": "1.png",
    },
    {
        "id": "2",
        "question": "How many balls lie in the box?",
        "options": ["1", "2"],
        "answer": "B",
        "image": "2.png",
    },
]


@pytest.fixture
def mathv(tmp_path: Path) -> Path:
    """MATH-Vision's layout: two rows, the second one's picture missing, and a torn line."""
    folder = tmp_path / "mathv"
    folder.mkdir()
    (folder / "1.png").write_bytes(png("red"))
    (folder / "testmini.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS) + '{"id": "3", "que')
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ws")


def test_a_benchmark_s_own_files_need_no_import_and_no_pictures(workspace: Workspace, mathv: Path) -> None:
    said: list[str] = []
    name = f"mathv:{mathv}"
    items = benchmark_items(workspace, name, said.append)
    assert items["benchmark"].to_list() == ["mathvision"] * 2 and items["item"].to_list() == ["1", "2"]
    assert items["question"].to_list() == [row["question"] for row in ROWS]
    assert [len(images) for images in items["images"]] == [1, 0] and items["choices"].to_list() == [None, ["1", "2"]]
    assert said == [
        f"1 of 3 rows of {name} cannot be read",
        f"1 of 3 rows of {name} have no picture here and are compared by words",
    ]
    assert benchmark_files(workspace, name) == [mathv / "testmini.jsonl"]


def test_a_benchmark_s_name_stands_for_the_datasets_imported_from_it(workspace: Workspace, mathv: Path) -> None:
    with pytest.raises(UserError, match=r"no dataset of benchmark mathvision in .*mathvision:PATH"):
        benchmark_items(workspace, "mathvision", print)
    import_dataset(workspace, str(mathv), "mathv", "held")
    publish(workspace, "other", [problem("1")])
    items = benchmark_items(workspace, "mathvision", print)
    assert items["benchmark"].to_list() == ["held@v001"] and items["item"].to_list() == ["1"]
    own = benchmark_items(workspace, f"mathvision:{mathv}", print)
    assert own["content_hash"][0] == items["content_hash"][0]
    (workspace.dataset("other").path / "manifest.json").write_text("{")
    assert benchmark_files(workspace, "mathvision") == [workspace.dataset("held").problems]


def test_a_dataset_s_name_goes_before_a_benchmark_s(workspace: Workspace) -> None:
    publish(workspace, "k12", [problem("1")])
    assert benchmark_items(workspace, "k12", print)["benchmark"].to_list() == ["k12@v001"]


def test_an_unknown_benchmark_lists_the_known(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no benchmark is called 'mathw'; there are .*k12.*mathvision"):
        benchmark_items(workspace, f"mathw:{tmp_path}", print)
    (tmp_path / "rows.jsonl").write_text('{"id": 1, "answer": "2"}\n')
    with pytest.raises(UserError, match="has no row with a `question`"):
        benchmark_items(workspace, str(tmp_path / "rows.jsonl"), print)


def test_decontamination_by_a_benchmark_s_own_files(workspace: Workspace, mathv: Path) -> None:
    renamed = problem("a", "Anna has 3 pears and buys 4 more. How many pears?", "7")
    version = publish(workspace, "train", [renamed, problem("b", "What is 5 + 9?", "14")])
    step, context = STEPS["decontaminate"], Context(workspace)
    found = step.run(pl.read_parquet(version.problems), step.params(benchmarks=[f"mathvision:{mathv}"]), context)
    assert [json.loads(detail)["item"] for detail in found["detail"]] == ["1"]
    assert found["problem_id"].to_list() == [renamed.problem_id] and len(context.notes) == 2
