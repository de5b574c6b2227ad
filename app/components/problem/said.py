"""What people said: about one problem, or lately about all of them."""

import json
from typing import Any

import streamlit as st

from app.components import data, text
from app.queries import reviews
from workbench.annotations import DECISION, Event

ACTS_SHOWN = 50


def history(problem_id: str) -> None:
    """Every event about a problem, the newest first."""
    store = data.store()
    events = data.cached(reviews.files(store), reviews.history, problem_id)
    if not events:
        return
    st.markdown("#### What people said")
    rows = [(_time(e.at), e.who, e.kind, _shown(e)) for e in events]
    text.show(text.table(("time (UTC)", "who", "", "what"), rows))


def _shown(event: Event) -> str | text.Markup:
    value = event.value
    if value is None:
        return "taken back" + (" (undo)" if event.event_id.startswith("undo-") else "")
    if event.kind == DECISION:
        return text.Markup(text.chip(value["verdict"]) + (text.escape(value["reason"]) if value["reason"] else ""))
    if isinstance(value, list):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def lately() -> None:
    """The last acts of everybody, folded away under the list."""
    store = data.store()
    found = data.cached(reviews.files(store), reviews.last_acts, ACTS_SHOWN)
    if found.is_empty():
        return
    with st.expander(
        f"The last {found.height} acts" if found.height > 1 else "The last act", icon=":material/history:"
    ):
        rows = [(_time(row["at"]), row["who"], row["kind"], _what(row), f"{row['n']:,}") for row in found.to_dicts()]
        text.show(text.table(("time (UTC)", "who", "", "what", "problems"), rows))


def _what(row: dict[str, Any]) -> str:
    said = row["value"] if row["value"] is not None else "taken back"
    return f"{said[:200]}{' (undo)' if row['act'].startswith('undo-') else ''}"


def _time(at: str) -> str:
    return at[:19].replace("T", " ")
