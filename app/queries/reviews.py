"""What people said about the problems of a list, from the annotations that hold."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from app.queries.facets import Facet
from workbench import schema
from workbench.annotations import DECISION, EDIT, FILTER, NOTE, PROBLEM_KINDS, TAGS, Annotations, Event
from workbench.store import Store

UNREVIEWED = "(none)"
_VERDICT = pl.Struct({"verdict": pl.String, "reason": pl.String})


@dataclass(frozen=True)
class Reviews:
    """The words that hold about the problems of an index of `height` rows.

    `decisions` has row, problem_id, review, why, who, at; `tags` row, problem_id, tags; `notes` row, problem_id, note;
    `edits` maps problem_id to the edit.
    """

    height: int
    decisions: pl.DataFrame
    tags: pl.DataFrame
    notes: pl.DataFrame
    edits: Mapping[str, dict[str, Any]]
    edited_rows: np.ndarray

    @cached_property
    def annotated(self) -> np.ndarray:
        mask = self.edited.copy()
        for frame in (self.decisions, self.tags, self.notes):
            mask[frame["row"].to_numpy()] = True
        return mask

    @cached_property
    def edited(self) -> np.ndarray:
        mask = np.zeros(self.height, bool)
        mask[self.edited_rows] = True
        return mask

    @cached_property
    def facets(self) -> dict[str, Facet]:
        reviewed = np.ones(self.height, bool)
        reviewed[self.decisions["row"].to_numpy()] = False
        silent = pl.DataFrame({"row": np.flatnonzero(reviewed).astype(np.uint32)}).with_columns(
            value=pl.lit(UNREVIEWED)
        )
        said = self.decisions.select("row", value="review")
        why = self.decisions.select("row", value="why").drop_nulls()
        tags = self.tags.select("row", value="tags").explode("value", empty_as_null=True).drop_nulls()
        entries = {"review": pl.concat([said, silent]), "why": why, "tag": tags.unique(maintain_order=True)}
        return {name: Facet.from_entries(frame, self.height) for name, frame in entries.items()}

    def searched(self, ids: pl.Series, found: pl.DataFrame, text: str) -> np.ndarray:
        """Which rows of an index a text search hits: what `problems.search` found in the tables, then the edits."""
        hits = ids.is_in(found["problem_id"].implode()).to_numpy().copy()
        before = {
            row["problem_id"]: row for row in found.filter(found["problem_id"].is_in(list(self.edits))).to_dicts()
        }
        for number, problem_id in zip(self.edited_rows.tolist(), ids[self.edited_rows.tolist()], strict=True):
            was, edit = before.get(problem_id, {}), self.edits[problem_id]
            said = [text.lower() in edit[n].lower() if n in edit else was.get(n, False) for n in ("question", "answer")]
            hits[number] = any(said) or was.get("id", False)
        return hits

    def of(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """review, why, who, tags, note and edit of each problem; None or empty where nobody said anything."""
        silent: dict[str, Any] = {"review": None, "why": None, "who": None, "tags": [], "note": None}
        found = {name: silent | {"edit": self.edits.get(name)} for name in ids}
        for frame in (self.decisions, self.tags, self.notes):
            for row in frame.filter(pl.col("problem_id").is_in(list(ids))).to_dicts():
                found[row["problem_id"]] |= {name: value for name, value in row.items() if name in silent}
        return found


def files(store: Store) -> list[Path]:
    """The annotation files about problems."""
    return [Annotations(store.workspace).file(kind) for kind in PROBLEM_KINDS]


def reviews(store: Store, ids: pl.Series) -> Reviews:
    """What holds about the problems of an index, whose ids these are in its order."""
    annotations = Annotations(store.workspace)
    keys = pl.DataFrame({"problem_id": ids, "row": np.arange(len(ids), dtype=np.uint32)})
    few = ids if len(ids) == 1 else None

    def about(kind: str) -> pl.DataFrame:
        return (
            annotations.latest(kind, few)
            .join(keys, left_on="target", right_on="problem_id")
            .rename({"target": "problem_id"})
        )

    said = about(DECISION)
    # Few different values are said about many problems.
    values = said.select(pl.col("value").unique())
    verdicts = values.with_columns(pl.col("value").str.json_decode(_VERDICT).alias("said").struct.unnest())
    said = said.join(verdicts, on="value", maintain_order="left")
    tags = about(TAGS).select("row", "problem_id", tags=pl.col("value").str.json_decode(pl.List(pl.String)))
    edits = about(EDIT)
    return Reviews(
        len(ids),
        said.select("row", "problem_id", pl.col("verdict").alias("review"), pl.col("reason").alias("why"), "who", "at"),
        tags.filter(pl.col("tags").list.len() > 0),
        about(NOTE).select("row", "problem_id", note="value"),
        {target: json.loads(value) for target, value in edits.select("problem_id", "value").iter_rows()},
        edits["row"].to_numpy(),
    )


def edited(problem: dict[str, Any], edit: Mapping[str, Any] | None) -> dict[str, Any]:
    """The problem's row with an edit applied; its content_hash is that of the new content, its id stays."""
    if not edit:
        return problem
    row = problem | {name: edit[name] for name in ("question", "answer", "choices") if name in edit}
    return row | {
        "content_hash": schema.content_hash(row["question"], row["images"] or [], row["choices"], row["answer"])
    }


def history(store: Store, problem_id: str) -> list[Event]:
    """Every event about a problem, the newest first."""
    annotations = Annotations(store.workspace)
    events = [event for kind in PROBLEM_KINDS for event in annotations.history(kind, problem_id)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def saved_filters(store: Store) -> dict[str, Event]:
    """The filters that people saved, by name."""
    return dict(sorted(Annotations(store.workspace).holding(FILTER).items()))


def last_acts(store: Store, limit: int) -> pl.DataFrame:
    """The newest acts of everybody about problems; columns as `Annotations.acts`."""
    annotations = Annotations(store.workspace)
    found = pl.concat([annotations.acts(kind).tail(limit) for kind in PROBLEM_KINDS])
    return found.sort("at", descending=True).head(limit)
