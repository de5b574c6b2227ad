"""`eureka verify` on files, good and torn, and the verdicts on real problems."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from workbench.errors import UserError
from workbench.verify import Pair, Verdict, Verifier
from workbench.verify.command import CHUNK, judge_file, verify
from workbench.verify.rows import Row, read_rows

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


DIGITS = "7" * 5_000
GOOD = '{"id": "good", "gold": "5", "response": "\\\\boxed{5}"}'


def run_verify(folder: Path, lines: list[str]) -> tuple[Result, list[dict[str, Any]]]:
    """The command's result and its output rows for the lines of a file."""
    source, output = folder / "pairs.jsonl", folder / "verdicts.jsonl"
    source.write_bytes("".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape"))
    result = CliRunner().invoke(app, [str(source), "-o", str(output)])
    return result, [json.loads(line) for line in output.read_text().splitlines()]


@pytest.mark.parametrize(
    ("line", "row_id", "message"),
    [
        ('{"id": 1, "gold": "5", "resp', None, "not a JSON object"),
        ("[1]", None, "a JSON list"),
        ("null", None, "a JSON NoneType"),
        ("[" * 100_000, None, "nested too deeply"),
        ('{"id": 1, "gold": "5"}', 1, "no response"),
        ('{"id": "x", "gold": null, "response": "5"}', "x", "no gold"),
        ('{"id": 1, "gold": true, "response": "5"}', 1, "gold must be text or a number"),
        ('{"id": 1, "gold": ["5"], "response": "5"}', 1, "gold must be text or a number, not a JSON list"),
        ('{"id": 1, "gold": "5", "response": {"text": "5"}}', 1, "response must be text or a number"),
        ('{"id": 1, "gold": NaN, "response": "5"}', 1, "gold is nan"),
        ('{"id": 1, "gold": 5, "response": -1e999}', 1, "response is -inf"),
        (f'{{"id": 3, "gold": {DIGITS}, "response": "5"}}', 3, "not an integer of 5,000 digits"),
        (f'{{"id": 3, "gold": "5", "response": -{DIGITS}}}', 3, "an integer of 5,001 digits"),
        (f'{{"id": {DIGITS}, "gold": "5", "response": null}}', None, "no response"),
        ('{"gold": "5", "response": "5", "choices": "AB"}', None, "choices must be a list"),
        ('{"gold": "A", "response": "A", "choices": ["1", null]}', None, "choices must be text or a number"),
        ('{"gold": "5", "response": "5", "tolerance": "wide"}', None, "tolerance must be a finite number"),
        ('{"gold": "5", "response": "5", "tolerance": Infinity}', None, "tolerance must be a finite number"),
        ('{"gold": "5", "response": "5", "tolerance": NaN}', None, "tolerance must be a finite number"),
        ('{"gold": "5", "response": "5", "tolerance": [0.1, 1e400]}', None, "tolerance must be a finite number"),
        ('{"gold": "5", "response": "5", "tolerance": -0.1}', None, "tolerance must not be negative"),
        (f'{{"gold": "5", "response": "5", "tolerance": {DIGITS}}}', None, "an integer of 5,000 digits"),
        ('{"gold": "5", "response": "5", "precision": 1e300}', None, "precision must be a whole number"),
        ('{"gold": "5", "response": "5", "precision": 1.5}', None, "precision must be a whole number"),
        ('{"gold": "5", "response": "5", "ordered": "yes"}', None, 'ordered must be true or false, not "yes"'),
        ('{"gold": "5", "response": "5", "question": 7}', None, "question must be text, not 7"),
        ('{"gold": "5", "response": "5", "unit": ["cm"]}', None, "unit must be text"),
    ],
)
def test_bad_row_gets_an_error(tmp_path: Path, line: str, row_id: object, message: str):
    result, (first, bad, last) = run_verify(tmp_path, [GOOD, line, GOOD])
    assert result.exit_code == 0, result.output
    assert [first["verdict"], last["verdict"]] == ["correct", "correct"]
    assert set(bad) == {"id", "line", "verdict", "error"}
    assert (bad["id"], bad["line"], bad["verdict"]) == (row_id, 2, None)
    assert message in bad["error"] and "\n" not in bad["error"]
    assert "2 pairs: 2 correct, 0 wrong, 0 unscorable; 1 rows with errors" in result.output


@pytest.mark.parametrize(
    "extra",
    [
        {"extra": 5, "nested": {"a": [1]}},
        {"choices": None, "precision": None, "tolerance": None, "ordered": None, "question": None, "unit": None},
        {"choices": [], "answer_type": "free_form"},
        {"answer_type": 3},
        {"precision": "2", "tolerance": "1e-1"},
        {"precision": 2.0, "tolerance": [0.1, None]},
        {"tolerance": "1e-1,,1e-2"},
    ],
)
def test_nulls_and_unknown_keys_cost_nothing(tmp_path: Path, extra: dict[str, Any]):
    row = {"id": "r", "gold": "5", "response": "5"} | extra
    result, (verdict,) = run_verify(tmp_path, [json.dumps(row)])
    assert result.exit_code == 0, result.output
    assert verdict["verdict"] == "correct"


def test_long_integer_under_an_unknown_key_is_ignored(tmp_path: Path):
    _, (verdict,) = run_verify(tmp_path, [f'{{"id": 1, "gold": "5", "response": "5", "seed": {DIGITS}}}'])
    assert verdict["verdict"] == "correct"


def test_exit_code_is_1_without_a_verdict(tmp_path: Path):
    result, rows = run_verify(tmp_path, ["{", '{"id": 2}'])
    assert result.exit_code == 1
    assert [(r["line"], r["id"]) for r in rows] == [(1, None), (2, 2)]
    assert "no row that can be judged" in result.output
    result, rows = run_verify(tmp_path, ["", "  "])
    assert (result.exit_code, rows) == (1, [])
    assert "has no rows" in result.output


def test_ids_come_back_as_they_were(tmp_path: Path):
    ids = ["\ud800", "中文", {"a": [1]}, 10**3_999, 1.5, None]
    lines = [json.dumps({"id": i, "gold": "5", "response": "5"}) for i in ids]
    _, rows = run_verify(tmp_path, [*lines, '{"id": NaN, "gold": "5", "response": "5"}'])
    assert [r["id"] for r in rows] == [*ids, None]
    assert {r["verdict"] for r in rows} == {"correct"}


def test_verdicts_so_far_survive_a_kill(tmp_path: Path):
    """The reader ends in the middle of the file as a kill would: whole chunks before it are on disk already."""
    source, output = tmp_path / "pairs.jsonl", tmp_path / "verdicts.jsonl"
    source.write_text((GOOD + "\n") * (3 * CHUNK))
    seen: list[int] = []

    def watched() -> Iterator[Row]:
        for number, row in enumerate(read_rows(source)):
            seen.append(len(output.read_bytes().splitlines()))
            if number == 2 * CHUNK + 1:
                raise KeyboardInterrupt
            yield row

    with Verifier("default") as verifier, pytest.raises(KeyboardInterrupt):
        judge_file(watched(), source, output, verifier)
    assert seen[-1] == 2 * CHUNK
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [r["verdict"] for r in rows] == ["correct"] * (2 * CHUNK)


def test_input_is_never_overwritten(tmp_path: Path):
    source = tmp_path / "pairs.jsonl"
    source.write_text(GOOD + "\n")
    result = CliRunner().invoke(app, [str(source), "-o", str(source)])
    assert isinstance(result.exception, UserError) and "is the input" in str(result.exception)
    assert source.read_text() == GOOD + "\n"


def test_an_unknown_profile_lists_the_known_ones(tmp_path: Path):
    with pytest.raises(UserError, match="mathvista"):
        Verifier("mathvisat")
    result = CliRunner().invoke(app, [str(tmp_path / "none.jsonl"), "-o", str(tmp_path / "out.jsonl")])
    assert isinstance(result.exception, UserError) and "not a file" in str(result.exception)
    assert not (tmp_path / "out.jsonl").exists()


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
