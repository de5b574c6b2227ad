"""What people say about problems and rollouts: append-only events, the last one of a (target, kind) holds.

Events lie in `annotations/KIND.jsonl`. No event is ever rewritten: the files are the history, undoing is an event.
"""

import json
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from workbench.annotations.journal import followed
from workbench.workspace import Workspace, check_name

if TYPE_CHECKING:
    import polars as pl

# A reviewer's word on whether a response's reflection is a real second look ("true") or only its words ("empty").
REFLECTION = "reflection"
REFLECTION_LABELS = ("true", "empty")

# What curators say about problems; the target is a problem_id.
DECISION = "decision"  # {"verdict": one of VERDICTS, "reason": str or null}
EDIT = (
    "edit"  # {"question"?: str, "answer"?: str, "choices"?: [str] or null}: the whole edit, it replaces an earlier one
)
TAGS = "tags"  # [str, …]
NOTE = "note"  # str
PROBLEM_KINDS = (DECISION, EDIT, TAGS, NOTE)
VERDICTS = ("accept", "reject", "flag")
# A filter of the Curate page; the target is its name, the value its fields as the page's address has them.
FILTER = "filter"

# Kinds whose values are plain strings; those of all others are JSON objects or lists.
TEXT_KINDS = (REFLECTION, NOTE)

UNDO = "undo-"


@dataclass(frozen=True)
class Event:
    """One act of one person: `value` about `target` (a rollout or problem id); None takes the earlier word back."""

    event_id: str  # ACT.n: the events of one act share what stands before the dot
    at: str  # UTC, ISO 8601
    who: str
    kind: str
    target: str
    value: Any


@dataclass(frozen=True)
class Act:
    """One press of a button: `n` events of one kind; `target` and `value` are the first one's."""

    act: str
    kind: str
    at: str
    n: int
    target: str
    value: Any


