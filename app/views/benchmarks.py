"""Benchmarks: models side by side with intervals, the published scores, and the items where two models differ."""

import json
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from app.components import charts, data, pictures, text, url
from app.queries import scores
from eval.published import published
from eval.summary import Summary
from workbench.statistics import Interval

ITEMS_A_PAGE = 5
# Of the papers' tables, which have dozens of models, those that are shown beside one's own.
REFERENCES = "Qwen2.5-VL-7B|MM-Eureka"
PAPERS = ("v1", "v2")
NOTHING_YET = "No scores yet; make some with `eureka eval run --benchmark B --model M`."


def main() -> None:
    view = url.tabs("View", "view", ["models", "items", "published"])
    {"models": _models, "items": _items, "published": _published}[view]()


def _all() -> list[Summary]:
    store = data.store()
    return data.cached(scores.files(store), scores.all_summaries)


def _models() -> None:
    """Every model of the workspace on every benchmark."""
    found = _all()
    if not found:
        st.info(NOTHING_YET)
    for benchmark in dict.fromkeys(summary.benchmark for summary in found):
        mine = [summary for summary in found if summary.benchmark == benchmark]
        with st.container(border=True):
            text.show(text.title(benchmark))
            left, right = st.columns([3, 4], gap="large")
            with left:
                _figure(benchmark, mine)
                if items := scores.published_items(benchmark):
                    text.note(f"The published scores are over {items:,} items.")
            with right:
                _table(mine)
                _groups(mine)


def _figure(benchmark: str, mine: list[Summary]) -> None:
    """Accuracy with its 95 % interval, in percent; published scores as hollow marks."""
    fig = charts.figure("accuracy, %, with 95 % interval", height=120 + 34 * (len(mine) + 4))
    for number, summary in enumerate(mine):
        value, low, high = (100 * x for x in (summary.accuracy.value, summary.accuracy.low, summary.accuracy.high))
        around = {"type": "data", "symmetric": False, "array": [high - value], "arrayminus": [value - low]}
        place = {"x": [value], "y": [charts.plain(summary.model)], "name": charts.plain(summary.model)}
        dot = {"size": 11, "color": charts.color(number)}
        fig.add_trace(go.Scatter(**place, mode="markers", error_x=around, marker=dot))
    chosen = ~pl.col("protocol").is_in(PAPERS) | pl.col("model").str.contains(REFERENCES)
    beside = scores.published_beside(benchmark).filter(chosen)
    marks = {"size": 9, "symbol": "diamond-open", "color": charts.COLORS[-1]}
    for (protocol,), rows in beside.group_by("protocol", maintain_order=True):
        names = [charts.plain(f"{name} ({protocol})") for name in rows["model"]]
        fig.add_trace(go.Scatter(x=rows["score"].to_list(), y=names, mode="markers", marker=marks, name="published"))
        fig.update_layout(height=(fig.layout.height or 0) + 20 * rows.height)
    fig.update_layout(margin={"l": 10}, yaxis={"automargin": True, "autorange": "reversed"}, hovermode="closest")
    charts.show(fig, f"scores-{benchmark}")


def _table(mine: list[Summary]) -> None:
    official = any(summary.has_official for summary in mine)
    rows = [
        (
            summary.model,
            percent(summary.accuracy),
            *([percent(summary.official) if summary.has_official else ""] if official else []),
            f"{summary.n_items:,}" + (f" × {summary.samples}" if summary.samples > 1 else ""),
            "" if summary.mean_tokens is None else f"{summary.mean_tokens:.0f}",
            percent(summary.reflection),
            percent(summary.truncated),
            f"{len(summary.no_response):,}" if summary.no_response else "",
            ", ".join(f"{len(ids)} {reason}" for reason, ids in summary.unscored.items()),
        )
        for summary in mine
    ]
    head = (
        *("model", "accuracy, %", *(["official scoring, %"] if official else [])),
        *("items", "mean tokens", "reflection, %", "cut off, %", "no response", "not scored"),
    )
    text.show(text.table(head, rows))
    for summary in mine:
        for name, share in summary.metrics.items():
            text.note(f"{summary.model}: {name} {100 * share:.1f} %")


def _groups(mine: list[Summary]) -> None:
    """Accuracy by subject, level, grade or kind, a column a model."""
    kinds = list(dict.fromkeys(kind for summary in mine for kind in summary.groups))
    for kind in kinds:
        with st.expander(f"By {kind}"):
            names = sorted({name for summary in mine for name in summary.groups.get(kind, {})})
            rows = [
                (name, *(percent(s.groups[kind][name]) if name in s.groups.get(kind, {}) else "" for s in mine))
                for name in names
            ]
            text.show(text.table((kind, *(summary.model for summary in mine)), rows))


