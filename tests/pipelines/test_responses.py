"""Stored answers: judged, kept once, counted as pass rates that equal a count by hand."""

import json
import math
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import typer
from scipy.stats import binomtest
from typer.testing import CliRunner

from pipelines import commands
from pipelines.curation.curate import curate
from pipelines.importing import import_dataset
from pipelines.responses import import_responses
from tests.pipelines.small_datasets import problem, publish, recipe
from workbench.errors import UserError
from workbench.store import Store
from workbench.workspace import Workspace

MODELS = ["Gemini-Pro-CoT", "InternLM-XComposer2-VL-CoT", "LLaVA-v1.5-13B", "Qwen-VL-Max", "SPHINX-v2"]


def write(path: Path, rows: list[object]) -> str:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return str(path)


def test_answers_are_judged_once_and_bad_rows_are_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    one, two = problem("1"), problem("2", answer="7")
    publish(workspace, "d", [one, two])
    rows: list[object] = [
        {"source_id": "1", "response": "The answer is 5."},
        {"source_id": "1", "response": "6"},
        {"problem_id": two.problem_id, "response": "7"},
        {"source_id": "nobody", "response": "1"},
        {"source_id": "1"},
        {"response": "5"},
        {"source_id": "2", "response": ["7"]},
        '{"source_id": "2", "resp',
    ]
    path = write(tmp_path / "answers.jsonl", rows)
    report = import_responses(workspace, path, "jsonl", "d", "M")
    assert report.verdicts == {"correct": 2, "wrong": 2}
    assert (report.response_key, report.no_response) == ("response", ["1"])
    assert report.unknown == ["nobody"]
    reasons = Counter(one.reason for one in report.rejected)
    assert reasons == {"no_source_id": 1, "wrong_type": 1, "torn_json": 1}
    rates = {row["problem_id"]: row for row in Store(workspace).pass_rates("d", "M").to_dicts()}
    assert (rates[one.problem_id]["k"], rates[one.problem_id]["n"]) == (1, 3)
    assert (rates[two.problem_id]["k"], rates[two.problem_id]["n"]) == (1, 1)
    again = import_responses(workspace, path, "jsonl", "d", "M")
    assert (again.stored, again.known, again.path) == (0, 4, None)


def test_facts_of_the_sampling_are_kept_and_wrong_ones_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    publish(workspace, "d", [problem("1")])
    rows: list[object] = [
        {"id": "1", "response": "5", "sample_index": 7, "n_tokens": 3, "finish_reason": "stop"},
        {"id": "1", "response": None, "n_tokens": None},
        *({"id": "1", "response": "5", "n_tokens": bad} for bad in (True, -1, 1.5, "many", 2**31, [3])),
    ]
    report = import_responses(workspace, write(tmp_path / "a.jsonl", rows), "jsonl", "d", "M")
    assert [item.reason for item in report.rejected] == ["wrong_type"] * 6 and report.path
    stored = pl.read_parquet(report.path).to_dicts()
    columns = ("sample_index", "response", "n_tokens", "finish_reason", "verdict")
    assert [tuple(row[name] for name in columns) for row in stored] == [
        (7, "5", 3, "stop", "correct"),
        (1, None, None, None, "wrong"),
    ]
    assert json.loads(stored[0]["sampling"])["response_key"] == "response"


@pytest.mark.parametrize("as_json", [False, True])
def test_null_responses_beside_the_golds_solve_nothing(tmp_path: Path, as_json: bool) -> None:
    """The command: golds in `answer`, null in `response`, as benchmarks store a model that never answered."""
    workspace = Workspace(tmp_path / "ws")
    publish(workspace, "d", [problem(str(n), answer=str(n)) for n in range(12)])
    rows: list[object] = [
        {"id": str(n), "question": "How many?", "answer": str(n), "response": None} for n in range(12)
    ]
    path = write(tmp_path / "silent.jsonl", rows)
    words = [path, "--format", "jsonl", "--dataset", "d", "--model", "M"]
    words += ["--workspace", str(workspace.root), *(["--json"] if as_json else [])]
    app = typer.Typer()
    app.command()(commands.responses)
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    if as_json:
        printed = json.loads(result.stdout)
        assert printed["response_key"] == "response" and printed["mean_pass_rate"] == 0
        assert printed["verdicts"] == {"wrong": 12} and printed["no_response"] == [str(n) for n in range(12)]
    else:
        assert "responses read from 'response'" in result.stdout and "12 wrong" in result.stdout
        assert "no response, counted as wrong: 12 (0, 1, 2" in result.stdout


def test_golds_are_no_responses(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    publish(workspace, "d", [problem(str(n), answer="B", choices=("6", "7")) for n in range(12)])
    path = write(tmp_path / "golds.jsonl", [{"id": str(n), "answer": "7"} for n in range(12)])
    with pytest.raises(UserError, match="all 12 responses taken from 'answer' equal the golds"):
        import_responses(workspace, path, "jsonl", "d", "M")
    report = import_responses(workspace, path, "jsonl", "d", "M", response_key="answer")
    assert report.verdicts == {"correct": 12}


def test_an_unknown_format_or_dataset_is_one_line(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    path = write(tmp_path / "a.jsonl", [{"id": "1", "response": "5"}])
    with pytest.raises(UserError, match="no dataset 'd'"):
        import_responses(workspace, path, "jsonl", "d", "M")
    publish(workspace, "d", [problem("1")])
    with pytest.raises(UserError, match="mathv"):
        import_responses(workspace, path, "csv", "d", "M")


def test_difficulty_of_five_models_is_a_count_by_hand(shared_data: Path, tmp_path: Path) -> None:
    """k of n from the stored verdicts row by row; the interval against scipy's Wilson."""
    workspace = Workspace(tmp_path / "ws")
    import_dataset(workspace, str(shared_data / "mathv" / "testmini.jsonl"), "mathv", "mathv")
    for model in MODELS:
        file = shared_data / "mathv" / "outputs" / f"{model}.jsonl"
        import_responses(workspace, str(file), "mathv", "mathv", model)
    counted: dict[str, list[bool]] = {}
    for model in MODELS:
        for path in workspace.responses("mathv", model).glob("*.parquet"):
            for row in pl.read_parquet(path).to_dicts():
                if row["verdict"] != "unscorable":
                    counted.setdefault(row["problem_id"], []).append(row["verdict"] == "correct")
    text = "steps:\n  - {step: difficulty, lower: 0.1, upper: 0.7}"
    curate(workspace, recipe(tmp_path, text), ["mathv"], "out")
    decisions = pl.read_parquet(workspace.dataset("out").decisions).filter(pl.col("verdict") != "flag")
    assert decisions.height == 304 == len(counted)
    for row in decisions.to_dicts():
        k, n = sum(counted[row["problem_id"]]), len(counted[row["problem_id"]])
        assert n == 5
        wanted = "too_hard" if k / n < 0.1 else "too_easy" if k / n > 0.7 else "kept"
        assert row["reason"] == wanted
        if wanted == "kept":
            continue
        detail = json.loads(row["detail"])
        interval = binomtest(k, n).proportion_ci(method="wilson")
        assert math.isclose(detail["low"], interval.low, abs_tol=2e-3)
        assert math.isclose(detail["high"], interval.high, abs_tol=2e-3)
