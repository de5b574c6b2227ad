"""The panels of one problem that E, T and N open: an edit of question, answer and choices; tags; a note."""

from typing import Any

import streamlit as st

from app.components import data, text
from app.components.listing import acts
from app.components.problem import focus
from workbench.annotations import EDIT, NOTE, TAGS

SPARE_CHOICES = 2
TAGS_SHOWN = 30


def show(original: dict[str, Any], shown: dict[str, Any], said: dict[str, Any], known_tags: list[str]) -> None:
    """The open panel, if one is; `original` is the problem before its edit, `shown` after it."""
    panel = st.session_state.get(acts.PANEL)
    if panel not in ("edit", "tags", "note"):
        return
    problem_id = original["problem_id"]
    with st.container(border=True, key="panel"):
        if panel == "edit":
            _edit(original, shown)
        elif panel == "tags":
            _tags(problem_id, said["tags"], known_tags)
        else:
            _note(problem_id, said["note"])
    focus.first_field("panel", f"focus-{panel}-{problem_id}")


def _close() -> None:
    st.session_state.pop(acts.PANEL, None)


def _buttons(save: Any, *args: Any, extra: tuple[str, Any] | None = None) -> None:
    with st.container(horizontal=True):
        st.form_submit_button("Save", type="primary", shortcut="Ctrl+Enter", on_click=save, args=args)
        st.form_submit_button("Cancel", shortcut="Esc", on_click=_close)
        if extra:
            st.form_submit_button(extra[0], on_click=extra[1])


def _edit(original: dict[str, Any], shown: dict[str, Any]) -> None:
    problem_id = original["problem_id"]
    choices = list(shown["choices"] or [])
    slots = len(choices) + SPARE_CHOICES
    with st.form(f"edit-{problem_id}", border=False):
        st.text_area("Question", shown["question"], key=f"edit-question-{problem_id}", height=140)
        st.text_input("Answer", shown["answer"], key=f"edit-answer-{problem_id}")
        text.show(text.label("choices; an empty one is left out"))
        columns = st.columns(4)
        for number, value in enumerate([*choices, *[""] * SPARE_CHOICES]):
            with columns[number % 4]:
                st.text_input(chr(65 + number % 26), value, key=f"edit-choice-{number}-{problem_id}")
        _buttons(_save_edit, original, slots, extra=("Restore the original", lambda: _save(EDIT, problem_id, None)))


def _save_edit(original: dict[str, Any], slots: int) -> None:
    problem_id = original["problem_id"]
    field = st.session_state
    choices = [field[f"edit-choice-{number}-{problem_id}"] for number in range(slots)]
    new = {
        "question": field[f"edit-question-{problem_id}"],
        "answer": field[f"edit-answer-{problem_id}"],
        "choices": [choice for choice in choices if choice.strip()] or None,
    }
    missing = [name for name in ("question", "answer") if not new[name].strip()]
    if missing:
        st.toast(f"Not saved: the {missing[0]} is empty.")
        return
    was = {name: original[name] for name in new} | {"choices": list(original["choices"] or []) or None}
    _save(EDIT, problem_id, {name: value for name, value in new.items() if value != was[name]} or None)


def _tags(problem_id: str, held: list[str], known: list[str]) -> None:
    # A tag with a comma, which only a bulk act or another program can give, is not shown here and so stays.
    shown = [tag for tag in held if "," not in tag]
    with st.form(f"tags-{problem_id}", border=False):
        st.text_input("Tags, parted by commas", ", ".join(shown), key=f"tags-field-{problem_id}")
        if known:
            text.show(text.label("used so far"), *(text.chip(tag) for tag in known[:TAGS_SHOWN]))
        _buttons(_save_tags, problem_id, tuple(shown))


def _save_tags(problem_id: str, before: tuple[str, ...]) -> None:
    """Add and remove what was added and removed here: a tag that someone else gave meanwhile stays."""
    after = [tag.strip() for tag in st.session_state[f"tags-field-{problem_id}"].split(",") if tag.strip()]
    added, removed = set(after) - set(before), set(before) - set(after)

    def change(tags: list[str] | None) -> list[str] | None:
        kept = [tag for tag in tags or [] if tag not in removed]
        return [*kept, *(tag for tag in after if tag in added and tag not in kept)] or None

    acts.annotations().change(TAGS, [problem_id], change, data.who())
    _close()


def _note(problem_id: str, held: str | None) -> None:
    with st.form(f"note-{problem_id}", border=False):
        st.text_area("Note", held or "", key=f"note-field-{problem_id}", height=90)
        _buttons(lambda: _save(NOTE, problem_id, st.session_state[f"note-field-{problem_id}"].strip() or None))


def _save(kind: str, problem_id: str, value: Any) -> None:
    held = acts.annotations().holding(kind, [problem_id]).get(problem_id)
    if (held.value if held else None) != value:
        acts.annotations().add(kind, problem_id, value, data.who())
    _close()
