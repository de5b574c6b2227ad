"""A benchmark that a user wrote in one file outside the package: imported, scored, reported, protected."""

import io
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from eval.listing import listing
from eval.report import report
from eval.score import score_file
from eval.tables import show_summary
from pipelines.importing import import_dataset
from pipelines.similarity.benchmark_items import benchmark_items
from tests.pipelines.small_datasets import png
from train.data import load_problems, refuse_benchmarks
from workbench.benchmarks import BENCHMARKS, get_benchmark
from workbench.errors import UserError
from workbench.workspace import Workspace, write_jsonl

SOURCE = '''
from workbench.benchmarks import BENCHMARKS, Benchmark, Draft, Published


@BENCHMARKS.register("riddles")
class Riddles(Benchmark):
    """riddles.jsonl: rows {key, asks, solution, tags, picture}."""

    title = "Riddles"
    names = ("old-riddles",)
    layout = ("riddles.jsonl",)
    picture_columns = ("picture",)
    profile = "mathvision"
    groups = ("tags",)
    published = (Published("a person", 50.0, "by hand", "a newspaper"),)

    def draft(self, row, file, number):
        return Draft(row["key"], row["asks"], row["solution"], extra={"tags": row["tags"]}, row=row)

    def metrics(self, answers):
        """The share of riddles that are right however often they are asked."""
        wrong = {answer.item_id for answer in answers if not answer.right}
        return {"always right": 1 - len(wrong) / len({answer.item_id for answer in answers})}

    def official_verdict(self, item, response, extraction):
        return item.gold in response
'''
ROWS = [
    {"key": "a", "asks": "How many legs has a spider?", "solution": "8", "tags": ["animals", "legs"]},
    {"key": "b", "asks": "How many legs has a beetle?", "solution": "6", "tags": ["animals"]},
    {"key": "c", "asks": "How many wheels has a car?", "solution": "4", "tags": []},
]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "riddles.py").write_text(SOURCE)
    (tmp_path / "1.png").write_bytes(png("red"))
    write_jsonl(tmp_path / "riddles.jsonl", [{**row, "picture": "1.png"} for row in ROWS])
    runpy.run_path(str(tmp_path / "riddles.py"))
    yield tmp_path
    BENCHMARKS.remove("riddles")


def test_it_is_scored_by_its_own_facts_and_scorings(folder: Path) -> None:
    said = [
        ("a", "\\boxed{8}"),
        ("b", "\\boxed{8} or 6"),
        ("c", "\\boxed{4.001}"),
        ("a", "\\boxed{8}"),
        ("b", "\\boxed{6}"),
    ]
    write_jsonl(folder / "me.jsonl", [{"id": key, "response": response} for key, response in said])
    workspace = Workspace(folder / "ws")
    summary = score_file(workspace, folder / "me.jsonl", "old-riddles", str(folder), progress=False).summary
    assert summary.benchmark == "riddles" and summary.path.parent == workspace.evals("riddles", "me")
    assert summary.accuracy.value == pytest.approx(2.5 / 3) and summary.official.value == 1.0
    assert summary.metrics == {"always right": pytest.approx(2 / 3)}
    parts = {name: (part.n, part.value) for name, part in summary.groups["tags"].items()}
    assert parts == {"animals": (2, 0.75), "legs": (1, 1.0)}
    console = Console(file=io.StringIO(), width=200)
    show_summary(summary, console)
    assert "always right 66.7%" in console.file.getvalue()  # type: ignore[attr-defined]
    assert report(workspace, "riddles")[0].published[0]["source"] == "a newspaper"
    facts = next(row for row in listing() if row["name"] == "riddles")
    assert (facts["scorings"], facts["broken down by"]) == (["rules:mathvision", "official"], ["tags"])


def test_it_is_imported_and_kept_apart_from_training_data(folder: Path) -> None:
    workspace = Workspace(folder / "ws")
    assert import_dataset(workspace, str(folder), "riddles", "held").kept == 3
    with pytest.raises(UserError, match=r"3 of source riddles"):
        refuse_benchmarks(load_problems(workspace, ["held"]))
    for name in ("riddles", f"old-riddles:{folder}"):
        assert benchmark_items(workspace, name, print)["question"].to_list() == [row["asks"] for row in ROWS]


def test_a_row_that_lacks_a_column_is_named(folder: Path) -> None:
    write_jsonl(folder / "riddles.jsonl", [{**ROWS[0], "picture": "1.png"}, {"key": "d", "asks": "Why?"}])
    workspace = Workspace(folder / "ws")
    (rejected,) = import_dataset(workspace, str(folder), "riddles", "held").rejected
    assert (rejected.reason, rejected.detail) == ("no_column", "riddles.jsonl:2 has no column 'solution'")
    with pytest.raises(UserError, match=r"riddles.jsonl: row 2 has no column 'solution'"):
        get_benchmark("riddles").load(workspace, str(folder), False)
    said: list[str] = []
    assert benchmark_items(workspace, f"riddles:{folder}", said.append).height == 1 and "cannot be read" in said[0]


def test_two_of_one_name_and_one_without_files_are_refused(folder: Path) -> None:
    with pytest.raises(UserError, match="the benchmark 'riddles' is registered twice"):
        runpy.run_path(str(folder / "riddles.py"))
    (folder / "vague.py").write_text(SOURCE.replace('layout = ("riddles.jsonl",)', "").replace('"riddles"', '"vague"'))
    with pytest.raises(UserError, match="benchmark class Riddles has no `layout`"):
        runpy.run_path(str(folder / "vague.py"))
    assert "vague" not in BENCHMARKS
