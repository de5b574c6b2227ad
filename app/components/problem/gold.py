"""How the verifier reads a gold: its kind, its parts, and whether an answer that repeats it would be right."""

from typing import Any

import streamlit as st

from app.components import text
from workbench.pairs import pair_of
from workbench.verify import Pair, shared_verifier
from workbench.verify.formula.tokens import TooBig
from workbench.verify.read.items import Cases, Choice, Group, Interval, Item, Matrix, Multi, Relation, Scalar, Words
from workbench.verify.read.reader import read

SHOWN = 300


def reading(problem: dict[str, Any]) -> str:
    """Chips that say so for a row of the problems table, as HTML."""
    kind, verdict, reason, parts = _judged(pair_of(problem, f"\\boxed{{{problem['answer']}}}"))
    if kind is None:
        return text.chip(f"unscorable: {reason}", "bad")
    repeated = text.chip(f"repeated: {verdict}", "good" if verdict == "correct" else "bad")
    return text.chip(f"read as {kind}") + text.chip(parts) + repeated


@st.cache_data(show_spinner=False, max_entries=5000)
def _judged(pair: Pair) -> tuple[str | None, str, str, str]:
    choices = pair.choices or ()
    [judgement] = shared_verifier().judge([pair])
    if judgement.gold_type is None:
        return None, "unscorable", judgement.reason, ""
    if judgement.gold_type == "choice":
        option = judgement.extracted
        parts = f"option {chr(65 + choices.index(option))}" if option in choices else f"option {option}"
    else:
        try:
            parts = describe(read(pair.gold))[:SHOWN]
        except (TooBig, RecursionError):
            parts = "too big to show"
    return judgement.gold_type, judgement.verdict.value, judgement.reason, parts


def describe(item: Item) -> str:
    """A reading in one line."""
    match item:
        case Scalar():
            extra = f" [{item.unit}]" if item.unit else " %" if item.percent else ""
            return f"{item.text}{extra}"
        case Multi() | Group():
            mark = ("{", "}") if isinstance(item, Multi) and item.free else ("", "")
            return mark[0] + "; ".join(describe(part) for part in item.items) + mark[1]
        case Matrix():
            return " / ".join(", ".join(describe(cell) for cell in row) for row in item.rows)
        case Cases():
            rows = (describe(v) + " if " + (describe(w) if w else "otherwise") for v, w in item.branches)
            return "branches " + "; ".join(rows)
        case Choice():
            return f"option {', '.join(sorted(item.letters))}"
        case Relation() | Interval() | Words():
            return item.text
