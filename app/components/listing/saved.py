"""Filters saved under a name, and the filter as a step of a recipe."""

from typing import Any

import streamlit as st
import yaml

from app.components import data, text
from app.components.listing import filters
from app.queries import reviews
from workbench.annotations import FILTER, Annotations

# The page's fields as parameters of the step `filter`; what only the page knows cannot be in a recipe.
PARAMETERS = {
    "source": "sources",
    "subject": "subjects",
    "topic": "topics",
    "grade": "grades",
    "answer_type": "answer_types",
    "language": "languages",
    "reason": "reasons",
    "tag": "tags",
    "text": "text",
}


def panel() -> None:
    """Saved filters and the recipe step, folded away in the sidebar."""
    held = reviews.saved_filters(data.store())
    with st.expander("Saved filters and recipe step", icon=":material/bookmark:"):
        if held:
            name = st.selectbox("Saved filter", list(held), key="saved-filter")
            with st.container(horizontal=True):
                st.button("Use it", key="use-filter", on_click=filters.put, args=(held[name].value,))
                st.button("Forget it", key="forget-filter", on_click=_save, args=(name, None))
            text.note(f"saved by {held[name].who}, {held[name].at[:16].replace('T', ' ')}")
        with st.form("save-filter", border=False):
            st.text_input("Save this filter as", key="filter-name", max_chars=80, placeholder="a name")
            st.form_submit_button("Save", on_click=_save_named)
        step, left_out = recipe_step(filters.fields())
        text.show(text.label("this filter as a recipe's step"))
        st.code(step, language="yaml", wrap_lines=True)
        if left_out:
            text.note(f"Not in the step, since only the page knows it: {', '.join(left_out)}.")


def _save_named() -> None:
    name = st.session_state["filter-name"].strip()
    if name:
        _save(name, filters.fields())
        st.session_state["saved-filter"] = name


def _save(name: str, value: dict[str, Any] | None) -> None:
    Annotations(data.store().workspace).add(FILTER, name, value, data.who())


def recipe_step(fields: dict[str, Any]) -> tuple[str, list[str]]:
    """YAML of the step `filter` that keeps what these fields show, and the fields that no step can express."""
    step: dict[str, Any] = {"step": "filter"}
    step |= {PARAMETERS[name]: value for name, value in fields.items() if name in PARAMETERS}
    if "low" in fields or "high" in fields:
        step |= {"lower": float(fields.get("low", 0)), "upper": float(fields.get("high", 1))}
        step |= {"model": fields["model"]} if "model" in fields else {}
    if "annotated" in fields:
        step["annotated"] = fields["annotated"] == "yes"
    left_out = [filters.TITLES[name] for name in ("decision", "review", "why") if name in fields]
    # Readable as typed, but for U+0085, which PyYAML would write as it is and read back as a space.
    readable = "\x85" not in "".join(map(str, fields.values()))
    return yaml.safe_dump({"steps": [step]}, sort_keys=False, allow_unicode=readable), left_out
