"""Annotations: nothing is lost when two write at once, the last word holds, a torn line hurts nobody."""

import json
import subprocess
import sys
from pathlib import Path

from workbench.annotations import REFLECTION, Annotations
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
