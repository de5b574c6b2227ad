"""Acts about all problems that the filter shows, each confirmed with their number before anything is written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.components import text
from app.components.listing import acts
from app.components.listing.catalogue import Catalogue
from app.queries.listing import ProblemFilter
from workbench.annotations import DECISION, NOTE, TAGS

PENDING = "pending"


@dataclass(frozen=True)
class Pending:
    """An act that waits for its confirmation; it is about `ids`, whatever others do to the list meanwhile."""

    ref: str
    chosen: ProblemFilter
    ids: list[str]
    said: str  # "Reject", "Tag", …
    detail: str
    kind: str
    value: Any | Callable[[Any], Any]


def buttons(catalogue: Catalogue) -> None:
    """The bar over the list."""
    n = catalogue.left.total

    def ask(said: str, detail: str, kind: str, value: Any) -> None:
        st.session_state[PENDING] = Pending(catalogue.ref, catalogue.chosen, catalogue.ids(), said, detail, kind, value)

    def typed(kind: str) -> None:
        word = st.session_state[f"bulk-{kind}"].strip()
        if not word:
            return
        if kind == "note":
            ask("Note on", word, NOTE, word)
        elif kind == "tag":
            ask("Tag", word, TAGS, lambda tags: [*(tags or []), *([] if word in (tags or []) else [word])])
        else:
            ask("Untag", word, TAGS, lambda tags: [tag for tag in tags if tag != word] or None if tags else None)

    def verdict(name: str | None) -> None:
        reason = acts.reason("bulk-reason") if name == "reject" else None
        said = {"accept": "Accept", "reject": "Reject", "flag": "Flag", None: "Clear the verdicts of"}[name]
        ask(said, reason or "", DECISION, name and acts.verdict(name, reason))

    for name, label, letter in (
        ("accept", "Accept all", "A"),
        ("flag", "Flag all", "F"),
        ("reject", "Reject all", "X"),
    ):
        shortcut = f"Shift+{letter}"
        st.button(label, key=f"all-{name}", shortcut=shortcut, disabled=not n, on_click=verdict, args=(name,))
    acts.reason_box("bulk-reason")
    with st.popover("More", disabled=not n):
        text.note(f"For all {n:,} problems that the filter shows, after a question.")
        st.button("Clear all verdicts", key="all-clear", on_click=verdict, args=(None,))
        for kind, label in (("tag", "Add a tag"), ("untag", "Remove a tag"), ("note", "Set a note")):
            st.text_input(label, key=f"bulk-{kind}", on_change=typed, args=(kind,), placeholder="Enter asks")


def confirmation(catalogue: Catalogue) -> None:
    """The question before an act about many; another filter takes the question back."""
    pending: Pending | None = st.session_state.get(PENDING)
    if pending is None:
        return
    if (pending.ref, pending.chosen) != (catalogue.ref, catalogue.chosen):
        del st.session_state[PENDING]
        return
    n = len(pending.ids)
    with st.container(border=True, key="confirmation"):
        detail = f" ({pending.detail})" if pending.detail else ""
        text.show(text.title(f"{pending.said} all {n:,} problems that the filter shows{detail}?"))
        with st.container(horizontal=True):
            label = f"Yes, {pending.said.lower()} {n:,}"
            st.button(label, key="confirm", type="primary", shortcut="Y", on_click=_confirmed)
            st.button("Cancel", key="cancel", shortcut="Esc", on_click=_cancelled)


def _confirmed() -> None:
    pending: Pending | None = st.session_state.pop(PENDING, None)
    if pending:
        acts.say_all(pending.kind, pending.ids, pending.value)


def _cancelled() -> None:
    st.session_state.pop(PENDING, None)
