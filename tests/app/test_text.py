"""The functions that build HTML: what comes from outside stays text."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_workspace import IMAGE, SCRIPT

from app.components import charts, text
from app.components.text import Span


@pytest.mark.parametrize("payload", [SCRIPT, IMAGE, "</div><b>", '" onmouseover="x', "&lt;script&gt;", "a\x00b\x1b[0m"])
def test_every_builder_escapes(payload: str) -> None:
    made = [
        text.block(payload),
        text.block(payload, [Span(1, len(payload) - 1, "cue")]),
        text.chip(payload),
        text.table([payload], [[payload]]),
        text.label(payload, payload),
        text.head(payload, payload),
        text.title(payload),
        text.clipped(payload),
        text.quiet(payload),
        text.alarm(payload),
    ]
    for markup in made:
        assert payload not in markup
        assert "<script" not in markup and "<img" not in markup and "<b>" not in markup
        assert "\x00" not in markup and 'onmouseover="x"' not in markup
    assert "<" not in charts.plain(payload)


def test_marks_are_cut_where_they_overlap() -> None:
    found = text.marked("wait <7>", [Span(0, 4, "cue"), Span(2, 7, "answer")])
    assert found == (
        '<mark class="cue">wa</mark><mark class="answer cue">it</mark><mark class="answer"> &lt;7</mark>&gt;'
    )


def test_spans_outside_the_text_mark_nothing() -> None:
    assert text.marked("abc", [Span(2, 9, "cue"), Span(-1, 2, "cue"), Span(2, 2, "cue")]) == "abc"


@given(st.text(), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=5))
def test_marked_text_reads_as_before(words: str, spans: list[tuple[int, int]]) -> None:
    marked = text.marked(words, [Span(a, b, "cue") for a, b in spans])
    plain = marked.replace('<mark class="cue">', "").replace("</mark>", "")
    assert html.unescape(plain) == html.unescape(text.escape(words))


def test_hits_in_any_case() -> None:
    assert text.hits("Wait, wait. WAIT", "wait") == [Span(0, 4, "hit"), Span(6, 10, "hit"), Span(12, 16, "hit")]
    assert text.hits("anything", "") == []
