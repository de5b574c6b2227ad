"""Annotations: nothing is lost when two write at once, the last word holds, a torn line hurts nobody."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.annotations import DECISION, NOTE, REFLECTION, TAGS, Annotations
from workbench.errors import UserError
from workbench.workspace import Workspace

WRITER = """
import sys
from workbench.annotations import Annotations
from workbench.workspace import Workspace
annotations = Annotations(Workspace(sys.argv[1]))
for number in range(200):
    annotations.add("reflection", f"{sys.argv[2]}/{number}", "true" * 500, sys.argv[2])
"""


def test_the_last_event_holds_and_none_takes_back(tmp_path: Path) -> None:
    annotations = Annotations(Workspace(tmp_path))
    annotations.add(REFLECTION, "a", "true", "ann")
    annotations.add(REFLECTION, "b", "empty", "ann")
    annotations.add(REFLECTION, "a", "empty", "bob")
    annotations.add(REFLECTION, "b", None, "bob")
    held = annotations.holding(REFLECTION)
    assert {target: (event.value, event.who) for target, event in held.items()} == {"a": ("empty", "bob")}
    assert [event.value for event in annotations.history(REFLECTION, "a")] == ["true", "empty"]
    assert len({event.event_id for event in annotations.history(REFLECTION)}) == 4
    assert annotations.holding(REFLECTION, ["b"]) == {}


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), who]) for who in ("ann", "bob")]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    events = Annotations(Workspace(tmp_path)).history(REFLECTION)
    wanted = {f"{who}/{number}" for who in ("ann", "bob") for number in range(200)}
    assert {event.target for event in events} == wanted
    assert len(events) == 400 and all(len(event.value) == 2000 for event in events)


def test_a_torn_line_is_left_out_and_cut_off_by_the_next_event(tmp_path: Path) -> None:
    annotations = Annotations(Workspace(tmp_path))
    annotations.add(REFLECTION, "a", "true", "ann")
    with annotations.file(REFLECTION).open("a") as file:
        file.write('{"event_id": "half')
    assert [event.target for event in annotations.history(REFLECTION)] == ["a"]
    annotations.add(REFLECTION, "b", "a line\u2028of two", "ann")
    lines = annotations.file(REFLECTION).read_bytes().split(b"\n")
    assert [json.loads(line)["target"] for line in lines[:-1]] == ["a", "b"]
    assert annotations.history(REFLECTION)[1].value == "a line\u2028of two"


REJECT = {"verdict": "reject", "reason": "unclear"}
ACCEPT = {"verdict": "accept", "reason": None}


def held(annotations: Annotations, kind: str = DECISION) -> dict[str, object]:
    return {target: event.value for target, event in annotations.holding(kind).items()}


def test_an_act_about_many_is_one_act_and_is_undone_as_one(tmp_path: Path) -> None:
    annotations = Annotations(Workspace(tmp_path))
    annotations.add(DECISION, "b", ACCEPT, "ann")
    annotations.add_many(DECISION, ["a", "b", "c"], REJECT, "ann")
    assert len({event.at for event in annotations.history(DECISION)[1:]}) == 1
    act = annotations.last_act("ann")
    assert act is not None and (act.kind, act.n, act.target, act.value) == (DECISION, 3, "a", REJECT)
    assert annotations.undo(act, "ann") == 3
    assert held(annotations) == {"b": ACCEPT}
    before = annotations.last_act("ann")
    assert before is not None and before.value == ACCEPT
    assert annotations.undo(before, "ann") == 1
    assert held(annotations) == {} and annotations.last_act("ann") is None
    # Nothing was taken out of the history.
    assert [event.value for event in annotations.history(DECISION, "b")] == [ACCEPT, REJECT, ACCEPT, None]


def test_undo_leaves_what_another_said_since(tmp_path: Path) -> None:
    annotations = Annotations(Workspace(tmp_path))
    annotations.add_many(DECISION, ["a", "b"], REJECT, "ann")
    annotations.add(DECISION, "b", ACCEPT, "bob")
    act = annotations.last_act("ann")
    assert act is not None and annotations.undo(act, "ann") == 1
    assert held(annotations) == {"b": ACCEPT}


def test_the_last_act_is_the_newest_of_all_kinds(tmp_path: Path) -> None:
    annotations = Annotations(Workspace(tmp_path))
    annotations.add(NOTE, "a", 'a "note" of 3 words', "ann")
    annotations.add(TAGS, "a", ["x"], "ann")
    annotations.add(NOTE, "a", "bob's", "bob")
    act = annotations.last_act("ann")
    assert act is not None and (act.kind, act.value) == (TAGS, ["x"])
    annotations.undo(act, "ann")
    act = annotations.last_act("ann")
    assert act is not None and (act.kind, act.value) == (NOTE, 'a "note" of 3 words')


def test_change_reads_and_writes_under_one_lock(tmp_path: Path) -> None:
    annotations = Annotations(Workspace(tmp_path))
    annotations.add(TAGS, "a", ["x"], "ann")
    annotations.change(TAGS, ["a", "b"], lambda tags: [*(tags or []), "y"], "bob")
    assert held(annotations, TAGS) == {"a": ["x", "y"], "b": ["y"]}
    annotations.change(TAGS, ["a", "b"], lambda tags: [t for t in tags if t != "y"] or None, "bob")
    assert held(annotations, TAGS) == {"a": ["x"]}
    events = len(annotations.history(TAGS))
    annotations.change(TAGS, ["a"], lambda tags: tags, "bob")
    assert len(annotations.history(TAGS)) == events


def test_what_others_append_is_read_and_a_rewritten_file_is_read_anew(tmp_path: Path) -> None:
    annotations = Annotations(Workspace(tmp_path))
    annotations.add_many(DECISION, [f"p{n}" for n in range(100)], REJECT, "ann")
    assert len(held(annotations)) == 100
    file = annotations.file(DECISION)
    other = json.loads(file.read_bytes().split(b"\n")[0]) | {"target": "elsewhere", "who": "bob"}
    with file.open("a") as lines:
        lines.write(json.dumps(other) + "\n")
    assert "elsewhere" in held(annotations)
    file.write_text(json.dumps(other | {"target": "alone"}) + "\n")
    assert list(held(annotations)) == ["alone"]
    file.unlink()
    assert held(annotations) == {}


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    annotations = Annotations(Workspace(tmp_path))
    annotations.add(NOTE, "a", "one", "ann")
    with annotations.file(NOTE).open("a") as file:
        file.write("{broken\n")
        file.write("{}\n")
    with pytest.raises(UserError, match=r"note\.jsonl:2 is not JSON"):
        annotations.frame(NOTE)


def test_a_full_disk_leaves_no_half_of_an_act(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    annotations = Annotations(Workspace(tmp_path))
    annotations.add(DECISION, "a", ACCEPT, "ann")
    before = annotations.file(DECISION).read_bytes()
    opened = Path.open

    def full(path: Path, mode: str = "r", *args: int, **options: int) -> object:
        file = opened(path, mode, *args, **options)
        return Full(file) if mode == "ab" else file

    class Full:
        """A file on a disk that has room for ten more bytes."""

        def __init__(self, file: object):
            self.file, self.room = file, 10

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()  # type: ignore[attr-defined]

        def __getattr__(self, name: str) -> object:
            return getattr(self.file, name)

        def write(self, data: bytes) -> int:
            if not self.room:
                raise OSError(errno.ENOSPC, "no space left on device")
            self.room = 0
            return int(self.file.write(bytes(data[:10])))  # type: ignore[attr-defined]

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="no space"):
        annotations.add_many(DECISION, ["b", "c"], REJECT, "ann")
    monkeypatch.undo()
    assert annotations.file(DECISION).read_bytes() == before
    assert held(annotations) == {"a": ACCEPT}
