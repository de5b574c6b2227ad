"""Counts and histograms of the list in one figure; a click on a bar narrows the list, another one widens it again."""

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.components import charts, url
from app.components.listing import filters
from app.components.listing.catalogue import Catalogue
from app.queries.listing import BINS

SHOWN = ("decision", "reason", "review", "tag", "source", "subject", "topic", "grade", "answer_type", "language")
BARS = 6
A_LINE = 4
LINE_HEIGHT, GAP = 128, 0.018
LABEL_LENGTH = 19
RATE = "rate"
QUIET, CHOSEN, GREY = "rgba(64, 89, 173, 0.28)", "rgba(64, 89, 173, 0.75)", "rgba(128, 128, 128, 0.07)"


def show(catalogue: Catalogue) -> None:
    """The figure; fields of one value are left out."""
    counts = catalogue.left.counts
    names = [name for name in SHOWN if sum(n > 0 for n in counts[name].values()) > 1 or st.query_params.get_all(name)]
    if any(catalogue.left.histogram):
        names.insert(0, RATE)
    if not names:
        return
    lines = -(-len(names) // A_LINE)
    layout: dict[str, Any] = {
        "height": LINE_HEIGHT * lines + 6,
        "margin": {"l": 2, "r": 2, "t": 20, "b": 4},
        "barmode": "overlay",
        "bargap": 0.12,
        "showlegend": False,
        "template": "none",
        "hovermode": "closest",
        "annotations": [],
    }
    traces: list[dict[str, Any]] = []
    for place, name in enumerate(names):
        line, column = divmod(place, A_LINE)
        number = "" if place == 0 else str(place + 1)
        left = column / A_LINE
        top = 1 - line / lines
        bottom = top - 1 / lines + 16 / (LINE_HEIGHT * lines) + 4 / (LINE_HEIGHT * lines)
        axes = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        hidden = {"visible": False, "fixedrange": True}
        layout[f"xaxis{number}"] = hidden | {"domain": [left, left + 1 / A_LINE - GAP], "anchor": f"y{number}"}
        layout[f"yaxis{number}"] = hidden | {"domain": [bottom, top], "anchor": f"x{number}"}
        layout["annotations"].append(_title(name, catalogue.chosen.model, left, top))
        made = _histogram(catalogue.left.histogram) if name == RATE else _bars(name, counts[name])
        if name == RATE:
            layout[f"xaxis{number}"] |= {"visible": True, "tickvals": [-0.3, 4.5, 9.3], "ticktext": ["0", "½", "1"]}
            layout[f"xaxis{number}"] |= {"range": [-0.5, 9.5], "showgrid": False, "ticks": "", "tickfont": {"size": 10}}
            layout[f"yaxis{number}"]["domain"] = [bottom + 20 / (LINE_HEIGHT * lines), top]
        else:
            layout[f"yaxis{number}"]["range"] = [BARS - 0.5, -0.5]
        traces += [trace | axes for trace in made]
    key = f"facets-{hash(catalogue.chosen)}-{catalogue.ref}"
    figure = go.Figure({"data": traces, "layout": layout}, skip_invalid=False)
    st.plotly_chart(
        figure,
        key=key,
        on_select=lambda: _selected(key),
        selection_mode="points",
        config={"displayModeBar": False},
    )


def _title(name: str, model: str, left: float, top: float) -> dict[str, Any]:
    said = f"Pass rate of {model}" if name == RATE else filters.TITLES[name]
    font = {"size": 11, "color": "#777"}
    place = {"x": left, "y": top, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    return place | {"text": charts.plain(_short(said, 34)), "showarrow": False, "font": font}


def _bars(name: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    """Lying bars of the most frequent values and all chosen ones, their names and numbers written over them."""
    chosen = st.query_params.get_all(name)
    ranked = sorted(counts, key=lambda value: (value not in chosen, -counts[value]))
    values = [value for value in ranked if counts[value] or value in chosen][:BARS]
    numbers = [counts[value] for value in values]
    places = list(range(len(values)))
    top = max([*numbers, 1])
    ids = [[name, value] for value in values]
    colors = [CHOSEN if value in chosen else QUIET for value in values]
    hover = [charts.plain(f"{filters.SAID.get(value, value)}: {counts[value]:,}") for value in values]
    shared: dict[str, Any] = {
        "type": "bar",
        "orientation": "h",
        "y": places,
        "customdata": ids,
        "width": 0.88,
        "constraintext": "none",
    }
    shared |= {"hovertext": hover, "hoverinfo": "text", "selected": {"marker": {"opacity": 1}}}
    shared |= {"unselected": {"marker": {"opacity": 1}}, "textfont": {"size": 11}, "cliponaxis": True, "textangle": 0}
    over = shared | {"x": [top] * len(values), "textposition": "inside", "marker": {"color": GREY}}
    return [
        shared | {"x": numbers, "marker": {"color": colors}},
        over
        | {
            "text": [charts.plain(_short(filters.SAID.get(v, v), LABEL_LENGTH)) for v in values],
            "insidetextanchor": "start",
        },
        over | {"text": [f"{n:,}" for n in numbers], "insidetextanchor": "end", "marker": {"color": "rgba(0,0,0,0)"}},
    ]


def _histogram(bins: tuple[int, ...]) -> list[dict[str, Any]]:
    low, high = url.get_float("low", 0.0), url.get_float("high", 1.0)
    inside = [low <= (i + 1) / BINS - 1e-6 and i / BINS + 1e-6 <= high for i in range(BINS)]
    narrowed = low > 0 or high < 1
    colors = [CHOSEN if narrowed and here else QUIET for here in inside]
    hover = [f"{i / BINS:.1f} – {(i + 1) / BINS:.1f}: {n:,}" for i, n in enumerate(bins)]
    ids = [[RATE, str(i)] for i in range(BINS)]
    shared: dict[str, Any] = {
        "type": "bar",
        "x": list(range(BINS)),
        "customdata": ids,
        "hovertext": hover,
        "hoverinfo": "text",
    }
    shared |= {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}, "width": 0.92}
    return [
        shared | {"y": list(bins), "marker": {"color": colors}},
        shared | {"y": [max([*bins, 1])] * BINS, "marker": {"color": GREY}},
    ]


def _short(value: str, length: int) -> str:
    return value if len(value) <= length else value[: length - 1] + "…"


def _selected(key: str) -> None:
    """Write what was clicked into the address; a value's bars lie over each other, any of them names it."""
    points = st.session_state[key]["selection"]["points"]
    if not points:
        return
    field, value = points[0]["customdata"]
    if field == RATE:
        _extend(int(value))
    else:
        filters.toggle(field, value)


def _extend(clicked: int) -> None:
    """The first bin clicked is the range, another one extends it, one within it takes it back."""
    low, high = url.get_float("low", 0.0), url.get_float("high", 1.0)
    bottom, top = clicked / BINS, (clicked + 1) / BINS
    if low > 0 or high < 1:
        inside = low <= bottom + 1e-9 and top - 1e-9 <= high
        bottom, top = (0.0, 1.0) if inside else (min(low, bottom), max(high, top))
    url.put("low", round(bottom, 2), 0.0)
    url.put("high", round(top, 2), 1.0)
    url.forget(*filters.LIST)
