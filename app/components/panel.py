"""A panel of an experiment's report as a figure, in the look of all others."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from app.components import charts

HEIGHT = 290


def figure(panel: dict[str, Any]) -> go.Figure:
    """Lines with their bands, thin lines, dots with intervals or bars, as the panel says; `legend` names them."""
    fig = charts.figure(panel["title"], HEIGHT)
    for series in panel["series"]:
        _add(fig, series)
    fig.update_xaxes(title_text=charts.plain(panel["x"]), automargin=True)
    if ticks := panel["log_ticks"]:
        fig.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{tick:,}" for tick in ticks])
    fig.update_yaxes(rangemode="tozero")
    fig.update_layout(hovermode="closest", barmode="overlay")
    return fig


def legend(panels: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The color of every name in the panels."""
    return {series["name"]: charts.color(series["color"]) for panel in panels for series in panel["series"]}


def _add(fig: go.Figure, series: dict[str, Any]) -> None:
    x, y, low, high, index = (series[key] for key in ("x", "y", "low", "high", "color"))
    x = [charts.plain(place) if isinstance(place, str) else place for place in x]
    named = {"x": x, "y": y, "name": charts.plain(series["name"])}
    match series["style"]:
        case "line":
            if low:
                charts.band(fig, x, low, high, index)
            charts.line(fig, x, y, series["name"], index)
        case "thin":
            style = {"width": 1, "color": charts.faded(index, 0.45)}
            fig.add_trace(go.Scatter(**named, mode="lines", line=style))
        case "bars":
            fig.add_trace(go.Bar(**named, marker_color=charts.color(index)))
        case "dots":
            up = [end - middle for middle, end in zip(y, high, strict=True)]
            down = [middle - end for middle, end in zip(y, low, strict=True)]
            around = {"type": "data", "symmetric": False, "array": up, "arrayminus": down}
            dot = {"size": 10, "color": charts.color(index)}
            fig.add_trace(go.Scatter(**named, mode="markers", error_y=around, marker=dot))
