"""A report's panels as one Plotly figure: an HTML page that needs nothing else, and a PNG where there is a browser."""

import math
import os
import shutil
from pathlib import Path

import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType
from plotly.subplots import make_subplots

from train.experiments.report import Panel, Report, Series
from workbench.colors import COLORS
from workbench.workspace import write_bytes, write_text

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NO_BROWSER = "the figure as PNG needs Chrome or Chromium (Debian: apt-get install chromium); the HTML page is written"
COLUMNS = 3
WIDTH, ROW_HEIGHT = 1500, 400
FONT = "Inter, Helvetica, Arial, sans-serif"


def draw(report: Report) -> go.Figure:
    """All panels in a grid under the report's title, one legend below."""
    columns = min(COLUMNS, len(report.panels))
    rows = math.ceil(len(report.panels) / columns)
    titles = [f"<b>{panel.title}</b>" for panel in report.panels]
    fig = make_subplots(rows, columns, subplot_titles=titles, horizontal_spacing=0.06, vertical_spacing=0.32 / rows)
    named: set[str] = set()
    for index, panel in enumerate(report.panels):
        place = {"row": index // columns + 1, "col": index % columns + 1}
        for series in panel.series:
            for trace in _traces(series, series.name not in named):
                fig.add_trace(trace, **place)
            named.add(series.name)
        fig.update_xaxes(title_text=panel.x, title_standoff=8, **_x_axis(panel), **place)
    # Numbers are percent, points or tokens; a curve that starts high must not look as if it started at nothing.
    fig.update_xaxes(showgrid=False, linecolor="#9aa1ab", ticks="outside", tickcolor="#9aa1ab")
    fig.update_yaxes(gridcolor="#e6e8ec", zerolinecolor="#9aa1ab", rangemode="tozero")
    fig.update_annotations(font={"size": 17}, yshift=6)
    fig.update_layout(
        title={"text": f"<b>{report.title}</b>", "font": {"size": 23}, "x": 0.02, "xanchor": "left", "y": 0.97},
        font={"family": FONT, "size": 14, "color": "#1f2430"},
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.36 / rows, "font": {"size": 15}},
        margin={"l": 60, "r": 30, "t": 110, "b": 110},
        height=ROW_HEIGHT * rows + 140,
        plot_bgcolor="white",
        paper_bgcolor="white",
        barmode="overlay",
    )
    return fig


def _x_axis(panel: Panel) -> dict[str, object]:
    if not panel.log_ticks:
        return {}
    return {"type": "log", "tickvals": list(panel.log_ticks), "ticktext": [f"{x:,}" for x in panel.log_ticks]}


def _traces(series: Series, legend: bool) -> list[BaseTraceType]:
    color = COLORS[series.color % len(COLORS)]
    known = {"name": series.name, "legendgroup": series.name, "showlegend": legend}
    x, y = list(series.x), list(series.y)
    if series.style == "bars":
        return [go.Bar(x=x, y=y, marker_color=color, **known)]
    if series.style == "dots":
        return [go.Scatter(x=x, y=y, mode="markers", marker={"size": 12, "color": color}, **_bars(series), **known)]
    if series.style == "thin":
        return [go.Scatter(x=x, y=y, mode="lines", line={"width": 1, "color": _faded(color, 0.45)}, **known)]
    mode = "lines+markers" if len(x) < 20 else "lines"
    line = go.Scatter(x=x, y=y, mode=mode, line={"width": 3, "color": color}, marker={"size": 8}, **known)
    if series.low is None or series.high is None:
        return [line]
    around = {"x": [*x, *reversed(x)], "y": [*series.high, *reversed(series.low)], "fill": "toself"}
    style = {"fillcolor": _faded(color, 0.16), "line_width": 0, "mode": "lines", "hoverinfo": "skip"}
    return [go.Scatter(**around, **style, legendgroup=series.name, showlegend=False), line]


def _bars(series: Series) -> dict[str, object]:
    if series.low is None or series.high is None:
        return {}
    up = [high - y for high, y in zip(series.high, series.y, strict=True)]
    down = [y - low for low, y in zip(series.low, series.y, strict=True)]
    return {"error_y": {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "thickness": 2}}


def _faded(color: str, alpha: float) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {alpha})"


def find_browser() -> str | None:
    """The path of a Chrome or Chromium: BROWSER_PATH, or one that is installed."""
    return os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, BROWSERS)), None)


def write(report: Report, folder: Path) -> tuple[list[Path], str | None]:
    """Write the figure as NAME.html and, where a browser can draw it, NAME.png; the files, and what is missing."""
    fig = draw(report)
    page = folder / f"{report.experiment}.html"
    write_text(page, fig.to_html(include_plotlyjs=True, config={"displaylogo": False}))
    browser = find_browser()
    if browser is None:
        return [page], NO_BROWSER
    # kaleido looks there, and its browser needs no sandbox for a page of our own.
    os.environ["BROWSER_PATH"] = browser
    try:
        drawn = fig.to_image(format="png", width=WIDTH, height=fig.layout.height, scale=2)
    except RuntimeError as error:
        return [page], f"no PNG, since {browser} did not draw it ({type(error).__name__}); the HTML page is written"
    picture = folder / f"{report.experiment}.png"
    write_bytes(picture, drawn)
    return [page, picture], None
