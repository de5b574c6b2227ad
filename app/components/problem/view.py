"""One problem in full: picture, text, gold, what models answered, what was decided about it, where it came from."""

import json
from typing import Any

import polars as pl
import streamlit as st

from app.components import data, pictures, text, url
from app.components.listing import acts
from app.components.problem import gold, twins
from app.components.problem import said as history
from app.queries import problems, runs

RESPONSES_A_PAGE = 4
RUNS_LINKED = 5


def statement(problem: dict[str, Any], read_gold: bool = False) -> None:
    """Question, choices and gold; `read_gold` adds how the verifier reads it."""
    parts = [text.label("question"), text.block(problem["question"])]
    if problem["choices"]:
        lines = "\n".join(f"({chr(65 + i)}) {choice}" for i, choice in enumerate(problem["choices"]))
        parts += [text.label("choices"), text.block(lines)]
    parts += [
        text.label("gold answer"),
        text.chip(problem["answer"], "good"),
        text.chip(problem["answer_type"] or "no type"),
    ]
    if read_gold:
        parts.append(gold.reading(problem))
    text.show(*parts)


def detail(problem: dict[str, Any], original: dict[str, Any], said: dict[str, Any]) -> None:
    """The whole view of one problem: its row with the edit applied, the row before it, and a row of `Reviews.of`."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        pictures.full(list(problem["images"] or []))
    with right:
        chips = acts.said_chips(said)
        if chips:
            text.show(chips)
        if said["note"]:
            text.show(text.label("note"), text.block(said["note"]))
        statement(problem, read_gold=True)
        if said["edit"]:
            was = [f"{name}: {original[name]}" for name in ("question", "answer", "choices") if name in said["edit"]]
            text.show(text.label("before the edit"), text.block("\n".join(was), scroll=True))
        if problem["solution"]:
            text.show(text.label("solution"), text.block(problem["solution"], scroll=True))
        facts = [problem[name] for name in ("subject", "topic", "grade", "level", "language", "split", "license")]
        text.show(text.label("subject, grade and the like"), "".join(text.chip(fact) for fact in facts if fact))
    twins.show(problem)
    one, two = st.columns([3, 2], gap="medium")
    with one:
        _decisions(problem["problem_id"])
    with two:
        history.history(problem["problem_id"])
    _answers(problem)
    _rollouts(problem["problem_id"])
    _origin(problem)


def _rollouts(problem_id: str) -> None:
    """Links to what training runs sampled for the problem, the newest runs first."""
    store = data.store()
    names = [name for name in runs.names(store) if store.rollouts(name)][:RUNS_LINKED]
    if not names:
        return
    st.markdown("#### Rollouts")
    with st.container(horizontal=True):
        for name in names:
            query = {"run": name, "step": "all", "problem": problem_id}
            label = f"In the run {text.unmarked(name)}"
            st.page_link("views/rollouts.py", label=label, icon=":material/forum:", query_params=query)


def _decisions(problem_id: str) -> None:
    st.markdown("#### Decisions")
    store = data.store()
    refs = problems.newest_first(store)
    chain = data.cached(store.decisions(*refs), problems.chain, problem_id)
    if chain.is_empty():
        text.note("No curation has judged this problem yet.")
        return
    rows = [
        (
            row["dataset_version"],
            row["step"],
            text.Markup(text.chip(row["verdict"])),
            row["reason"],
            _facts(row["detail"]),
        )
        for row in chain.to_dicts()
    ]
    text.show(text.table(("version", "step", "verdict", "reason", "detail"), rows))


def _facts(detail: str | None) -> str:
    """A decision's JSON detail as `name: value` lines; text that is no JSON object as it is."""
    try:
        value = json.loads(detail or "{}")
    except json.JSONDecodeError:
        return str(detail)
    if not isinstance(value, dict):
        return str(detail)
    return " · ".join(f"{key}: {json.dumps(item, ensure_ascii=False)}" for key, item in value.items())


def _answers(problem: dict[str, Any]) -> None:
    st.markdown("#### Pass rates")
    store = data.store()
    answered = data.cached(store.responses(), problems.answers, problem["problem_id"])
    if answered.is_empty():
        text.note("No model has answered this problem yet.")
        return
    rows = []
    for rate in problems.pass_rates(answered):
        interval = rate["interval"]
        right = f"{rate['k']} of {rate['n']} ({rate['k'] / rate['n']:.0%})" if interval else "no scorable answer"
        stale = "" if rate["content_hash"] == problem["content_hash"] else "of an older content of the problem"
        rows.append((rate["model"], right, f"{interval.low:.0%} – {interval.high:.0%}" if interval else "", stale))
    text.show(text.table(("model", "right", "95 % interval", ""), rows))
    names = answered["model"].unique(maintain_order=True).to_list()
    model = url.pick("Responses of", "answers", names, clears=["answers_page"]) if len(names) > 1 else names[0]
    _responses(answered.filter(pl.col("model") == model))


def _responses(answered: pl.DataFrame) -> None:
    offset = url.page(answered.height, RESPONSES_A_PAGE, "answers_page")
    page = answered.slice(offset, RESPONSES_A_PAGE)
    for row, column in zip(page.to_dicts(), st.columns(RESPONSES_A_PAGE), strict=False):
        with column, st.container(border=True):
            text.show(
                text.chip(f"sample {row['sample_index']}"),
                text.chip(row["verdict"]),
                text.block(row["response"] or "", answer_span(row["span"]), scroll=True),
            )


def answer_span(span: list[int] | None) -> list[text.Span]:
    """The extracted answer's place in a response, as a mark."""
    return [text.Span(span[0], span[1], "answer")] if span and len(span) == 2 else []


def _origin(problem: dict[str, Any]) -> None:
    st.markdown("#### Source row")
    ids = [(name, problem[name]) for name in ("source", "source_id", "problem_id", "content_hash")]
    text.show(text.table(("field", "value"), [*ids, *(("image", sha) for sha in problem["images"] or [])]))
    if problem["extra"] not in (None, "", "{}"):
        st.code(_indented(problem["extra"]), language="json", wrap_lines=True)


def _indented(extra: str) -> str:
    try:
        return json.dumps(json.loads(extra), ensure_ascii=False, indent=2)
    except json.JSONDecodeError:
        return extra
