"""Near-duplicates beside each other, with what tells them apart."""

from typing import Any

import streamlit as st

from app.components import data, pictures, text
from app.components.listing import acts
from app.queries import problems

SHOWN = 5


def show(problem: dict[str, Any]) -> None:
    """The twins that any step named for this problem, in columns; nothing where there are none."""
    store = data.store()
    refs = problems.newest_first(store)
    twins = data.cached(store.decisions(*refs), problems.twins, problem["problem_id"])
    if not twins:
        return
    st.markdown("#### Twins")
    if len(twins) > SHOWN:
        text.note(f"{len(twins):,} twins; the first {SHOWN} are shown.")
    for column, name in zip(st.columns(max(3, min(len(twins), SHOWN) + 1)), [None, *twins[:SHOWN]], strict=False):
        with column, st.container(border=True, height="stretch", gap="xsmall"):
            _one(problem, name)


def _one(problem: dict[str, Any], twin: str | None) -> None:
    """A twin's card; the problem itself for None."""
    if twin is None:
        found: dict[str, Any] | None = problem
    else:
        store = data.store()
        refs = problems.newest_first(store)
        found = data.cached(store.problems(*refs), problems.problem, twin, (problem["dataset"],))
    if found is None:
        text.note(f"No dataset of this workspace has {twin} any more.")
        return
    pictures.thumbnail(found["images"][0] if found["images"] else None)
    same = [name for name in ("question", "answer", "choices", "images") if found[name] == problem[name]]
    text.show(
        text.label("this problem" if twin is None else f"{found['source']} {found['source_id']}"),
        text.clipped(found["question"]),
        text.chip(f"= {found['answer']}"),
        "" if twin is None else "".join(text.chip(f"same {name}", "good") for name in same),
    )
    if twin is not None:
        st.button("Open", key=f"twin-{twin}", type="tertiary", on_click=acts.go, args=(twin,))
