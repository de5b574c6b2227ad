"""Rollouts: what the model wrote at a step of a run, group by group, with rewards and their reasons."""

import json
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from app.components import data, pictures, text, url
from app.components.problem import answer
from app.components.problem import view as problem_view
from app.queries import problems, rollouts, runs
from workbench.annotations import REFLECTION, Annotations
from workbench.store import Store

GROUPS_A_PAGE = 10
ANSWERS_A_PAGE = 6
COLUMNS = 2
WHOLE_RUN = "all"
LIST = ("page", "group", "answers_page")


def main() -> None:
    store = data.store()
    names = [name for name in runs.names(store) if rollouts.steps(store, name)]
    if not names:
        st.info("No rollouts yet; a run writes them with its first step: `eureka train CONFIG.yaml`.")
        return
    with st.sidebar:
        run = url.pick("Run", "run", names, clears=["step", "problem", *LIST])
        steps = [str(step) for step in rollouts.steps(store, run)]
        chosen = url.pick("Step", "step", [WHOLE_RUN, *steps], shown=_step_name, default=len(steps), clears=LIST)
        search = url.text("Search the answers", "text", "words of a response", clears=LIST)
        problem_id = url.text("Problem", "problem", "problem id", clears=LIST).strip()
        order = url.optional("Order", "order", list(rollouts.ORDERS), "as sampled", clears=LIST)
    step = None if chosen == WHOLE_RUN else int(chosen)
    group_id = url.get("group")
    if group_id:
        _group(run, group_id, search)
    else:
        _groups(run, step, search, problem_id, order)


def _step_name(value: str) -> str:
    return "whole run" if value == WHOLE_RUN else f"step {value}"


def _groups(run: str, step: int | None, search: str, problem_id: str, order: str) -> None:
    store = data.store()
    files = rollouts.files(store, run, step)
    total = data.cached(files, rollouts.count_groups, run, step, search, problem_id)
    where = _step_name(WHOLE_RUN if step is None else str(step))
    text.show(
        text.head(f"{run}, {where}"),
        text.chip(f"{total:,} group{'' if total == 1 else 's'}" + (f" with “{search}”" if search else "")),
    )
    if not total:
        st.info("No answer here holds that text. Choose “whole run” to search all steps.")
        return
    _export(run, step, search, problem_id, order)
    offset = url.page(total, GROUPS_A_PAGE)
    page = data.cached(files, rollouts.groups, run, step, search, problem_id, order, offset, GROUPS_A_PAGE)
    refs = tuple(runs.datasets(store, run))
    known = data.cached(_problem_files(refs), problems.questions, tuple(page["problem_id"]), refs)
    for row in page.to_dicts():
        with st.container(border=True):
            _line(row, known.get(row["problem_id"]))


def _export(run: str, step: int | None, search: str, problem_id: str, order: str) -> None:
    """All rollouts of the groups that the filter shows, on whatever page; read only when the button is clicked."""
    store = data.store()
    n = data.cached(rollouts.files(store, run, step), rollouts.count_answers, run, step, search, problem_id)
    most = rollouts.EXPORTED_AT_MOST
    label = f"Export these {n:,} rollouts" if n <= most else f"Export the first {most:,} of {n:,} rollouts"
    name = run if step is None else f"{run}-step-{step}"
    make = partial(_exported, store, run, step, search, problem_id, order, most)
    st.download_button(f"{label} (JSONL)", make, f"{name}.jsonl", "application/jsonl", on_click="ignore")


def _exported(store: Store, *query: Any) -> str:
    return _jsonl(store, rollouts.of_groups(store, *query))


def _problem_files(refs: tuple[str, ...]) -> list[Any]:
    store = data.store()
    return store.problems(*(refs or problems.newest_first(store)))


