"""The commands `eval list` and `eval report`."""

import io
import json
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from eval import commands
from eval.report import report
from eval.score import score_file
from eval.tables import show_reports
from workbench.errors import UserError
from workbench.workspace import Workspace, write_json, write_jsonl


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two models' answers to three problems of K12: one right, and two right."""
    rows = [{"id": str(n), "question": "How many?", "answer": str(n), "image_path": "x.png"} for n in range(3)]
    write_json(tmp_path / "k12.json", rows)
    for model, said in (("weak", "099"), ("strong", "012")):
        write_jsonl(tmp_path / f"{model}.jsonl", [{"id": str(n), "response": x} for n, x in enumerate(said)])
        score_file(Workspace(tmp_path), tmp_path / f"{model}.jsonl", "k12", str(tmp_path), progress=False)
    return Workspace(tmp_path)


def test_the_best_model_comes_first_and_published_scores_stand_below(workspace: Workspace) -> None:
    (found,) = report(workspace)
    assert found.benchmark == "k12"
    assert [(s.model, s.accuracy.value) for s in found.models] == [("strong", 1.0), ("weak", pytest.approx(1 / 3))]
    scores = {row["model"]: row["score"] for row in found.published}
    assert scores["MM-Eureka-Zero-38B 9.3k"] == 46.4 and list(scores.values()) == sorted(scores.values(), reverse=True)
    console = Console(file=io.StringIO(), width=200)
    show_reports([found], console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert printed.index("strong") < printed.index("weak") < printed.index("MM-Eureka-Zero-38B 9.3k (v1)")
    assert "official scoring" not in printed and "published, v1: arXiv 2503.07365v1" in printed


def test_only_what_was_asked_for(workspace: Workspace) -> None:
    assert [item.benchmark for item in report(workspace, "k12")] == ["k12"]
    with pytest.raises(UserError, match=r"no scores of benchmark mathvision in .*eval run"):
        report(workspace, "mathv")
    with pytest.raises(UserError, match="no benchmark is called 'k13'"):
        report(workspace, "k13")


def test_the_list_says_how_each_benchmark_is_read_asked_and_scored(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command("list")(commands.list_)
    app.command("report")(commands.report)
    rows = {row["name"]: row for row in json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)}
    mathvision = rows["mathvision"]
    assert (mathvision["items"], mathvision["license"], mathvision["prompt"]) == (3040, "MIT", "mathvision")
    assert mathvision["scorings"] == ["rules:mathvision"] and "mathv" in mathvision["other names"]
    assert mathvision["broken down by"] == ["subject", "level"] and mathvision["published scores"] > 20
    assert "k12.json" in CliRunner().invoke(app, ["list"]).stdout
    assert CliRunner().invoke(app, ["report", "--workspace", str(tmp_path)]).exit_code == 1
