"""Runs: the curves of one training run or several, live while one goes on."""

import polars as pl
import streamlit as st

from app.components import charts, data, text, url
from app.queries import runs

EVERY = "3s"
COLUMNS = 3
# What one looks at first, as far as the run has it; every other metric stands under its group.
OVERVIEW = (
    "reward/total",
    "accuracy/sampled",
    "eval/accuracy",
    "length/mean",
    "reflection/rate",
    "policy/nll",
    "policy/entropy",
    "gap/max",
    "policy/grad_norm",
    "policy/lr",
)


def main() -> None:
    names = runs.names(data.store())
    if not names:
        st.info("No runs yet; start one with `eureka train CONFIG.yaml`.")
        return
    with st.sidebar:
        first = url.pick("Run", "run", names)
        others = url.several("Compare with", "with", [name for name in names if name != first], hint="none")
        smooth = st.slider("Smoothing (steps)", 1, 25, 1, help="Each point is the mean of this many steps up to it.")
    chosen = [first, *others]
    live = any(runs.is_live(data.store(), name) for name in chosen)
    st.fragment(_curves, run_every=EVERY if live else None)(chosen, smooth)
    _configs(chosen)


def _curves(chosen: list[str], smooth: int) -> None:
    store = data.store()
    tables = {name: data.cached([runs.metrics_file(store, name)], runs.metrics, name) for name in chosen}
    for number, name in enumerate(chosen):
        _head(name, number, tables[name], len(chosen) > 1)
    keys = list(dict.fromkeys(key for table in tables.values() for key in table.columns if key != "step"))
    if not keys:
        st.info("No metrics yet; they appear with the first step.")
        return
    groups = {"overview": [key for key in OVERVIEW if key in keys] or keys[:9]} | runs.group_keys(keys)
    # A tab that is not open costs nothing: only the chosen group's figures are built.
    group = url.tabs("Metrics", "group", list(groups))
    for start in range(0, len(groups[group]), COLUMNS):
        for key, column in zip(groups[group][start : start + COLUMNS], st.columns(COLUMNS), strict=False):
            with column:
                _chart(key, tables, smooth)


def _head(name: str, number: int, table: pl.DataFrame, compared: bool) -> None:
    """The run in one line: its name (in its curves' color), how far it is, what it runs on."""
    store = data.store()
    config = data.cached([runs.config_file(store, name)], runs.config, name)
    done = int(str(table["step"].max())) if table.height else 0
    planned = config.get("steps")
    trained_on = config.get("dataset", "")
    text.show(
        text.head(name, charts.color(number) if compared else None),
        text.chip(
            "going on" if runs.is_live(store, name) else "not running", "good" if runs.is_live(store, name) else None
        ),
        text.chip(f"step {done}" + (f" of {planned}" if planned else "")),
        text.chip(f"model {config['model']}") if "model" in config else "",
        *(text.chip(ref) for ref in ([trained_on] if isinstance(trained_on, str) else trained_on) if ref),
    )


def _chart(key: str, tables: dict[str, pl.DataFrame], smooth: int) -> None:
    fig = charts.figure(key, legend=len(tables) > 1)
    for number, (name, table) in enumerate(tables.items()):
        if key not in table.columns:
            continue
        points = table.select("step", key).drop_nulls()
        values = points[key].rolling_mean(smooth, min_samples=1)
        charts.line(fig, points["step"].to_list(), values.to_list(), name, number)
    charts.show(fig, f"chart-{key}")


def _configs(chosen: list[str]) -> None:
    store = data.store()
    with st.expander("Config"):
        for name, column in zip(chosen, st.columns(len(chosen)), strict=True):
            with column:
                config = data.cached([runs.config_file(store, name)], runs.config_text, name)
                text.show(text.label(name))
                st.code(config or "# no config.yaml in this run's folder", language="yaml")


main()
