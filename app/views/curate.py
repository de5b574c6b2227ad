"""Curate: what is in a dataset version, what was decided about each problem and why."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from app.components import data, pictures, text, url
from app.components import problem as problem_view
from app.queries import problems
from workbench.workspace import read_jsonl

COLUMNS, ROWS = 4, 3
LIST = ("page", "problem", "answers", "answers_page")
TITLES = {"answer_type": "Answer type"}


def main() -> None:
    store = data.store()
    refs = problems.newest_first(store)
    if not refs:
        st.info("No datasets yet; make one with `eureka data synth --name N` or `eureka data import PATH`.")
        return
    with st.sidebar:
        ref = url.pick("Dataset", "dataset", refs, clears=LIST)
    files = problems.files(store, ref)
    with st.sidebar:
        chosen = _filter(ref)
    problem_id = url.get("problem")
    if problem_id:
        _one(ref, problem_id)
    else:
        _many(ref, chosen, files)


def _filter(ref: str) -> problems.ProblemFilter:
    """The filters in the sidebar, each with the counts of this version."""
    store = data.store()
    search = url.text("Search", "text", "words, gold, problem or source id", clears=LIST)
    models = data.cached(store.responses(), problems.models)
    model, low, high = "", 0.0, 1.0
    if models:
        model = url.optional("Pass rate of model", "model", models, models[0], clears=LIST)
        low, high = url.span("Pass rate", "low", "high", clears=LIST)
    found = data.cached(problems.files(store, ref), problems.facets, ref)
    lists = {}
    for name in ("decision", "reason", "source", "subject", "grade", "answer_type"):
        counts = found[name]
        # A facet of one value narrows nothing.
        if len(counts) < 2 and not url.get(name):
            continue
        title = TITLES.get(name, name.capitalize())
        lists[name] = tuple(url.several(title, name, list(counts), _with_count(counts), clears=LIST))
    return problems.ProblemFilter(**lists, model=model, low=low, high=high, text=search.strip())


def _with_count(counts: dict[str, int]) -> Callable[[str], str]:
    return lambda value: f"{value} ({counts[value]:,})"


def _many(ref: str, chosen: problems.ProblemFilter, files: list[Path]) -> None:
    counts = data.cached(files, problems.counts, ref, chosen)
    total = data.cached(files, problems.counts, ref, problems.ProblemFilter())["total"]
    text.show(
        text.head(ref),
        text.chip(f"{counts['total']:,} of {total:,} problems"),
        *(text.chip(f"{name} {counts[name]:,}", text.TONES.get(name)) for name in _decided(counts)),
    )
    _rejected(ref)
    if not counts["total"]:
        st.info("No problem passes these filters.")
        return
    offset = url.page(counts["total"], COLUMNS * ROWS)
    page = data.cached(files, problems.problems, ref, chosen, offset, COLUMNS * ROWS).to_dicts()
    for start in range(0, len(page), COLUMNS):
        for row, column in zip(page[start : start + COLUMNS], st.columns(COLUMNS), strict=False):
            with column, st.container(border=True, height="stretch"):
                _card(row)


def _decided(counts: dict[str, int]) -> list[str]:
    return [name for name in ("keep", "drop", "undecided", "flag") if counts[name]]


def _card(row: dict[str, Any]) -> None:
    pictures.thumbnail(row["images"][0] if row["images"] else None)
    decision = "" if row["decision"] == problems.UNDECIDED else text.chip(_fate(row), text.TONES.get(row["decision"]))
    rate = "" if row["rate"] is None else text.chip(f"{row['k']}/{row['n']}")
    text.show(
        text.clipped(row["question"]),
        text.chip(f"= {row['answer']}"),
        rate,
        decision,
        *(text.chip(flag, "warn") for flag in row["flags"]),
    )
    st.button("Open", key=f"open-{row['problem_id']}", on_click=url.put, args=("problem", row["problem_id"]))


def _fate(row: dict[str, Any]) -> str:
    return "keep" if row["decision"] == "keep" else f"{row['decision']}: {row['reason']}"


def _one(ref: str, problem_id: str) -> None:
    store = data.store()
    st.button("Back to the list", icon=":material/arrow_back:", on_click=url.forget, args=LIST[1:])
    found = data.cached(problems.files(store, ref), problems.problem, problem_id, (ref,))
    if found is None:
        text.note(f"No dataset of this workspace has a problem {problem_id}.")
        return
    problem_view.detail(found)


def _rejected(ref: str) -> None:
    """The rows an import refused, with the reasons."""
    rows, _ = read_jsonl(data.store().workspace.dataset(ref).rejected)
    if not rows:
        return
    with st.expander(f"{len(rows):,} rows rejected at import"):
        shown = [(row.get("source_id"), row.get("reason"), str(row.get("row"))[:300]) for row in rows[:200]]
        text.show(text.table(("source id", "reason", "row"), shown))
        if len(rows) > 200:
            text.note("The first 200; the rest is in rejected.jsonl of this version.")


main()
