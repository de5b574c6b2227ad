"""One problem in full: picture, text, gold, what models answered, what was decided about it, where it came from."""

import json
from typing import Any

import polars as pl
import streamlit as st

from app.components import data, pictures, text, url
from app.queries import problems

RESPONSES_A_PAGE = 4


def statement(problem: dict[str, Any]) -> None:
    """Question, choices and gold."""
    parts = [text.label("question"), text.block(problem["question"])]
    if problem["choices"]:
        lines = "\n".join(f"({chr(65 + i)}) {choice}" for i, choice in enumerate(problem["choices"]))
        parts += [text.label("choices"), text.block(lines)]
    parts += [
        text.label("gold answer"),
        text.chip(problem["answer"], "good"),
        text.chip(problem["answer_type"] or "no type"),
    ]
    text.show(*parts)


def detail(problem: dict[str, Any]) -> None:
    """The whole view of one problem (a row of the problems table)."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        pictures.full(list(problem["images"] or []))
    with right:
        statement(problem)
        if problem["solution"]:
            text.show(text.label("solution"), text.block(problem["solution"], scroll=True))
        facts = [problem[name] for name in ("subject", "topic", "grade", "level", "language", "split", "license")]
        text.show(text.label("subject, grade and the like"), "".join(text.chip(fact) for fact in facts if fact))
    _decisions(problem["problem_id"])
    _answers(problem)
    _origin(problem)


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


def _verdict(verdict: str) -> text.Markup:
    return text.Markup(text.chip(verdict))


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
    rates = data.cached(store.responses(), problems.pass_rates, problem["problem_id"])
    if rates.is_empty():
        text.note("No model has answered this problem yet.")
        return
    rows = [
        (
            row["model"],
            "no scorable answer" if row["rate"] is None else f"{row['k']} of {row['n']} ({row['rate']:.0%})",
            "" if row["rate"] is None else f"{row['low']:.0%} – {row['high']:.0%}",
            "" if row["content_hash"] == problem["content_hash"] else "of an older content of the problem",
        )
        for row in rates.to_dicts()
    ]
    text.show(text.table(("model", "right", "95 % interval", ""), rows))
    names = list(dict.fromkeys(rates["model"]))
    model = url.pick("Responses of", "answers", names, clears=["answers_page"]) if len(names) > 1 else names[0]
    total = int(rates.filter(pl.col("model") == model)["n"].sum()) + _unscorable(problem["problem_id"], model)
    _responses(problem["problem_id"], model, total)


def _unscorable(problem_id: str, model: str) -> int:
    store = data.store()
    return data.cached(store.responses(), problems.count_unscorable, problem_id, model)


def _responses(problem_id: str, model: str, total: int) -> None:
    store = data.store()
    offset = url.page(total, RESPONSES_A_PAGE, "answers_page")
    page = data.cached(store.responses(), problems.responses, problem_id, model, offset, RESPONSES_A_PAGE)
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
