"""Figures: one look for all of them."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from workbench.colors import COLORS

HEIGHT = 260


def color(index: int) -> str:
    return COLORS[index % len(COLORS)]


def faded(index: int, alpha: float = 0.18) -> str:
    """The color as a band around its line."""
    red, green, blue = (int(color(index)[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {alpha})"


def figure(title: str, height: int = HEIGHT, legend: bool = False) -> go.Figure:
    """An empty figure with little around it."""
    return go.Figure(
        layout=go.Layout(
            title={"text": plain(title), "font": {"size": 14}, "x": 0.01, "xanchor": "left"},
            height=height,
            margin={"l": 48, "r": 12, "t": 38, "b": 32},
            showlegend=legend,
            legend={"orientation": "h", "y": -0.22},
            hovermode="x unified",
        )
    )


def plain(text: object) -> str:
    """Text for plotly, which would take `<b>` or `<a href>` in it for markup."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def line(fig: go.Figure, x: Sequence[float], y: Sequence[float | None], name: str, index: int) -> None:
    mode = "lines+markers" if len(x) < 40 else "lines"
    style = {"color": color(index), "width": 2}
    fig.add_trace(go.Scatter(x=x, y=y, name=plain(name), mode=mode, line=style, marker={"size": 5}, connectgaps=True))


def band(fig: go.Figure, x: Sequence[float], low: Sequence[float], high: Sequence[float], index: int) -> None:
    """An interval around a line."""
    around = {
        "x": [*x, *reversed(x)],
        "y": [*high, *reversed(low)],
        "fill": "toself",
        "fillcolor": faded(index),
        "mode": "lines",
    }
    fig.add_trace(go.Scatter(**around, line_width=0, hoverinfo="skip", showlegend=False))


def bars(fig: go.Figure, counts: Mapping[str, float], index: int = 0) -> None:
    """Lying bars, the first on top, since names are long."""
    names = [plain(name) for name in counts]
    fig.add_trace(go.Bar(x=list(counts.values()), y=names, orientation="h", marker_color=color(index)))
    fig.update_layout(yaxis={"automargin": True, "autorange": "reversed"}, hovermode="closest")


def show(fig: go.Figure, key: str) -> None:
    st.plotly_chart(fig, key=key, config={"displayModeBar": False})
