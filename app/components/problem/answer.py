"""One rollout as a card: verdict, rewards and reasons, the response with its marks, and the reviewer's word."""

from typing import Any

import streamlit as st

from app.components import data, text
from app.components.problem.view import answer_span
from workbench import reflection
from workbench.annotations import REFLECTION, REFLECTION_LABELS, Annotations, Event
from workbench.workspace import Workspace


def card(row: dict[str, Any], search: str, label: Event | None) -> None:
    """`row` is a row of the rollouts table, `label` the reviewer's word on its reflection."""
    response = row["response"] or ""
    found = reflection.analyze_reflection(response)
    marks = [text.Span(cue.start, cue.end, "cue") for cue in found.cues]
    text.show(
        text.title(f"answer {row['sample_index']}"),
        text.chip(row["verdict"]),
        text.chip("no reward" if row["reward"] is None else f"reward {row['reward']:.3g}"),
        text.chip(f"advantage {row['advantage'] or 0:+.2f}"),
        text.chip("used", "good") if row["used"] else text.chip(f"unused: {row['unused_reason']}", "warn"),
        text.chip(f"{row['n_tokens']} tokens, {row['finish_reason']}"),
        text.chip(f"{len(marks)} reflection cue{'s' if len(marks) > 1 else ''}", "warn") if marks else "",
        _rewards(row),
        text.label("extracted answer", "rule: " + str(row["rule"])),
        text.chip(row["extracted"]) if row["extracted"] is not None else text.chip("none", "warn"),
        text.label("response"),
        text.block(response, [*marks, *answer_span(row["span"]), *text.hits(response, search)], scroll=True),
    )
    if marks:
        _label(row["rollout_id"], label)


def _rewards(row: dict[str, Any]) -> str:
    reasons = dict(pairs(row["reward_reasons"]))
    rows = [(name, value, reasons.get(name, "")) for name, value in pairs(row["rewards"])]
    return text.table(("reward", "value", "reason"), rows) if rows else ""


def pairs(value: Any) -> list[tuple[str, Any]]:
    """A map column's entries, which come as {key, value} rows or as a mapping."""
    if isinstance(value, dict):
        return list(value.items())
    return [(entry["key"], entry["value"]) if isinstance(entry, dict) else tuple(entry) for entry in value or []]


def _label(rollout_id: str, held: Event | None) -> None:
    """The reviewer's buttons; pressing the one that holds takes the word back."""
    said = f"{held.value}, said {held.who}" if held else "not labelled"
    text.show(text.label(f"reflection: {said}"))
    with st.container(horizontal=True):
        for value in REFLECTION_LABELS:
            chosen = held is not None and held.value == value
            st.button(
                value.capitalize(),
                key=f"{value}-{rollout_id}",
                type="primary" if chosen else "secondary",
                on_click=_say,
                args=(rollout_id, None if chosen else value),
            )


def _say(rollout_id: str, value: str | None) -> None:
    Annotations(Workspace.default()).add(REFLECTION, rollout_id, value, data.who())
