"""Experiments: what `eureka experiment` measured, with its goals, figures, tables and the runs behind them."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.components import charts, data, panel, text, url
from app.queries import experiments, runs

COLUMNS = 3
CURVES = ":material/show_chart:"


def main() -> None:
    store = data.store()
    names = experiments.names(store)
    if not names:
        st.info("No experiments yet; make one with `eureka experiment aha`, `data-efficiency` or `ablations`.")
        return
    with st.sidebar:
        name = url.pick("Experiment", "experiment", names)
    report = data.cached([experiments.file(store, name)], experiments.report, name)
    text.show(text.head(report["title"]), text.quiet(report["about"]))
    _goals(report["goals"])
    _figures(name, report["panels"])
    for table in report["tables"]:
        rows = [[cell(value) for value in row] for row in table["rows"]]
        text.show(text.label(table["title"]), text.table(table["head"], rows))
    _runs(report["runs"])
    made = report["made_with"]
    text.note(f"made at {made['started']}, Python {made['python']}, commit {made['commit'] or 'unknown'}")


def _goals(goals: Sequence[dict[str, Any]]) -> None:
    rows = []
    for goal in goals:
        chips = [
            text.chip(f"{run}: yes", "good") if reached else text.chip(f"{run}: no", "bad")
            for run, reached in goal["met"].items()
        ]
        rows.append((goal["text"], text.Markup("".join(chips))))
    if rows:
        text.show(text.table(("goal", "met"), rows))


def _figures(name: str, panels: Sequence[dict[str, Any]]) -> None:
    text.show(text.legend(panel.legend(panels)))
    for start in range(0, len(panels), COLUMNS):
        for number, column in enumerate(st.columns(COLUMNS), start):
            if number < len(panels):
                with column:
                    charts.show(panel.figure(panels[number]), f"{name}-{number}")


def cell(value: Any) -> str:
    """An interval as `76.5 (72.1 to 80.4)`, a dash where nothing was counted, other numbers rounded."""
    if isinstance(value, dict):
        if not value["n"]:
            return "–"
        around = "" if value["low"] is None else f" ({value['low']:.1f} to {value['high']:.1f})"
        return f"{value['value']:.1f}{around}"
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _runs(named: Sequence[str]) -> None:
    """Links to the runs' own pages: all in one figure, and each alone. A run that was removed is left out."""
    there = set(runs.names(data.store()))
    kept = [run for run in named if run in there]
    if len(kept) > 1:
        together = {"run": kept[0], "with": kept[1:]}
        st.page_link("views/runs.py", label="Compare all its runs", icon=CURVES, query_params=together)
    for start in range(0, len(kept), COLUMNS):
        for run, column in zip(kept[start : start + COLUMNS], st.columns(COLUMNS), strict=False):
            with column:
                label = f"Curves of {text.unmarked(run)}"
                st.page_link("views/runs.py", label=label, icon=CURVES, query_params={"run": run})


main()