class Annotations:
    """The annotations of one workspace; several processes may append at once."""

    def __init__(self, workspace: Workspace):
        self.root = workspace.annotations

    def file(self, kind: str) -> Path:
        return self.root / f"{check_name('annotation kind', kind)}.jsonl"

    def frame(self, kind: str) -> "pl.DataFrame":
        """All events of a kind, oldest first: the fields of `Event` as strings, `value` as JSON but for TEXT_KINDS.

        Read once a process; later calls read only what was appended since.
        """
        return followed(self.file(kind))

    def latest(self, kind: str, targets: Iterable[str] | None = None) -> "pl.DataFrame":
        """The rows of `frame` that hold, one a target (of these) that has a value."""
        import polars as pl

        rows = self.frame(kind)
        if targets is not None:
            rows = rows.filter(pl.col("target").is_in(list(targets)))
        last = rows.unique(subset="target", keep="last", maintain_order=True)
        return last.filter(pl.col("value").is_not_null())

    def history(self, kind: str, target: str | None = None) -> list[Event]:
        """All events of a kind (about one target), oldest first."""
        rows = self.frame(kind)
        if target is not None:
            rows = rows.filter(target=target)
        return [_event(row) for row in rows.to_dicts()]

    def holding(self, kind: str, targets: Iterable[str] | None = None) -> dict[str, Event]:
        """The event that holds for each target that has a value."""
        return {row["target"]: _event(row) for row in self.latest(kind, targets).to_dicts()}

    def add(self, kind: str, target: str, value: Any, who: str) -> Event:
        """Append one event."""
        act = self.add_many(kind, [target], value, who)
        return next(event for event in reversed(self.history(kind, target)) if event.event_id == f"{act}.0")

    def add_many(self, kind: str, targets: Iterable[str], value: Any, who: str) -> str:
        """One act: append `value` about each target, all in one write. Returns the act's id."""
        text = _text(kind, value)
        with self._lock(kind):
            return self._append(kind, ((target, text) for target in targets), who)

    def change(self, kind: str, targets: Iterable[str], change: Callable[[Any], Any], who: str) -> str:
        """One act: append `change(the value that holds, or None)` about each target whose value it changes.

        Nobody else's word comes between the reading and the writing.
        """
        with self._lock(kind):
            targets = list(targets)
            held = dict(self.latest(kind, targets).select("target", "value").iter_rows())
            texts = [(target, held.get(target)) for target in targets]
            new = {text: change(_value(kind, text)) for _, text in texts}
            changed = [(target, _text(kind, new[text])) for target, text in texts if new[text] != _value(kind, text)]
            return self._append(kind, changed, who)

    def last_act(self, who: str) -> Act | None:
        """The last act of a person about problems that is no undoing and was not undone."""
        import polars as pl

        found: Act | None = None
        for kind in PROBLEM_KINDS:
            acts = self.acts(kind)
            gone = acts.filter(pl.col("act").str.starts_with(UNDO))["act"]
            undone = pl.concat([gone, gone.str.strip_prefix(UNDO)])
            mine = acts.filter((pl.col("who") == who) & ~pl.col("act").is_in(undone.implode()))
            if mine.height and (found is None or mine["at"][-1] > found.at):
                row = mine.row(-1, named=True)
                found = Act(row["act"], kind, row["at"], row["n"], row["target"], _value(kind, row["value"]))
        return found

    def acts(self, kind: str) -> "pl.DataFrame":
        """The acts of a kind, oldest first: act, its number of events n, and the first event's fields."""
        import polars as pl

        name = pl.col("event_id")
        first = name.str.ends_with(".0") | ~name.str.contains(".", literal=True)
        rows = self.frame(kind).with_row_index()
        # An act is written in one piece, so it ends where the next one begins.
        ends = pl.col("index").shift(-1, fill_value=rows.height)
        return rows.filter(first).with_columns(act=name.str.strip_suffix(".0"), n=ends - pl.col("index")).drop("index")

    def undo(self, act: Act, who: str) -> int:
        """Append events that restore what held before the act; returns how many.

        A target about which anybody has said something since keeps that later word.
        """
        import polars as pl

        with self._lock(act.kind):
            rows = self._undoable(act.kind)
            last = rows.unique(subset="target", keep="last")
            standing = last.filter(pl.col("act") == act.act).sort("index").select("target", act_index="index")
            earlier = rows.join(standing, on="target").filter(pl.col("index") < pl.col("act_index"))
            before = earlier.unique(subset="target", keep="last", maintain_order=True)
            restored = standing.join(before.select("target", "value"), on="target", how="left", maintain_order="left")
            texts = (
                (target, _text(act.kind, _value(act.kind, value)))
                for target, value in restored.select("target", "value").iter_rows()
            )
            self._append(act.kind, texts, who, UNDO + act.act)
        return restored.height

    def _undoable(self, kind: str) -> "pl.DataFrame":
        """The rows of `frame` with index and act, without undone acts and the acts that undid them.

        What is left says the same as all of it, since an act and its undoing cancel each other.
        """
        import polars as pl

        rows = self.frame(kind).with_row_index()
        rows = rows.with_columns(act=pl.col("event_id").str.split_exact(".", 1).struct[0])
        undone = self.acts(kind).filter(pl.col("act").str.starts_with(UNDO)).select("act")
        gone = pl.concat([undone, undone.select(pl.col("act").str.strip_prefix(UNDO))])
        return rows.join(gone, on="act", how="anti", maintain_order="left") if gone.height else rows

    def _lock(self, kind: str) -> FileLock:
        path = self.file(kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(path.with_suffix(".lock"))

    def _append(self, kind: str, texts: Iterable[tuple[str, str]], who: str, act: str | None = None) -> str:
        """Write an event a (target, JSON value), all or none of them; the lock is the caller's."""
        act = act or secrets.token_hex(8)
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        shared = json.dumps({"at": at, "who": who, "kind": kind}, ensure_ascii=False)[1:-1]
        lines = [
            f'{{"event_id": "{act}.{n}", {shared}, "target": {json.dumps(target)}, "value": {text}}}\n'
            for n, (target, text) in enumerate(texts)
        ]
        path = self.file(kind)
        _drop_torn_end(path)
        with path.open("ab", buffering=0) as file:
            size = file.tell()
            left = memoryview("".join(lines).encode())
            try:
                while left:
                    left = left[file.write(left) :]
            except OSError:
                # A full disk: half an act must not stay.
                file.truncate(size)
                raise
        return act


def _event(row: dict[str, Any]) -> Event:
    return Event(**row | {"value": _value(row["kind"], row["value"])})


def _value(kind: str, text: str | None) -> Any:
    return text if text is None or kind in TEXT_KINDS else json.loads(text)


def _text(kind: str, value: Any) -> str:
    assert value is None or isinstance(value, str) == (kind in TEXT_KINDS), f"{kind}: {value!r}"
    return json.dumps(value, ensure_ascii=False)


def _drop_torn_end(path: Path) -> None:
    """Cut off what a killed writer left of an event; without its newline it never became one."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        end = whole = file.seek(0, os.SEEK_END)
        while whole:
            start = max(0, whole - 4096)
            file.seek(start)
            newline = file.read(whole - start).rfind(b"\n")
            whole = start + newline + 1
            if newline >= 0:
                break
        if whole < end:
            file.truncate(whole)
