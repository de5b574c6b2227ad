"""Stored answers: real ones with official verdicts, and files that lack what is needed."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from eval import commands
from eval.score import score_file
from workbench.errors import UserError
from workbench.workspace import Workspace, write_json, write_jsonl


def _k12(folder: Path) -> str:
    golds = {"1": "6", "2": "30°", "3": "24"}
    rows = [{"id": i, "question": "?", "answer": gold, "image_path": "x.png"} for i, gold in golds.items()]
    write_json(folder / "k12.json", rows)
    return str(folder)


def test_real_answers_agree_with_the_official_verdicts(shared_data: Path, tmp_path: Path) -> None:
    stored = shared_data / "mathv" / "outputs" / "Qwen-VL-Max.jsonl"
    some = tmp_path / "qwen.jsonl"
    some.write_text("\n".join(stored.read_text().splitlines()[:400]) + "\n")
    scored = score_file(Workspace(tmp_path), some, "mathvision", str(shared_data / "mathv"), progress=False)
    assert scored.agreement is not None and scored.agreement.n == 400
    assert scored.agreement.rate >= 0.97
    assert scored.unanswered == 2640 and not scored.unknown
    assert scored.summary.model == "qwen" and scored.summary.mean_tokens is None
    rows = pq.read_table(scored.summary.path).to_pylist()
    assert len(rows) == 400 and sum(row["verdict"] == "correct" for row in rows) == round(
        scored.summary.accuracy.value * 400
    )


def test_agreement_counts(tmp_path: Path) -> None:
    data = _k12(tmp_path)
    answers = [
        {"id": "1", "response": "so \\boxed{6}", "correct": True},
        {"id": "2", "response": "so \\boxed{30}", "correct": False},  # the official judge refused a missing unit
        {"id": "3", "response": "so \\boxed{25}", "correct": True},
        {"id": "9", "response": "so \\boxed{25}", "correct": True},
    ]
    write_jsonl(tmp_path / "answers.jsonl", answers)
    scored = score_file(Workspace(tmp_path), tmp_path / "answers.jsonl", "k12", data, model="me", progress=False)
    agreement = scored.agreement
    assert agreement is not None
    assert (agreement.n, agreement.both, agreement.only_ours, agreement.only_official) == (3, 1, 1, 1)
    assert agreement.rate == pytest.approx(1 / 3)
    assert scored.unknown == ["9"] and scored.unanswered == 0
    row = pq.read_table(scored.summary.path).to_pylist()[0]
    meta = json.loads(row["meta"])
    assert (row["benchmark"], row["model"], row["extracted"], row["scorer"]) == ("k12", "me", "6", "rules:k12")
    assert meta["gold"] == "6" and meta["official"] is True and meta["span"]
    assert scored.summary.path.parent == tmp_path / "evals/k12/me"


def test_json_table_and_bare_answers(tmp_path: Path) -> None:
    data = _k12(tmp_path)
    write_json(tmp_path / "answers.json", {"1": {"answer": "6"}, "2": {"answer": "31°"}})
    scored = score_file(Workspace(tmp_path), tmp_path / "answers.json", "k12", data, progress=False)
    assert (scored.summary.accuracy.value, scored.summary.accuracy.n) == (0.5, 2)
    assert scored.agreement is None and scored.unanswered == 1
    assert scored.response_key == "answer" and not scored.no_response and not scored.rejected


def test_a_row_without_a_response_is_wrong_and_no_other_column_fills_it(tmp_path: Path) -> None:
    data = _k12(tmp_path)
    rows: list[object] = [
        {"id": "1", "answer": "6", "response": None, "correct": True},
        {"id": "2", "answer": "30°", "response": "30°"},
        {"id": "3", "answer": "24"},
        {"id": "3", "answer": "24", "response": ["24"]},
        {"answer": "24", "response": "24"},
    ]
    write_jsonl(tmp_path / "answers.jsonl", rows)
    scored = score_file(Workspace(tmp_path), tmp_path / "answers.jsonl", "k12", data, progress=False)
    assert (scored.response_key, scored.no_response) == ("response", ["1", "3"])
    assert [item.reason for item in scored.rejected] == ["wrong_type", "no_source_id"]
    assert (scored.summary.accuracy.value, scored.summary.accuracy.n) == (pytest.approx(1 / 3), 3)
    assert scored.summary.unscored == {} and scored.summary.reflection.n == 1
    assert scored.agreement is not None and scored.agreement.only_official == 1
    first = pq.read_table(scored.summary.path).to_pylist()[0]
    meta = json.loads(first["meta"])
    assert (first["response"], first["verdict"], first["extracted"]) == (None, "wrong", None)
    assert meta["reason"] == "no_response" and meta["settings"]["response_key"] == "response"


def test_a_column_of_golds_is_refused_unless_it_is_named(tmp_path: Path) -> None:
    rows = [{"id": str(n), "question": "?", "answer": str(n), "image_path": "x.png"} for n in range(12)]
    write_json(tmp_path / "k12.json", rows)
    write_jsonl(tmp_path / "answers.jsonl", [{"id": row["id"], "output": row["answer"]} for row in rows])
    given = (Workspace(tmp_path), tmp_path / "answers.jsonl", "k12", str(tmp_path))
    with pytest.raises(UserError, match="all 12 responses taken from 'output' equal the golds"):
        score_file(*given, progress=False)
    assert not (tmp_path / "evals").exists()
    assert score_file(*given, response_key="output", progress=False).summary.accuracy.value == 1
    with pytest.raises(UserError, match="'answer' stands beside 'question'"):
        score_file(given[0], tmp_path / "k12.json", *given[2:], progress=False)


@pytest.mark.parametrize("as_json", [False, True])
def test_null_responses_beside_the_golds_score_nothing(tmp_path: Path, as_json: bool) -> None:
    """The command: golds in `answer`, null in `response`, as benchmarks store a model that never answered."""
    data = _k12(tmp_path)
    golds = json.loads((tmp_path / "k12.json").read_text())
    write_jsonl(tmp_path / "silent.jsonl", [{**row, "response": None} for row in golds] + [{"response": "6"}])
    words = [str(tmp_path / "silent.jsonl"), "-b", "k12", "--data", data, "--workspace", str(tmp_path)]
    app = typer.Typer()
    app.command()(commands.score)
    result = CliRunner().invoke(app, [*words, *(["--json"] if as_json else [])])
    assert result.exit_code == 0, result.output
    if as_json:
        printed = json.loads(result.stdout)
        assert printed["response_key"] == "response" and printed["summary"]["accuracy"]["value"] == 0
        assert printed["summary"]["accuracy"]["n"] == 3 and printed["summary"]["no_response"] == ["1", "2", "3"]
        assert [item["reason"] for item in printed["rejected"]] == ["no_source_id"]
    else:
        assert "0.0% [" in result.stdout and "responses read from 'response'" in result.stdout
        assert "no response, counted as wrong: 3 (1, 2, 3)" in result.stdout
        assert "rejected a row: no_source_id (silent.jsonl:4" in result.stdout


def test_unusable_files(tmp_path: Path) -> None:
    data = _k12(tmp_path)
    for row, message in (
        ({"id": "1"}, "no row of .* has one of response"),
        ({"id": "7", "answer": "6"}, "answers no item of .* its ids begin with 7"),
        ({"answer": "6"}, "answers no item of .* all rows were rejected"),
    ):
        write_jsonl(tmp_path / "answers.jsonl", [row])
        with pytest.raises(UserError, match=message):
            score_file(Workspace(tmp_path), tmp_path / "answers.jsonl", "k12", data, progress=False)
