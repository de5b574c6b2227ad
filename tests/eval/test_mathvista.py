"""MathVista's stored answers from the file to the table: our verdicts, and the official scores to the last answer."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from eval.report import report
from eval.score import Scored, score_file
from eval.tables import show_reports, show_scored
from workbench.workspace import Workspace, write_json

# Since the score files were made, one grade got another name and some questions other skills.
RENAMED = {"daily life": "not applicable"}
SAME_SKILLS = "gpt4_2shot_solution"


@pytest.fixture(scope="module", params=["bard", SAME_SKILLS])
def scored(request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    file = shared_data / "mathvista" / "results" / f"output_{request.param}.json"
    workspace = Workspace(tmp_path_factory.mktemp("ws"))
    return score_file(workspace, file, "mathvista", str(shared_data / "mathvista"), progress=False)


def test_official_scores_are_reproduced_by_every_category(scored: Scored, shared_data: Path) -> None:
    summary = scored.summary
    name = summary.model.removeprefix("output_")
    stored = json.loads((shared_data / "mathvista" / "results" / f"scores_{name}.json").read_text())
    assert summary.has_official and summary.official.n == stored["average"]["total"] == 1000
    assert round(summary.official.value * 1000) == stored["average"]["correct"]
    assert scored.reproduction is not None and (scored.reproduction.n, scored.reproduction.rate) == (1000, 1.0)
    compared = [key for key in stored if key != "average" and (key != "skills" or name == SAME_SKILLS)]
    assert len(compared) == 8 + (name == SAME_SKILLS) and list(summary.official_groups) == list(stored)[1:]
    for key in compared:
        ours = {value: (part.n, round(part.value * part.n)) for value, part in summary.official_groups[key].items()}
        theirs = {RENAMED.get(value, value): (cell["total"], cell["correct"]) for value, cell in stored[key].items()}
        assert ours == theirs, key
    assert {key: set(parts) for key, parts in summary.groups.items()} == {
        key: set(parts) for key, parts in summary.official_groups.items()
    }


def test_ours_stands_beside_it(scored: Scored) -> None:
    # The official scorer takes the nearest option where none was named, so it accepts more; ours accepts little else.
    assert scored.response_key == "response" and scored.agreement is not None and scored.agreement.n == 1000
    assert scored.agreement.only_ours <= 5
    assert scored.summary.accuracy.value < scored.summary.official.value
    console = Console(file=io.StringIO(), width=200)
    show_scored(scored, console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "official scoring" in printed and "skills logical reasoning" in printed
    assert "the official scoring as reproduced here agrees on 100.00% of 1000" in printed


def test_answers_without_an_extraction_are_counted_apart(shared_data: Path, tmp_path: Path) -> None:
    stored = json.loads((shared_data / "mathvista" / "results" / "output_bard.json").read_text())
    rows = {pid: {"response": row["response"]} for pid, row in list(stored.items())[:50]}
    rows["4"] = {"response": "7"}
    write_json(tmp_path / "raw.json", rows)
    folder = str(shared_data / "mathvista")
    workspace = Workspace(tmp_path)
    scored = score_file(workspace, tmp_path / "raw.json", "mathvista", folder, progress=False)
    summary = scored.summary
    assert not summary.has_official and summary.official.n + summary.official_unknown == 50
    assert summary.official_unknown >= 45 and scored.reproduction is None
    console = Console(file=io.StringIO(), width=200)
    show_scored(scored, console)
    show_reports(report(workspace), console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"language model extracts (column `extraction`) from {summary.official_unknown} of 50 answers" in printed
    assert "Multimodal Bard (official, GPT-4 extraction)" in printed
    assert "published, official, GPT-4 extraction: score files of github.com/lupantech/MathVista" in printed