def percent(interval: Interval) -> str:
    """`12.3 (10.1 to 14.9)`, empty where nothing was counted."""
    if not interval.n:
        return ""
    return f"{100 * interval.value:.1f} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def _items() -> None:
    """Two models on one benchmark: the difference, and what each wrote."""
    store = data.store()
    found = _all()
    models: dict[str, list[str]] = {}
    for summary in found:
        models.setdefault(summary.benchmark, []).append(summary.model)
    shared = [benchmark for benchmark, names in models.items() if len(names) > 1]
    if not shared:
        st.info("Two models need scores on the same benchmark to be compared." if found else NOTHING_YET)
        return
    columns = st.columns(4)
    clears = ["page", "first", "second"]
    with columns[0]:
        benchmark = url.pick("Benchmark", "benchmark", shared, clears=clears)
    with columns[1]:
        first = url.pick("First model", "first", models[benchmark], clears=["page"])
    with columns[2]:
        second = url.pick("Second model", "second", [m for m in models[benchmark] if m != first], clears=["page"])
    with columns[3]:
        which = url.optional("Items", "which", list(scores.DIFFERENT), "only one is right", clears=["page"])
    compared = data.cached(scores.files(store), scores.comparison, first, second, benchmark)
    total = data.cached(scores.files(store), scores.count_items, compared, which)
    text.show(
        text.chip(f"{second} − {first}: {percent(compared.difference)} points on {compared.n_items:,} shared items"),
        text.chip(f"only {second} right: {compared.gained}", "good"),
        text.chip(f"only {first} right: {compared.lost}", "bad"),
        text.chip(f"McNemar p = {compared.p_value:.3g}") if compared.p_value is not None else "",
        "" if compared.same_settings else text.chip("the two were sampled with different settings", "warn"),
    )
    if not total:
        st.info("No such items.")
        return
    offset = url.page(total, ITEMS_A_PAGE)
    page = data.cached(scores.files(store), scores.items, compared, which, offset, ITEMS_A_PAGE)
    for row in page.to_dicts():
        with st.container(border=True):
            _item(row, first, second)


def _item(row: dict[str, Any], first: str, second: str) -> None:
    left, middle, right = st.columns([2, 3, 3])
    with left:
        pictures.full(json.loads(row["images"] or "[]") or [])
        text.show(
            text.label(f"item {row['item_id']}"),
            text.block(row["question"] or ""),
            text.chip(f"= {row['gold']}", "good"),
        )
    for column, model, side in ((middle, first, "a"), (right, second, "b")):
        with column:
            span = json.loads(row[f"span_{side}"] or "null")
            marks = [text.Span(span[0], span[1], "answer")] if span else []
            text.show(
                text.title(model),
                text.chip(row[f"verdict_{side}"]),
                text.chip(row[f"extracted_{side}"] or ("no answer" if row[f"response_{side}"] else "no response")),
                text.block(row[f"response_{side}"] or "", marks, scroll=True),
            )


def _published() -> None:
    """The published scores as they were printed; different protocols are not comparable with each other."""
    everything = published()
    protocol = url.tabs("Protocol", "protocol", everything["protocol"].unique(maintain_order=True).to_list())
    rows = everything.filter(pl.col("protocol") == protocol)
    names = rows["benchmark"].unique(maintain_order=True).to_list()
    benchmark = url.optional("Benchmark", "published", names, names[0])
    one = rows.filter(pl.col("benchmark") == benchmark).sort("score")
    fig = charts.figure(f"{benchmark}, % ({protocol}: {one['source'][0]})", height=90 + 22 * one.height)
    ours = [charts.color(1) if "MM-Eureka" in model else charts.color(0) for model in one["model"]]
    fig.add_trace(go.Bar(x=one["score"].to_list(), y=one["model"].to_list(), orientation="h", marker_color=ours))
    fig.update_layout(margin={"l": 10}, yaxis={"automargin": True}, hovermode="closest")
    charts.show(fig, "published")
    wide = rows.pivot("benchmark", index="model", values="score", aggregate_function="first")
    text.show(text.table(wide.columns, ([_cell(cell) for cell in row] for row in wide.iter_rows())))
    text.note("Percent, as printed. Splits, prompts and judges differ between protocols: compare within one only.")


def _cell(value: str | float | None) -> str:
    return "" if value is None else f"{value:.1f}" if isinstance(value, float) else value


main()
