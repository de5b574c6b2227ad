"""Curate: what is in a dataset version, what was decided about each problem and why, and the curators' own words."""

import streamlit as st

from app.components import data, text, url
from app.components.listing import acts, bulk, cards, catalogue, export, facet_chart, filters, saved
from app.components.listing.catalogue import Catalogue
from app.components.problem import panels, said
from app.components.problem import view as problem_view
from app.queries import problems, reviews
from workbench.workspace import read_jsonl

REJECTED_SHOWN = 200


def main() -> None:
    refs = problems.newest_first(data.store())
    if not refs:
        st.info("No datasets yet; make one with `eureka data synth --name N` or `eureka data import PATH`.")
        return
    with st.sidebar:
        ref = url.pick("Dataset", "dataset", refs, clears=filters.LIST)
    models = filters.models()
    listed = catalogue.of(ref, filters.chosen(models))
    with st.sidebar:
        filters.sidebar(listed, models)
        saved.panel()
    problem_id = url.get("problem")
    if problem_id:
        _one(listed, problem_id)
    else:
        st.session_state.pop(acts.PANEL, None)
        _many(listed)


def _many(listed: Catalogue) -> None:
    left = listed.left
    with st.container(horizontal=True, vertical_alignment="center", key="headline"):
        text.show(
            text.head(listed.ref),
            text.chip(f"{left.total:,} of {listed.index.height:,} problems"),
            *(text.chip(f"{name} {n:,}", text.TONES.get(name)) for name, n in left.decided.items() if n),
        )
        cards.pick_view()
    facet_chart.show(listed)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="bar"):
        first = listed.id_at(0) if left.total else ""
        st.button("Open the first", key="first", shortcut="O", disabled=not first, on_click=acts.go, args=(first,))
        bulk.buttons(listed)
        export.button(listed)
        acts.undo_button()
    bulk.confirmation(listed)
    if left.total:
        view = url.get("view", cards.GRID)
        offset = url.page(left.total, cards.size(view))
        cards.show(listed, view, offset)
        _page_keys(left.total, cards.size(view))
    else:
        st.info("No problem passes these filters.")
    said.lately()
    _rejected(listed.ref)


def _page_keys(total: int, size: int) -> None:
    pages = -(-total // size)
    current = min(max(1, url.get_int("page", 1)), pages)
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, letter, to in (("Page before", "Left", current - 1), ("Next page", "Right", current + 1)):
            none = not 1 <= to <= pages
            st.button(label, key=label, shortcut=letter, disabled=none, on_click=url.put, args=("page", to, 1))
        text.note(acts.LIST_KEYS)


def _one(listed: Catalogue, problem_id: str) -> None:
    store = data.store()
    found = data.cached(problems.files(store, listed.ref), problems.problem, problem_id, (listed.ref,))
    before, following = _neighbours(listed, problem_id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="nav"):
        st.button("Back to the list", key="back", shortcut=acts.key("B"), on_click=_back)
        st.button(
            "Previous", key="previous", shortcut=acts.key("Left"), disabled=not before, on_click=acts.go, args=(before,)
        )
        st.button(
            "Next", key="next", shortcut=acts.key("Right"), disabled=not following, on_click=acts.go, args=(following,)
        )
        _where(listed, problem_id)
    if found is None:
        text.note(f"No dataset of this workspace has a problem {problem_id}.")
        return
    words = listed.said(problem_id)
    acts.verdicts(problem_id, words, following)
    shown = reviews.edited(found, words["edit"])
    panels.show(found, shown, words, listed.reviews.facets["tag"].values)
    problem_view.detail(shown, found, words)
    text.note(acts.KEYS)


def _neighbours(listed: Catalogue, problem_id: str) -> tuple[str | None, str | None]:
    """The problems before and after this one in the list.

    One that left the list, for instance by being judged, still has its former neighbours: its place is in the address.
    """
    place = listed.place(problem_id)
    if place is not None:
        url.put("at", place, 0)
        before, after = place - 1, place + 1
    else:
        after = url.get_int("at", 0)
        before = after - 1
    known = range(listed.left.total)
    return (
        listed.id_at(before) if before in known else None,
        listed.id_at(after) if after in known else None,
    )


def _where(listed: Catalogue, problem_id: str) -> None:
    place = listed.place(problem_id)
    total = listed.left.total
    text.show(text.chip(f"{place + 1:,} of {total:,}" if place is not None else f"not among the {total:,} shown"))


def _back() -> None:
    at = url.get_int("at", 0)
    url.forget("problem", "at", "answers", "answers_page")
    url.put("page", at // cards.size(url.get("view", cards.GRID)) + 1, 1)


def _rejected(ref: str) -> None:
    """The rows an import refused, with the reasons."""
    rows, _ = read_jsonl(data.store().workspace.dataset(ref).rejected)
    if not rows:
        return
    with st.expander(f"{len(rows):,} row{'' if len(rows) == 1 else 's'} rejected at import", icon=":material/block:"):
        shown = [(row.get("source_id"), row.get("reason"), str(row.get("row"))[:300]) for row in rows[:REJECTED_SHOWN]]
        text.show(text.table(("source id", "reason", "row"), shown))
        if len(rows) > REJECTED_SHOWN:
            text.note(f"The first {REJECTED_SHOWN}; the rest is in rejected.jsonl of this version.")


main()
