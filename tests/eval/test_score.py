"""Stored answers: real ones with official verdicts, and files that lack what is needed."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

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
    write_json(tmp_path / "answers.json", {"1": {"answer": "6"}, "2": {"model_answer": "31°"}})
    scored = score_file(Workspace(tmp_path), tmp_path / "answers.json", "k12", data, progress=False)
    assert (scored.summary.accuracy.value, scored.summary.accuracy.n) == (0.5, 2)
    assert scored.agreement is None and scored.unanswered == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [({"id": "1"}, "row 1 needs an id and one of response"), ({"id": "7", "answer": "6"}, "answers no item of")],
)
def test_unusable_files(tmp_path: Path, row: dict[str, str], message: str) -> None:
    data = _k12(tmp_path)
    write_jsonl(tmp_path / "answers.jsonl", [row])
    with pytest.raises(UserError, match=message):
        score_file(Workspace(tmp_path), tmp_path / "answers.jsonl", "k12", data, progress=False)
