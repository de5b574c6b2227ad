"""Each format, read from files made here by its documented layout."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipelines.sources import Draft, Rejected, RowError, find_source
from pipelines.sources.mm_eureka import strip_template
from pipelines.sources.mmk12 import split_options
from workbench.errors import UserError
from workbench.rows import json_rows, jsonl_rows, picture, pictures


def png(color: str = "red", size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


def read(name: str, path: Path) -> list[Draft | Rejected]:
    return list(find_source(name).rows(str(path)))


def drafts(name: str, path: Path) -> list[Draft]:
    rows = read(name, path)
    assert all(isinstance(row, Draft) for row in rows), rows
    return [row for row in rows if isinstance(row, Draft)]


def test_json_object_keeps_repeated_keys_and_the_rows_before_a_tear(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text('{"1": {"a": 1}, "1": {"a": 2},\n "2": {"a": 3}, "3": {"a":')
    rows = list(json_rows(file))
    assert rows[:3] == [(1, "1", {"a": 1}), (2, "1", {"a": 2}), (3, "2", {"a": 3})]
    assert isinstance(rows[3], Rejected) and (rows[3].source_id, rows[3].reason) == ("3", "torn_json")
    assert len(rows) == 4


@pytest.mark.parametrize("value", [[], [1, [2, {"x": "]"}], "a,b"], {}, {"k": {"n": [1]}, "l": None}])
def test_json_rows_agrees_with_the_json_module(tmp_path: Path, value: list | dict) -> None:
    file = tmp_path / "v.json"
    file.write_text(json.dumps(value, indent=1))
    rows = [row for row in json_rows(file) if not isinstance(row, Rejected)]
    expected = list(value.items()) if isinstance(value, dict) else [(None, item) for item in value]
    assert [(key, item) for _, key, item in rows] == expected


def test_jsonl_survives_torn_lines_and_other_encodings(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"id": 1}\n\n{"id": 2\n' + '{"id": "é"}\n'.encode("latin-1") + b'{"id": 3}')
    rows = list(jsonl_rows(file))
    assert [row for row in rows if not isinstance(row, Rejected)] == [(1, {"id": 1}), (5, {"id": 3})]
    assert [row.reason for row in rows if isinstance(row, Rejected)] == ["torn_json", "not_utf8"]


@pytest.mark.parametrize(
    ("relative", "reason"),
    [
        ("../secret.png", "image_outside_folder"),
        ("images/../../secret.png", "image_outside_folder"),
        ("/etc/passwd", "image_outside_folder"),
        ("images/none.png", "image_missing"),
        (7, "wrong_type"),
        ("a\0.png", "wrong_type"),
    ],
)
def test_a_picture_path_that_cannot_be_used_is_named(tmp_path: Path, relative: object, reason: str) -> None:
    (tmp_path / "secret.png").write_bytes(png())
    (tmp_path / "data").mkdir()
    with pytest.raises(RowError) as caught:
        picture(tmp_path / "data", relative)
    assert caught.value.reason == reason


def test_a_picture_path_may_wander_inside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    assert pictures(tmp_path, ["images/../a.png", {"bytes": b"x", "path": None}]) == [tmp_path / "a.png", b"x"]


def test_tabmwp(tmp_path: Path) -> None:
    problem = {"question": "How many?", "choices": None, "answer": "5", "unit": "$", "grade": 3, "split": "dev"}
    (tmp_path / "problems_dev.json").write_text(json.dumps({"33": problem, "34": problem}))
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "33.png").write_bytes(png())
    good, missing = read("tabmwp", tmp_path)
    assert isinstance(good, Draft) and good.extra == {"unit": "$"} and good.license == "CC BY-NC-SA 4.0"
    assert (good.source_id, good.question, good.answer, good.grade) == ("33", "How many?", "5", 3)
    assert isinstance(missing, Rejected) and (missing.source_id, missing.reason) == ("34", "image_missing")


def test_mm_eureka_both_kinds_and_moved_pictures(tmp_path: Path) -> None:
    (tmp_path / "geo").mkdir()
    (tmp_path / "geo" / "1.png").write_bytes(png())
    absolute = (tmp_path / "geo" / "1.png").as_uri()
    conversations = [{"role": "system", "content": "S"}, {"role": "user", "content": "<image>\nQuestion: Find x."}]
    internvl = {"id": "0", "conversations": conversations, "answer": "$3$", "image_urls": [absolute]}
    parts = [{"type": "image", "image": "file:///gone/data/geo/1.png"}, {"type": "text", "text": "Find y."}]
    qwen = {"id": "1", "message": json.dumps([{"role": "user", "content": parts}]), "answer": "4"}
    torn = {"id": "2", "message": "[{", "answer": "4"}
    remote = {**internvl, "id": "3", "image_urls": ["https://example.org/1.png"]}
    file = tmp_path / "train.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in (internvl, qwen, torn, remote)))
    first, second, third, fourth = read("mm-eureka", file)
    assert isinstance(first, Draft) and (first.question, first.answer) == ("Find x.", "$3$")
    assert isinstance(second, Draft) and second.question == "Find y."
    assert first.images == second.images == [tmp_path / "geo" / "1.png"]
    assert isinstance(third, Rejected) and third.reason == "torn_message"
    assert isinstance(fourth, Rejected) and fourth.reason == "image_not_a_file"


def test_only_the_template_is_stripped() -> None:
    prompt = "Solve it. Use <think> a </think><answer> b </answer>.\nQuestion: What is 2+2?"
    assert strip_template(prompt) == "What is 2+2?"
    zero = "Find x.\nPlease reason step by step, and put your final answer within \\boxed{}."
    assert strip_template(zero) == "Find x."
    assert strip_template("In the table, Question: 3 is hard. Find x.") == "In the table, Question: 3 is hard. Find x."


def test_mmk12_options_stand_in_the_question(tmp_path: Path) -> None:
    rows = [
        {
            "id": "a",
            "question": "Which?\nA. iron\nB. gold\nand tin\nC. D. H. Lawrence",
            "answer": "B",
            "subject": "math",
        },
        {"id": "b", "question": "A. is a point. Find AB.", "answer": "5", "subject": "physics"},
    ]
    image = [{"bytes": png(), "path": None}, {"bytes": png("blue"), "path": None}]
    table = pa.Table.from_pylist([{**row, "image": cell} for row, cell in zip(rows, image, strict=True)])
    pq.write_table(table, tmp_path / "test-00000-of-00001.parquet")
    choice, free = drafts("mmk12", tmp_path)
    assert (choice.question, choice.choices) == ("Which?", ["iron", "gold\nand tin", "D. H. Lawrence"])
    assert (choice.split, choice.images, choice.subject) == ("test", [png()], "mathematics")
    assert (free.question, free.choices) == ("A. is a point. Find AB.", None)
    pq.write_table(pa.Table.from_pylist([{**rows[1], "image": png()}]), tmp_path / "train-0.parquet")
    assert drafts("mmk12", tmp_path / "train-0.parquet")[0].images == [png()]


def test_option_lines_must_follow_one_another() -> None:
    assert split_options("Q\nA. 1\nC. 2") == ("Q\nA. 1\nC. 2", None)


def test_hf_folder_and_parquet(tmp_path: Path) -> None:
    import datasets

    features = datasets.Features(
        {
            "problem": datasets.Value("string"),
            "options": datasets.List(datasets.Value("string")),
            "answer": datasets.Value("int64"),
            "image": datasets.Image(),
            "year": datasets.Value("int64"),
        }
    )
    columns = {"problem": ["Q1", "Q2"], "options": [["x", "y"], ["x", "y"]], "answer": [1, 0], "year": [1, 2]}
    images = [{"bytes": png(), "path": None}, {"bytes": png("blue"), "path": None}]
    data = datasets.Dataset.from_dict({**columns, "image": images}, features=features)
    datasets.DatasetDict({"train": data}).save_to_disk(str(tmp_path / "saved"))
    data.to_parquet(str(tmp_path / "rows.parquet"))
    saved, plain = drafts("hf", tmp_path / "saved"), drafts("hf", tmp_path / "rows.parquet")
    assert [(d.question, d.answer, d.images) for d in saved] == [("Q1", "B", [png()]), ("Q2", "A", [png("blue")])]
    assert [(d.question, d.answer, d.images) for d in plain] == [(d.question, d.answer, d.images) for d in saved]
    assert saved[0].split == "train" and saved[0].extra == {"year": 1}


def test_hf_name_that_is_nothing_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.arrow").write_bytes(b"")
    with pytest.raises(UserError) as caught:
        read("hf", tmp_path)
    assert "\n" not in str(caught.value) and str(tmp_path) in str(caught.value)


def test_jsonl_rows_without_an_id_never_take_the_id_of_another(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"id": 2, "answer": "a"}\n{"answer": "b"}\n\n{"answer": "c"}\n')
    assert [d.source_id for d in drafts("jsonl", tmp_path)] == [2, "line-2", "line-4"]


def test_an_unknown_format_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"'tabmwq'; there are ") as caught:
        find_source("tabmwq")
    listed = str(caught.value).partition("there are ")[2].split(", ")
    assert listed == sorted(listed)
    assert {"hf", "jsonl", "k12", "mathvision", "mm-eureka", "mmk12", "tabmwp"} <= set(listed)


def test_real_rows_of_every_kind(shared_data: Path) -> None:
    k12 = drafts("k12", shared_data / "k12")
    assert len(k12) == 258 and k12[0].answer == "$$6$$" and "$$C$$" in k12[0].question
    mathv = drafts("mathv", shared_data / "mathv" / "testmini.jsonl")
    assert len(mathv) == 304 and mathv[2].choices == ["A", "B", "C", "D", "E"]
    everything = read("mathv", shared_data / "mathv" / "test_without_images.jsonl")
    assert len(everything) == 3040
    assert sum(isinstance(row, Draft) for row in everything) == 304
    assert {row.reason for row in everything if isinstance(row, Rejected)} == {"image_missing"}
    assert len(drafts("tabmwp", shared_data / "tabmwp")) == 1000