def _line(row: dict[str, Any], problem: dict[str, Any] | None) -> None:
    """A group in the list: picture, question, how its answers did."""
    left, middle, right = st.columns([1, 5, 1], vertical_alignment="center")
    with left:
        pictures.thumbnail(problem["images"][0] if problem and problem["images"] else None)
    with middle:
        question = problem["question"] if problem else f"problem {row['problem_id']} is in no dataset of this workspace"
        accuracy = "not scorable" if row["accuracy"] is None else f"{row['accuracy']:.0%} right"
        text.show(
            text.clipped(question),
            text.chip(f"step {row['step']}"),
            text.chip(f"{row['n']} answers"),
            text.chip(accuracy),
            text.chip("no reward" if row["reward"] is None else f"reward {row['reward']:.2f}"),
            text.chip(f"{row['tokens']:.0f} tokens"),
            text.chip("used", "good") if row["used"] else text.chip("unused", "warn"),
            text.chip(f"{row['hits']} with the text") if row["hits"] else "",
        )
    with right:
        st.button("Read", key=f"read-{row['group_id']}", on_click=_open, args=(row["step"], row["group_id"]))


def _open(step: int, group_id: str) -> None:
    # The group's own step, so that its address reads one file even when the list was of the whole run.
    url.put("step", step)
    url.put("group", group_id)


def _group(run: str, group_id: str, search: str) -> None:
    """One group: the problem beside its picture, then the answers side by side."""
    store = data.store()
    st.button("Back to the groups", icon=":material/arrow_back:", on_click=url.forget, args=("group", "answers_page"))
    chosen = url.get("step")
    step = int(chosen) if chosen.isdecimal() else None
    rows = data.cached(rollouts.files(store, run, step), rollouts.group, run, step, group_id)
    if rows.is_empty():
        text.note(f"Step {chosen} of run {run} has no group {group_id}.")
        return
    text.show(text.head(group_id))
    _problem(run, rows["problem_id"][0])
    with st.expander("Prompt as the model saw it"):
        text.show(text.block(rows["prompt"][0] or ""))
    offset = url.page(rows.height, ANSWERS_A_PAGE, "answers_page")
    page = rows.slice(offset, ANSWERS_A_PAGE).to_dicts()
    labels = Annotations(store.workspace).holding(REFLECTION, [row["rollout_id"] for row in page])
    for start in range(0, len(page), COLUMNS):
        for row, column in zip(page[start : start + COLUMNS], st.columns(COLUMNS), strict=False):
            with column, st.container(border=True):
                answer.card(row, search, labels.get(row["rollout_id"]))
    name = group_id.replace("/", "-")
    st.download_button(
        "Export this group (JSONL)", _jsonl(store, rows), f"{name}.jsonl", "application/jsonl", on_click="ignore"
    )


def _problem(run: str, problem_id: str) -> None:
    store = data.store()
    refs = tuple(runs.datasets(store, run))
    found = data.cached(_problem_files(()), problems.problem, problem_id, refs)
    if found is None:
        text.note(f"No dataset of this workspace has problem {problem_id}.")
        return
    left, right = st.columns([1, 2], gap="large")
    with left:
        pictures.full(list(found["images"] or []))
    with right:
        problem_view.statement(found)
        target = {"dataset": found["dataset"], "problem": problem_id}
        label = "Problem, decisions and source row in Curate"
        st.page_link("views/curate.py", label=label, icon=":material/arrow_forward:", query_params=target)


def _jsonl(store: Store, rows: pl.DataFrame) -> str:
    """The rollouts with the labels that hold, one JSON object a line."""
    held = Annotations(store.workspace).holding(REFLECTION, rows["rollout_id"])
    lines = []
    for row in rows.to_dicts():
        row |= {name: dict(answer.pairs(row[name])) for name in ("rewards", "reward_reasons")}
        label = held.get(row["rollout_id"])
        lines.append(json.dumps(row | {"reflection_label": label.value if label else None}, ensure_ascii=False))
    return "\n".join(lines) + "\n"


main()
