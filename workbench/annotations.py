"""What people say about problems and rollouts: append-only events, the last one of a (target, kind) holds.

Events lie in `annotations/KIND.jsonl`. No event is ever rewritten: the files are the history, undoing is an event.
"""

import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from workbench.workspace import Workspace, append_jsonl, check_name, read_jsonl

# A reviewer's word on whether a response's reflection is a real second look ("true") or only its words ("empty").
REFLECTION = "reflection"
REFLECTION_LABELS = ("true", "empty")


@dataclass(frozen=True)
class Event:
    """One act of one person: `value` about `target` (a rollout or problem id); None takes the earlier word back."""

    event_id: str
    at: str  # UTC, ISO 8601
    who: str
    kind: str
    target: str
    value: Any


class Annotations:
    """The annotations of one workspace; several processes may append at once."""

    def __init__(self, workspace: Workspace):
        self.root = workspace.annotations

    def file(self, kind: str) -> Path:
        return self.root / f"{check_name('annotation kind', kind)}.jsonl"

    def add(self, kind: str, target: str, value: Any, who: str) -> Event:
        """Append one event, a whole line, under the file's lock."""
        event = Event(
            secrets.token_hex(8), datetime.now(UTC).isoformat(timespec="milliseconds"), who, kind, target, value
        )
        path = self.file(kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            _drop_torn_end(path)
            append_jsonl(path, asdict(event))
        return event

    def history(self, kind: str, target: str | None = None) -> list[Event]:
        """All events of a kind (about one target), oldest first."""
        rows, _ = read_jsonl(self.file(kind))
        return [Event(**row) for row in rows if target is None or row["target"] == target]

    def holding(self, kind: str, targets: Iterable[str] | None = None) -> dict[str, Event]:
        """The event that holds for each target that has a value."""
        wanted = None if targets is None else set(targets)
        last = {e.target: e for e in self.history(kind) if wanted is None or e.target in wanted}
        return {target: event for target, event in last.items() if event.value is not None}


def _drop_torn_end(path: Path) -> None:
    """Cut off what a killed writer left of an event; without its newline it never became one."""
    if not path.exists():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)
