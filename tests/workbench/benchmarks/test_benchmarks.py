"""Benchmarks: what is read from real and from damaged files, and what the model is asked."""

import json
from pathlib import Path

import pytest

from workbench.benchmarks import BENCHMARKS, find_benchmark, get_benchmark
from workbench.errors import UserError
from workbench.prompts import build_messages
from workbench.schema import PROBLEMS, Problem
from workbench.synth import generate
from workbench.verify import PROFILES
from workbench.workspace import Workspace, write_json, write_table


def _prompt(name: str, question: str, choices: tuple[str, ...] | None) -> str:
    messages = build_messages(get_benchmark(name).template, question, list(choices) if choices else None, 1)
    return messages[-1]["content"][-1]["text"]


def test_every_benchmark_has_a_name_and_a_verifier_profile() -> None:
    assert {"dataset", "k12", "mathvision", "mathvista"} <= set(BENCHMARKS)
    for name in BENCHMARKS:
        benchmark = get_benchmark(name)
        assert benchmark.name == name and benchmark.title and benchmark.profile in PROFILES


def test_another_name_gives_the_same_benchmark() -> None:
    assert get_benchmark("mathv").name == get_benchmark("math-vision").name == "mathvision"


def test_unknown_benchmark_lists_the_known() -> None:
    with pytest.raises(UserError, match=r"'k13'; there are .*k12.*mathvision"):
        find_benchmark("k13", None)


def test_dataset_shorthand() -> None:
    benchmark, data = find_benchmark("dataset:heldout", None)
    assert (benchmark.name, data) == ("dataset", "heldout")


def test_k12_reads_the_real_problems(shared_data: Path, tmp_path: Path) -> None:
    loaded = get_benchmark("k12").load(Workspace(tmp_path), str(shared_data / "k12"), True)
    assert len(loaded.items) == 258 and not any(item.unusable for item in loaded.items)
    assert [item.gold for item in loaded.items[:3]] == ["$$6$$", "30°", "24"]
    text = _prompt("k12", loaded.items[2].question, None)
    assert text.startswith("Answer the following question: In order to understand the growth")
    assert text.endswith("100 cm?\nPlease reason step by step, and put your final answer within \\boxed{}.")


def test_mathvision_asks_as_the_official_prompt_does(shared_data: Path, tmp_path: Path) -> None:
    loaded = get_benchmark("mathvision").load(Workspace(tmp_path), str(shared_data / "mathv"), True)
    items = {item.item_id: item for item in loaded.items}
    assert len(items) == 304 and not any(item.unusable for item in loaded.items)
    official = (
        'Please solve the problem step by step and put your answer in one "\\boxed{}". If it is a multiple choice '
        'question, only one letter is allowed in the "\\boxed{}".\n'
    )
    free = items["4"]
    question = "How many different digits can you find in this picture?\n[image1]"
    assert _prompt("mathvision", free.question, free.shown_choices) == f"{official}{question}\n"
    letters = items["6"]
    assert letters.choices == tuple("ABCDE") and letters.shown_choices is None and letters.answer_type == "choice"
    rows = map(json.loads, (shared_data / "mathv" / "testmini.jsonl").read_text().splitlines())
    row = next(r for r in rows if r["options"] and r["options"][0].startswith("$\\Delta"))
    item = items[row["id"]]
    options = "".join(f"({'ABCDE'[i]}) {option}\n" for i, option in enumerate(row["options"]))
    expected = f"{official}{row['question'].replace('<image1>', '[image1]')}\n{options}"
    assert _prompt("mathvision", item.question, item.shown_choices) == expected
    assert item.meta["subject"] == row["subject"] and item.meta["level"] == row["level"]


def test_mathvision_needs_no_pictures_for_stored_answers(shared_data: Path, tmp_path: Path) -> None:
    loaded = get_benchmark("mathvision").load(Workspace(tmp_path), str(shared_data / "mathv"), False)
    assert len(loaded.items) == 3040 and not (tmp_path / "images").exists()


def test_a_missing_and_a_broken_picture_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "k12"
    folder.mkdir()
    good = next(generate(1, seed=0)).image
    (folder / "good.png").write_bytes(good)
    (folder / "torn.png").write_bytes(good[:200])
    names = ("good.png", "torn.png", "absent.png")
    write_json(
        folder / "k12.json",
        [{"id": name, "question": "How many?", "answer": "3", "image_path": name} for name in names],
    )
    loaded = get_benchmark("k12").load(Workspace(tmp_path / "ws"), str(folder), True)
    assert [item.unusable for item in loaded.items] == [None, "image_undecodable", "image_missing"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('[{"id": "1", "question": "?", "image_path": "x.png"}]', "row 1 has no 'answer'"),
        ('[{"id": "1", ]', "k12.json:1 is not JSON"),
        ('["a"]', "must hold objects"),
        (
            '[{"id": "1", "question": "?", "answer": 2}, {"id": 1, "question": "?", "answer": 3}]',
            "row 2 has the id '1'",
        ),
    ],
)
def test_damaged_files_are_one_clear_line(tmp_path: Path, rows: str, message: str) -> None:
    (tmp_path / "k12.json").write_text(rows)
    with pytest.raises(UserError, match=message):
        get_benchmark("k12").load(Workspace(tmp_path / "ws"), str(tmp_path), False)


def test_no_data_says_which_file_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"needs its data: --data FOLDER \(with k12.json\)"):
        get_benchmark("k12").load(Workspace(tmp_path), None, True)
    with pytest.raises(UserError, match=r"no k12.json in"):
        get_benchmark("k12").load(Workspace(tmp_path), str(tmp_path), True)


def test_dataset_items_carry_choices_unit_and_missing_pictures(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    problems = [
        Problem("s", "1", "Which?", (), "B", choices=("3", "4"), answer_type="choice", grade="5"),
        Problem("s", "2", "How long?", ("0" * 64,), "24", answer_type="number", extra='{"unit": "cm"}'),
    ]
    with workspace.new_version("held") as version:
        write_table(version.problems, [p.row() for p in problems], PROBLEMS)
        write_json(version.path / "manifest.json", {})
    loaded = get_benchmark("dataset").load(workspace, "held", True)
    assert (loaded.name, loaded.source) == ("dataset:held", "held@v001")
    first, second = loaded.items
    assert first.item_id == problems[0].problem_id and first.choices == ("3", "4") and first.meta["grade"] == "5"
    assert second.unusable == "image_missing" and second.pair("24").unit == "cm"
    with pytest.raises(UserError, match=r"no dataset 'other'.*held"):
        get_benchmark("dataset").load(workspace, "other", True)
