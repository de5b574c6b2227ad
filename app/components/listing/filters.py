"""The sidebar of the Curate page: one widget a field, each value with the number of problems it would show."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.components import data, url
from app.components.listing.catalogue import Catalogue
from app.queries import problems
from app.queries.listing import ANNOTATED, FACETS, ProblemFilter

# What a new choice makes meaningless: the page of the list and the problem that was open.
LIST = ("page", "problem", "at", "answers", "answers_page")
BOUNDS = ("model", "low", "high")
# Everything of an address that is the filter.
FIELDS = (*FACETS, "annotated", *BOUNDS, "text")
# A field with thousands of values would make the page heavy; the search box of the widget finds the frequent ones.
OPTIONS_SHOWN = 400
TITLES = {
    "decision": "Decision of the pipeline",
    "reason": "Reason",
    "review": "Reviewed as",
    "why": "Reviewer's reason",
    "tag": "Tag",
    "source": "Source",
    "subject": "Subject",
    "topic": "Topic",
    "grade": "Grade",
    "answer_type": "Answer type",
    "language": "Language",
}
SAID = {"accept": "accepted", "reject": "rejected", "flag": "flagged"}


def models() -> list[str]:
    store = data.store()
    return data.cached(store.responses(), problems.models)


def chosen(known: list[str]) -> ProblemFilter:
    """The filter in the address."""
    lists = {name: tuple(st.query_params.get_all(name)) for name in FACETS}
    low, high = sorted(min(1.0, max(0.0, url.get_float(n, d))) for n, d in (("low", 0.0), ("high", 1.0)))
    return ProblemFilter(
        **lists,
        annotated=url.get("annotated") if url.get("annotated") in ANNOTATED else "",
        model=url.get("model") if url.get("model") in known else next(iter(known), ""),
        low=low,
        high=high,
        text=url.get("text").strip(),
    )


def sidebar(catalogue: Catalogue, known: list[str]) -> None:
    """The widgets; each writes the address, from which the page is drawn anew."""
    url.text("Search", "text", "words, gold, problem or source id", clears=LIST)
    counts = catalogue.left.counts
    for name in ("decision", "reason", "review", "why", "tag"):
        _facet(name, counts[name])
    url.tabs("Annotated", "annotated", ["", *ANNOTATED], shown=_annotated, clears=LIST)
    if known:
        if len(known) > 1:
            url.optional("Pass rate of model", "model", known, known[0], clears=LIST)
        url.span("Pass rate" if len(known) > 1 else "Pass rate of the model", "low", "high", clears=LIST)
    for name in ("source", "subject", "topic", "grade", "answer_type", "language"):
        _facet(name, counts[name])


def _annotated(value: str) -> str:
    return {"": "all", "yes": "annotated", "no": "not yet"}[value]


def _facet(name: str, counts: Mapping[str, int]) -> None:
    wanted = st.query_params.get_all(name)
    # A field of one value narrows nothing.
    if len(counts) < 2 and not wanted:
        return
    shown = [value for value, n in counts.items() if n or value in wanted][:OPTIONS_SHOWN]
    shown += [value for value in wanted if value not in shown]
    url.several(
        TITLES[name], name, shown, lambda value: f"{SAID.get(value, value)} ({counts.get(value, 0):,})", clears=LIST
    )


def fields() -> dict[str, Any]:
    """The filter as the address has it: a list for each of FACETS, strings for the others."""
    found: dict[str, Any] = {}
    for name in FIELDS:
        if values := [value for value in st.query_params.get_all(name) if value]:
            found[name] = values if name in FACETS else values[-1]
    return found


def put(found: Mapping[str, Any]) -> None:
    """Replace the address's filter; what is no field of a filter is left out."""
    url.forget(*FIELDS, *LIST)
    for name, value in found.items():
        if name in FIELDS:
            st.query_params[name] = [str(v) for v in value] if isinstance(value, list) else str(value)


def toggle(name: str, value: str) -> None:
    """Take one value in or out of a field's choice."""
    held = st.query_params.get_all(name)
    values = [v for v in held if v != value] if value in held else [*held, value]
    st.query_params.pop(name, None)
    if values:
        st.query_params[name] = values
    url.forget(*LIST)
