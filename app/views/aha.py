"""Aha: how often a run's answers reflect, whether second thoughts help, and where to read the best of them."""

import math
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from app.components import charts, data, text, url
from app.components.problem import answer
from app.queries import aha, problems, rollouts, runs
from workbench.annotations import REFLECTION, Annotations
from workbench.reflection import TRANSITIONS
from workbench.statistics import Interval, wilson

CANDIDATES_A_PAGE = 4
CELLS_A_ROW = 3
READ = ":material/arrow_forward:"


def main() -> None:
    store = data.store()
    names = [name for name in runs.names(store) if rollouts.steps(store, name)]
    if not names:
        st.info("No rollouts yet; a run writes them with its first step: `eureka train CONFIG.yaml`.")
        return
    with st.sidebar:
        run = url.pick("Run", "run", names, clears=["page"])
    files = _prepared(run)
    text.show(text.head(run))
    found = data.cached(files, aha.overall, files)
    _numbers(run, found)
    _figures(data.cached(files, aha.by_step, files), found)
    _candidates(run, files, found)


def _prepared(run: str) -> tuple[Path, ...]:
    """The findings of every step; a bar is shown while new ones are made."""
    bar = st.empty()
    files = aha.prepare(
        data.store(), run, lambda done, of: bar.progress(done / of, f"reading answers: {done} of {of} steps")
    )
    bar.empty()
    return files


def _numbers(run: str, found: aha.Overall) -> None:
    labels = Annotations(data.store().workspace).holding(REFLECTION)
    mine = [event.value for target, event in labels.items() if target.startswith(f"{run}/")]
    real = wilson(mine.count("true"), len(mine))
    cells = (
        ("answers that reflect", _percent(found.rate), f"of {found.rate.n:,} answers"),
        ("cues per 1,000 tokens", f"{found.per_thousand_tokens:.2f}", "strict cues only"),
        ("right, with reflection", _percent(found.accuracy_with), f"of {found.accuracy_with.n:,} answers"),
        ("right, without", _percent(found.accuracy_without), f"of {found.accuracy_without.n:,} answers"),
        ("difference, same prompt", _points(found.within), f"over {found.within.n:,} groups with both"),
        ("labelled true", _percent(real), f"of {real.n:,} labelled" if mine else "label some in Rollouts"),
    )
    for start in range(0, len(cells), CELLS_A_ROW):
        for column, cell in zip(st.columns(CELLS_A_ROW), cells[start : start + CELLS_A_ROW], strict=True):
            with column, st.container(border=True):
                text.show(text.label(cell[0]), text.title(cell[1]), text.quiet(cell[2]))


def _percent(interval: Interval) -> str:
    if not interval.n:
        return "–"
    return f"{100 * interval.value:.1f} % ({100 * interval.low:.1f} – {100 * interval.high:.1f})"


def _points(interval: Interval) -> str:
    if not interval.n:
        return "–"
    around = f" ({100 * interval.low:+.1f} to {100 * interval.high:+.1f})" if math.isfinite(interval.low) else ""
    return f"{100 * interval.value:+.1f} points{around}"


def _figures(steps: pl.DataFrame, found: aha.Overall) -> None:
    left, middle, right = st.columns(3)
    x = steps["step"].to_list()
    with left:
        fig = charts.figure("answers that reflect, %")
        charts.band(fig, x, (100 * steps["low"]).to_list(), (100 * steps["high"]).to_list(), 0)
        charts.line(fig, x, (100 * steps["rate"]).to_list(), "rate", 0)
        charts.show(fig, "rate")
    with middle:
        fig = charts.figure("cues per 1,000 tokens")
        charts.line(fig, x, steps["per_thousand"].to_list(), "cues", 2)
        charts.show(fig, "cues")
    with right:
        fig = charts.figure("first → final answer")
        charts.bars(fig, found.transitions, 1)
        charts.show(fig, "transitions")


def _candidates(run: str, files: tuple[Path, ...], found: aha.Overall) -> None:
    st.markdown("#### Candidates")
    chosen = url.optional("Transition", "transition", TRANSITIONS, aha.WANTED, clears=["page"])
    total = found.transitions[chosen]
    if not total:
        st.info("No answer of this run has this transition.")
        return
    offset = url.page(total, CANDIDATES_A_PAGE)
    page = data.cached(files, aha.candidates, files, chosen, offset, CANDIDATES_A_PAGE)
    store = data.store()
    ids, steps = tuple(page["rollout_id"]), tuple(page["step"])
    answers = data.cached(files, rollouts.by_ids, run, steps, ids)
    refs = tuple(runs.datasets(store, run)) or tuple(problems.newest_first(store))
    known = data.cached(store.problems(*refs), problems.questions, tuple(page["problem_id"]), refs)
    labels = Annotations(store.workspace).holding(REFLECTION, ids)
    for start in range(0, len(ids), 2):
        for rollout_id, column in zip(ids[start : start + 2], st.columns(2), strict=False):
            with column, st.container(border=True):
                row = answers[rollout_id]
                _question(row, known.get(row["problem_id"]))
                answer.card(row, "", labels.get(rollout_id))


def _question(row: dict[str, Any], problem: dict[str, Any] | None) -> None:
    question = problem["question"] if problem else f"problem {row['problem_id']} is in no dataset of this workspace"
    text.show(text.chip(f"step {row['step']}"), text.clipped(question))
    target = {"run": row["run_id"], "step": str(row["step"]), "group": row["group_id"]}
    st.page_link("views/rollouts.py", label="Read the group in Rollouts", icon=READ, query_params=target)


main()
