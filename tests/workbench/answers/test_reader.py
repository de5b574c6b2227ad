"""The reader of stored answers: the column of a whole file, real files, and rows that are no answers."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.answers import read_answers, refuse_golds, spellings
from workbench.answers.layout import ITEM_KEYS, RESPONSE_KEYS
from workbench.errors import UserError

GOLD = "the gold"
EMPTY = [None, "", "  \n", float("nan")]


def lines(file: Path, rows: list[Any]) -> Path:
    file.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return file


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"response": None, "answer": "6"}, "response"),
        ({"answer": "6", "prediction": "7"}, "prediction"),
        ({"prediction": "7", "extraction": "6", "response": "so 7"}, "response"),
        ({"model_answer": "7", "output": "so 7"}, "output"),
        ({"answer": "6"}, "answer"),
        ({"answer": "6", "model": "m", "correct": True}, "answer"),
        ({"GPT4 answer raw": "A", "true answer": "B", "GPT4 answer extracted": "['a']"}, "GPT4 answer raw"),
    ],
)
def test_the_column_of_a_layout(tmp_path: Path, row: dict[str, Any], column: str) -> None:
    assert read_answers(lines(tmp_path / "a.jsonl", [{"id": "1", **row}])).response_key == column


def test_one_row_decides_for_all(tmp_path: Path) -> None:
    """The better key appears in the last row only; the rows before it have no response then."""
    rows: list[Any] = [{"id": n, "answer": "6"} for n in range(30)] + [{"id": 30, "model_answer": "7"}]
    stored = read_answers(lines(tmp_path / "a.jsonl", rows))
    assert stored.response_key == "model_answer"
    assert [answer.text for answer in stored.answers] == [None] * 30 + ["7"]


@pytest.mark.parametrize("beside", sorted(ITEM_KEYS))
def test_an_answer_beside_an_item_is_the_gold(tmp_path: Path, beside: str) -> None:
    file = lines(tmp_path / "a.jsonl", [{"id": "0", "answer": "5"}, {"id": "1", "answer": "6", beside: "x"}])
    with pytest.raises(UserError, match=f"stands beside '{beside}'.*--response-key") as refused:
        read_answers(file)
    assert "\n" not in str(refused.value)
    assert read_answers(file, "answer").answers[1].text == "6"


def test_a_column_can_be_named(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", [{"id": "1", "response": "so 6", "reply": "7"}, {"id": "2", "response": "8"}])
    stored = read_answers(file, "reply")
    assert (stored.response_key, [answer.text for answer in stored.answers]) == ("reply", ["7", None])
    with pytest.raises(UserError, match=r"no row of .* has a column 'replies'; the columns are id, response, reply"):
        read_answers(file, "replies")


cells = st.sampled_from([*EMPTY, "so 6", 6, 6.5, True, ["6"], {"text": "6"}, "\ud800"])
ids = st.sampled_from([None, "", "1", 2, True, ["1"]])
rows_of_any_kind = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "id": ids,
            "pid": ids,
            "answer": st.just(GOLD),
            "question": st.just("How many?"),
            **dict.fromkeys(RESPONSE_KEYS, cells),
        },
    ),
    st.sampled_from([7, None, ["a"], "text"]),
)


@given(st.lists(rows_of_any_kind, min_size=1, max_size=12), st.sets(st.integers(0, 11)))
def test_every_row_is_accounted_for_and_no_gold_is_taken(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], torn: set[int]
) -> None:
    """Whatever the rows hold: an answer with a text of its column, an answer without one, or rejected with a reason."""
    written = [json.dumps(row) for row in rows]
    torn = {n for n in torn if n < len(rows) and written[n][0] in "{["}
    written = [text[:-1] if n in torn else text for n, text in enumerate(written)]
    file = lines(tmp_path_factory.mktemp("rows") / "a.jsonl", list(written))
    objects = [row for n, row in enumerate(rows) if isinstance(row, dict) and n not in torn]
    try:
        stored = read_answers(file)
    except UserError as error:
        assert "\n" not in str(error)
        # Only a file without any known column, or with golds for its only one, may be refused as a whole.
        assert not any(key in row for row in objects for key in RESPONSE_KEYS)
        return
    assert len(stored.answers) + len(stored.rejected) == len(rows)
    assert all(item.reason and item.detail for item in stored.rejected)
    for answer in stored.answers:
        row = json.loads(written[answer.number - 1])
        cell = row.get(stored.response_key)
        assert answer.key in (str(row.get("id")), str(row.get("pid")))
        if answer.text is None:
            assert cell is None or cell != cell or not str(cell).strip()
        else:
            assert answer.text == str(cell).replace("\ud800", "?") and str(cell).strip()
        better = any(key in row for row in objects for key in RESPONSE_KEYS)
        assert answer.text != GOLD or not (better or any("question" in row for row in objects))


def test_the_layouts_of_files(tmp_path: Path) -> None:
    rows = [{"id": "1", "response": "6"}, {"id": "2", "response": None}]
    wanted = [("1", "6"), ("2", None)]
    files = [lines(tmp_path / name, rows) for name in ("lines.jsonl", "lines.txt", "lines.json")]
    for name, value in (
        ("list.json", rows),
        ("table.json", {row["id"]: {"response": row["response"]} for row in rows}),
    ):
        files += [tmp_path / name, tmp_path / f"indented-{name}"]
        files[-2].write_text(json.dumps(value))
        files[-1].write_text("\ufeff" + json.dumps(value, indent=1))
    files.append(tmp_path / "table.csv")
    with files[-1].open("w", newline="") as cells:
        writer = csv.DictWriter(cells, ["id", "response"])
        writer.writeheader()
        writer.writerows(rows)
    for file in files:
        stored = read_answers(file)
        assert [(answer.key, answer.text) for answer in stored.answers] == wanted, file.name
        assert not stored.rejected


@pytest.mark.parametrize(
    ("name", "text", "reasons"),
    [
        ("a.jsonl", '{"id": "1", "response": "6"}\n{"id": "2", "resp', ["torn_json"]),
        ("a.jsonl", '{"id": "1", "response": "6"}\n{"id": "2", "response": ' + "1" * 5000 + "}\n", ["torn_json"]),
        ("a.json", '[{"id": "1", "response": "6"}, 5, {"id": "2", "resp', ["torn_json", "row_not_object"]),
        ("a.json", '{"1": {"response": "6"}, "2": "7"}', ["row_not_object"]),
        ("a.csv", "id,response\n1,6\n2\n3,7,8\n", ["torn_csv", "torn_csv"]),
        ("a.csv", 'id,response\n1,6\n2,"7', ["torn_csv"]),
        ("a.jsonl", '{"id": "1", "response": "6"}\n{"response": "7"}\n', ["no_source_id"]),
    ],
)
def test_bad_rows_cost_no_good_one(tmp_path: Path, name: str, text: str, reasons: list[str]) -> None:
    (tmp_path / name).write_text(text)
    stored = read_answers(tmp_path / name)
    assert [(answer.key, answer.text) for answer in stored.answers] == [("1", "6")]
    assert sorted(item.reason for item in stored.rejected) == sorted(reasons)
    assert all(name in item.detail for item in stored.rejected)


@pytest.mark.parametrize("text", ["", "\n", "[]", "{}", "7\n8\n", "not json"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
def test_a_file_without_answers_is_one_line(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=f"{name} holds no rows|no row of .*{name}") as refused:
        read_answers(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.json", tmp_path / "missing.csv"):
        with pytest.raises(UserError, match="cannot be read"):
            read_answers(path)


def test_ten_golds_are_refused_and_what_differs_is_not(tmp_path: Path) -> None:
    golds = {str(n): spellings("B", ["one", "two"]) for n in range(12)}
    rows = [{"id": n, "output": ("B", "two ")[n % 2]} for n in range(10)]
    with pytest.raises(
        UserError, match=r"all 10 responses taken from 'output' equal the golds.*--response-key"
    ) as error:
        refuse_golds(read_answers(lines(tmp_path / "a.jsonl", rows)), golds)
    assert "\n" not in str(error.value)
    refuse_golds(read_answers(tmp_path / "a.jsonl", "output"), golds)  # named: the user knows
    without_one = [*rows[:9], {"id": 9, "output": None}, {"id": "unknown", "output": "B"}]
    refuse_golds(read_answers(lines(tmp_path / "b.jsonl", list(without_one))), golds)
    refuse_golds(read_answers(lines(tmp_path / "c.jsonl", [*rows, {"id": 10, "output": "(B)"}])), golds)


def test_spellings_of_a_gold() -> None:
    assert spellings("B", ["1", "2 cm "]) == {"B", "2 cm"}
    assert spellings("C", ["1", "2"]) == {"C"}
    assert spellings(" 6 ", None) == {"6"}


@pytest.mark.parametrize(
    ("pattern", "column", "files"),
    [
        ("mathvista/results/output_*.json", "response", 5),
        ("mathv/outputs/*.jsonl", "response", 5),
        ("emma/results/*.json", "response", 5),
        ("logicvista/results/*.csv", "* answer raw", 4),
    ],
)
def test_real_stored_answers(shared_data: Path, pattern: str, column: str, files: int) -> None:
    """The response is read from the same column in every file, and only EMMA's one null is no response."""
    missing = []
    found = sorted(shared_data.glob(pattern))
    assert len(found) == files
    for file in found:
        stored = read_answers(file)
        model = file.stem.removesuffix("-accuracy-results")
        assert stored.response_key == column.replace("*", model)
        assert not stored.rejected and len({answer.key for answer in stored.answers}) == len(stored.answers)
        missing += [answer.key for answer in stored.answers if answer.text is None]
    assert missing == (["phy_21"] if pattern.startswith("emma") else [])


@pytest.mark.parametrize(
    "file",
    [
        "mathv/testmini.jsonl",
        "mathv/test_without_images.jsonl",
        "mathvista/testmini.json",
        "k12/k12.json",
        "logicvista/dataset.json",
        "wemath/testmini.json",
        "dynamath/trial1/dataset.json",
    ],
)
def test_benchmarks_golds_are_no_answers(shared_data: Path, file: str) -> None:
    with pytest.raises(UserError, match="'answer' stands beside 'question'"):
        read_answers(shared_data / file)
