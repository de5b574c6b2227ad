"""What people write is read back as they wrote it, whatever characters it holds."""

import json
import logging
import random
import time
from pathlib import Path
from typing import Any

import pytest

from workbench.annotations import DECISION, EDIT, FILTER, NOTE, REFLECTION, TAGS, Annotations
from workbench.annotations.journal import followed
from workbench.errors import UserError
from workbench.workspace import Workspace

# Every character up to U+02FF, control characters and NUL among them, and those that break lines or words elsewhere.
CHARACTERS = [chr(code) for code in range(0x300)] + list("\u2028\u2029\u200b\ufeff\ufffd中文😀")
FORMULAS = [r"\frac{1}{2}", r"\sqrt{3}", r"\beta", r"\neq", r"\rho", r"\tan x", r"\u0041", r"\\", "\\", '\\"', "a\\\nb"]
TEXTS = [*CHARACTERS, *FORMULAS, "".join(CHARACTERS), "".join(reversed(CHARACTERS)), "", '"value": 1', "null", "[]"]


def values(text: str) -> dict[str, Any]:
    """One value per kind of annotation, with `text` wherever a person types."""
    return {
        NOTE: text,
        REFLECTION: text,
        TAGS: [text, "tag"],
        DECISION: {"verdict": "reject", "reason": text},
        EDIT: {"question": text, "answer": text, "choices": [text, text + "2"]},
        FILTER: {"text": text, "tag": [text], text: 1},
    }


@pytest.mark.parametrize("kind", [NOTE, REFLECTION, TAGS, DECISION, EDIT, FILTER])
def test_every_character_is_read_back(tmp_path: Path, kind: str) -> None:
    annotations = Annotations(Workspace(tmp_path))
    for number, text in enumerate(TEXTS):
        annotations.add_many(kind, [f"p{number}"], values(text)[kind], "ann")
    current = annotations.holding(kind)
    for number, text in enumerate(TEXTS):
        assert current[f"p{number}"].value == values(text)[kind], repr(text)


def test_names_of_targets_and_people_are_read_back(tmp_path: Path) -> None:
    annotations = Annotations(Workspace(tmp_path))
    for text in TEXTS:
        annotations.add_many(FILTER, [text], {"text": "x"}, text)
    assert [(event.target, event.who) for event in annotations.history(FILTER)] == [(text, text) for text in TEXTS]


def test_a_later_reading_of_appended_events_equals_a_whole_one(tmp_path: Path) -> None:
    """Random values, read after every few events: each equals what Python's own JSON reads from the file."""
    annotations = Annotations(Workspace(tmp_path))
    source = random.Random(0)
    for number in range(60):
        text = "".join(source.choices(CHARACTERS + list('\\"{}[],:'), k=source.randrange(30)))
        annotations.add_many(TAGS, [f"p{number}"], [text], "ann")
        if number % 7 == 0:
            annotations.frame(TAGS)
    lines = annotations.file(TAGS).read_bytes().decode().split("\n")[:-1]
    assert [event.value for event in annotations.history(TAGS)] == [json.loads(line)["value"] for line in lines]


def test_other_writers_spacing_order_and_escapes_are_read(tmp_path: Path) -> None:
    event = {"value": {"question": "\\frac\t€"}, "target": "p", "kind": "edit", "who": "ann", "at": "now"}
    path = tmp_path / "edit.jsonl"
    path.write_text(json.dumps(event, indent=None, separators=(" , ", " : ")) + "\r\n\n")
    row = followed(path).row(0, named=True)
    assert json.loads(row["value"]) == event["value"]
    assert (row["target"], row["event_id"]) == ("p", None)


def test_a_torn_last_line_is_left_out_and_reported_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    annotations = Annotations(Workspace(tmp_path))
    annotations.add(NOTE, "a", r"\sqrt", "ann")
    with annotations.file(NOTE).open("a") as file:
        file.write('{"event_id": "half \\')
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert [event.value for event in annotations.history(NOTE)] == [r"\sqrt"]
    assert [record.getMessage() for record in caplog.records if "unfinished" in record.getMessage()] == [
        f"{annotations.file(NOTE)}: the last line is unfinished (20 bytes) and left out; "
        "its writer was stopped or is still writing"
    ]


def test_a_line_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    annotations = Annotations(Workspace(tmp_path))
    annotations.add(NOTE, "a", "first", "ann")
    with annotations.file(NOTE).open("ab") as file:
        file.write(b'{"event_id": "\xff"}\n')
    with pytest.raises(UserError, match=r"note\.jsonl:2 is not UTF-8"):
        annotations.frame(NOTE)


def test_many_events_are_read_in_a_few_seconds(tmp_path: Path) -> None:
    annotations = Annotations(Workspace(tmp_path))
    edit = {"question": r"What is $\frac{1}{2} + \sqrt{3}$?", "answer": r"\beta", "choices": None}
    annotations.add_many(EDIT, (f"p{number}" for number in range(200_000)), edit, "ann")
    began = time.perf_counter()
    rows = annotations.frame(EDIT)
    assert time.perf_counter() - began < 10  # 0.7 s on two idle cores
    assert rows.height == 200_000 and json.loads(rows["value"][-1]) == edit
