"""The list of the Curate page: a grid of pictures, or a table."""

from typing import Any

import streamlit as st

from app.components import pictures, text, url
from app.components.listing import acts
from app.components.listing.catalogue import Catalogue
from app.queries.listing import UNDECIDED

GRID, TABLE = "grid", "table"
COLUMNS, LINES = 6, 3
TABLE_LINES = 50


def size(view: str) -> int:
    """Problems a page."""
    return TABLE_LINES if view == TABLE else COLUMNS * LINES


def show(catalogue: Catalogue, view: str, offset: int) -> None:
    rows = catalogue.page(offset, size(view))
    if view == TABLE:
        _table(rows, offset)
    else:
        _grid(rows)


def _grid(rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), COLUMNS):
        for row, column in zip(rows[start : start + COLUMNS], st.columns(COLUMNS, gap="small"), strict=False):
            with column, st.container(border=True, height="stretch", gap="xsmall", key=f"card-{row['problem_id']}"):
                _card(row)


def _card(row: dict[str, Any]) -> None:
    pictures.thumbnail(row["images"][0] if row["images"] else None)
    fate = "" if row["decision"] == UNDECIDED else text.chip(_fate(row), text.TONES.get(row["decision"]))
    text.show(
        text.clipped(row["question"]),
        text.chip(f"= {row['answer']}"),
        text.chip(f"{row['k']}/{row['n']}") if row["n"] else "",
        fate,
        *(text.chip(flag, "warn") for flag in row["flags"]),
        acts.said_chips(row),
    )
    st.button("Open", key=f"open-{row['problem_id']}", type="tertiary", on_click=acts.go, args=(row["problem_id"],))


def _fate(row: dict[str, Any]) -> str:
    return "keep" if row["decision"] == "keep" else f"{row['decision']}: {row['reason']}"


def _table(rows: list[dict[str, Any]], offset: int) -> None:
    columns: dict[str, list[Any]] = {
        "reviewed": [row["review"] for row in rows],
        "why": [row["why"] for row in rows],
        "question": [" ".join(row["question"].split()) for row in rows],
        "answer": [row["answer"] for row in rows],
        "type": [row["answer_type"] for row in rows],
        "pass": [row["k"] / row["n"] if row["n"] else None for row in rows],
        "pipeline": [None if row["decision"] == UNDECIDED else _fate(row) for row in rows],
        "flags": [", ".join(row["flags"]) for row in rows],
        "tags": [", ".join(row["tags"]) for row in rows],
        "subject": [row["subject"] for row in rows],
        "topic": [row["topic"] for row in rows],
        "grade": [row["grade"] for row in rows],
        "source": [row["source"] for row in rows],
        "source id": [row["source_id"] for row in rows],
    }
    columns = {name: values for name, values in columns.items() if any(value not in (None, "") for value in values)}
    # A table keeps its selection, so every opening gets a table of its own; back in the list nothing is selected.
    key = f"table-{offset}-{st.session_state.setdefault('opened', 0)}"

    def opened() -> None:
        if selected := st.session_state[key]["selection"]["rows"]:
            st.session_state["opened"] += 1
            acts.go(rows[selected[0]]["problem_id"])

    st.dataframe(
        columns,
        key=key,
        hide_index=True,
        on_select=opened,
        selection_mode="single-row",
        height=560,
        row_height=28,
        column_config={
            "question": st.column_config.TextColumn(width="large"),
            "pass": st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0, width="small"),
        },
    )
    text.note("A click on the left edge of a row opens the problem.")


def pick_view() -> str:
    return url.tabs("View", "view", [GRID, TABLE], clears=["page"])
