"""The only place that builds HTML: everything from outside goes through `escape` first.

Model and problem text is data. Streamlit's markdown would load remote pictures out of it, so such text is shown
through these functions and `st.html`, never through markdown.
"""

import html
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

Tone = Literal["good", "bad", "warn", "plain"]
SpanKind = Literal["cue", "answer", "hit"]
TONES: dict[str, Tone] = {
    "correct": "good",
    "keep": "good",
    "true": "good",
    "wrong": "bad",
    "drop": "bad",
    "empty": "bad",
    "unscorable": "warn",
    "flag": "warn",
    "accept": "good",
    "reject": "bad",
}


def escape(text: object) -> str:
    """Text as HTML that shows it and does nothing else; control characters become visible, None is empty."""
    if text is None:
        return ""
    shown = "".join(c if c >= " " or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in str(text))
    return html.escape(shown.encode("utf-8", "replace").decode("utf-8"), quote=True)


@dataclass(frozen=True)
class Span:
    """[start, end) in characters of a text, and what is marked there."""

    start: int
    end: int
    kind: SpanKind


def marked(text: str, spans: Iterable[Span]) -> str:
    """HTML of the text with its spans marked; overlapping spans are cut where either begins or ends."""
    inside = [s for s in spans if 0 <= s.start < s.end <= len(text)]
    cuts = sorted({0, len(text), *(s.start for s in inside), *(s.end for s in inside)})
    parts = []
    for start, end in itertools.pairwise(cuts):
        kinds = sorted({s.kind for s in inside if s.start <= start and end <= s.end})
        piece = escape(text[start:end])
        parts.append(f'<mark class="{" ".join(kinds)}">{piece}</mark>' if kinds else piece)
    return "".join(parts)


def hits(text: str, needle: str) -> list[Span]:
    """Where a search's text stands, in any case."""
    return [Span(m.start(), m.end(), "hit") for m in re.finditer(re.escape(needle), text, re.IGNORECASE) if needle]


def chip(label: object, tone: Tone | None = None) -> str:
    """A small coloured label; without a tone, a verdict or decision brings its own."""
    return f'<span class="eu-chip {tone or TONES.get(str(label), "plain")}">{escape(label)}</span>'


def block(text: str, spans: Sequence[Span] = (), scroll: bool = False) -> str:
    """Running text with its line breaks kept; `scroll` bounds its height."""
    return f'<div class="eu-text{" eu-scroll" if scroll else ""}">{marked(text, spans)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A plain table. A cell that is `Markup` is our own HTML already, all others are escaped."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table class="eu-table"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


class Markup(str):
    """HTML that this module built; the mark that lets a table take it as it is."""


def _cell(value: object) -> str:
    if isinstance(value, Markup):
        return str(value)
    return escape(f"{value:.3g}" if isinstance(value, float) else value)


def show(*parts: str) -> None:
    """Put HTML built by this module on the page."""
    st.html("".join(parts))


def note(text: object) -> None:
    """One quiet line, with nothing in it interpreted."""
    show(quiet(text))


def quiet(text: object) -> str:
    return f'<div class="eu-note">{escape(text)}</div>'


def head(text: object, color: str | None = None) -> str:
    """A page's headline, after a dot of one of our colors where it names a curve."""
    dot = f'<span style="color:{escape(color)}">&#9679;</span> ' if color else ""
    return f'<div class="eu-head">{dot}{escape(text)}</div>'


def legend(colors: Mapping[str, str]) -> str:
    """Names of curves after dots of their colors, for several figures at once."""
    marks = (f'<span style="color:{escape(color)}">&#9679;</span> {escape(name)}' for name, color in colors.items())
    return f'<div class="eu-note">{" &ensp; ".join(marks)}</div>'


def alarm(text: object) -> str:
    """What went wrong, in one line."""
    return f'<div class="eu-error">{escape(text)}</div>'


def title(text: object) -> str:
    """A card's headline."""
    return f'<div class="eu-title">{escape(text)}</div>'


def clipped(text: object) -> str:
    """Text cut off after three lines."""
    return f'<div class="eu-clip">{escape(text)}</div>'


def label(text: str, title: str = "") -> str:
    """A field's name above its value."""
    return f'<div class="eu-label" title="{escape(title)}">{escape(text)}</div>'


def unmarked(text: object) -> str:
    """Text for a label that Streamlit reads as markdown, every mark in it escaped."""
    return re.sub(r"([^\w\s])", r"\\\1", str(text))
