"""`eureka verify` on files, good and torn, and the verdicts on real problems."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from workbench.errors import UserError
from workbench.verify import Pair, Verdict, Verifier
from workbench.verify.command import read_pairs, verify

app = typer.Typer()
app.command()(verify)


def test_verdicts_come_in_input_order(tmp_path: Path):
    rows = [
        {"id": "a", "gold": "24 cm", "response": "<think> x </think><answer> 24 </answer>", "choices": None},
        {"id": 2, "gold": "B", "response": "C", "choices": ["1", "2", "3"], "extra": 1},
        {"id": "c", "gold": "", "response": "5"},
        {"id": "d", "gold": "2.5", "response": "2.58", "tolerance": 0.1, "answer_type": "float", "precision": None},
        {"id": "e", "gold": 7, "response": "it is \ud800"},
    ]
    source, output = tmp_path / "pairs.jsonl", tmp_path / "out" / "verdicts.jsonl"
    source.write_text("".join(json.dumps(r) + "\n" for r in rows))
    result = CliRunner().invoke(app, [str(source), "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert "5 pairs: 2 correct, 2 wrong, 1 unscorable" in result.output
    found = [json.loads(line) for line in output.read_text().splitlines()]
    assert [f["id"] for f in found] == ["a", 2, "c", "d", "e"]
    assert [f["verdict"] for f in found] == ["correct", "wrong", "unscorable", "correct", "wrong"]
    keys = {"id", "verdict", "extracted", "rule", "span", "gold_type", "reason", "seconds"}
    assert all(set(f) == keys for f in found)
    start, end = found[0]["span"]
    assert rows[0]["response"][start:end] == "24"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": 1, "gold": "5", "resp', "2 is no JSON object"),
        ("[1]", "2 is a JSON list"),
        ('{"id": 1, "gold": "5"}', "2 has no response"),
        ('{"gold": "5", "response": "5", "choices": "AB"}', "2 has choices"),
        ('{"gold": "5", "response": "5", "tolerance": "wide"}', "2 has a tolerance"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, line: str, message: str):
    source = tmp_path / "pairs.jsonl"
    source.write_text('{"id": 0, "gold": "5", "response": "5"}\n' + line + "\n")
    with pytest.raises(UserError, match=message) as error:
        list(read_pairs(source))
    assert "\n" not in str(error.value)


def test_an_unknown_profile_lists_the_known_ones(tmp_path: Path):
    with pytest.raises(UserError, match="mathvista"):
        Verifier("mathvisat")
    with pytest.raises(UserError, match="not a file"):
        list(read_pairs(tmp_path / "none.jsonl"))


@pytest.mark.parametrize("wrap", ["<think> so </think><answer> %s </answer>", "\\boxed{%s}"])
def test_no_real_gold_refuses_itself(shared_data: Path, wrap: str):
    rows = json.loads((shared_data / "k12" / "k12.json").read_text())
    with Verifier("k12") as verifier:
        found = verifier.judge([Pair(r["answer"], wrap % r["answer"]) for r in rows])
    assert [r["answer"] for r, f in zip(rows, found, strict=True) if f.verdict is Verdict.WRONG] == []
    unscorable = [f.reason for f in found if f.verdict is Verdict.UNSCORABLE]
    assert len(unscorable) < 0.03 * len(rows)
    assert set(unscorable) <= {"gold_open_ended", "gold_empty", "gold_prose"}


def test_stored_verdicts_of_a_model_are_met(shared_data: Path):
    """MathVision's own verdicts, but for its fault of counting an option's text or a marked letter as wrong."""
    folder = shared_data / "mathv"
    problems = {r["id"]: r for r in map(json.loads, (folder / "test_without_images.jsonl").read_text().splitlines())}
    stored = [json.loads(line) for line in (folder / "outputs" / "Qwen-VL-Max.jsonl").read_text().splitlines()]
    pairs = [
        Pair(problems[s["id"]]["answer"], s["response"], tuple(problems[s["id"]]["options"]) or None) for s in stored
    ]
    with Verifier("mathvision") as verifier:
        found = verifier.judge(pairs)
    differ = [
        (p, f) for p, f, s in zip(pairs, found, stored, strict=True) if (f.verdict is Verdict.CORRECT) != s["correct"]
    ]
    ours = [(p, f) for p, f in differ if not (p.choices and f.verdict is Verdict.CORRECT)]
    assert len(differ) < 0.03 * len(stored)
    assert len(ours) < 0.002 * len(stored)
