"""What a curator does to a problem or to many: verdicts, tags, notes, and taking it back, by button and by key."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from app.components import data, text, url
from app.components.listing import filters
from app.queries import reviews
from workbench.annotations import DECISION, EDIT, NOTE, TAGS, VERDICTS, Act, Annotations
from workbench.store import Store

# The keys 1 to 6 reject for these; any other reason can be typed.
REASONS = ("wrong_answer", "unclear", "bad_picture", "missing_picture", "duplicate", "off_topic")
KEYS = (
    "Keys: A accept · X reject for the reason chosen · 1–6 reject for that reason · F flag · Z clear the verdict · "
    "E edit · T tags · N note · ← → previous, next · U undo · B back to the list"
)
LIST_KEYS = "Keys: O open the first · ← → pages · Shift+A, Shift+X, Shift+F accept, reject, flag all shown · U undo"
NAMES = {DECISION: "verdict", EDIT: "edit", TAGS: "tags", NOTE: "note"}
PANEL = "panel"


def annotations() -> Annotations:
    return Annotations(data.store().workspace)


def key(name: str) -> str | None:
    """A button's key, which sleeps while a field is open, so that typing there can press nothing."""
    return None if st.session_state.get(PANEL) else name


def decide(problem_id: str, value: dict[str, Any] | None, then: str | None) -> None:
    """Say a verdict about one problem (None takes it back) and go to the problem `then`."""
    held = annotations().holding(DECISION, [problem_id]).get(problem_id)
    if (held.value if held else None) != value:
        annotations().add(DECISION, problem_id, value, data.who())
    if then and not url.get("stay"):
        go(then)


def go(problem_id: str) -> None:
    url.put("problem", problem_id)
    url.forget("answers", "answers_page")
    st.session_state.pop(PANEL, None)


def verdict(name: str, reason: str | None = None) -> dict[str, Any]:
    return {"verdict": name, "reason": reason}


def reason_box(name: str) -> None:
    """The reason that a rejection gives (`reason` tells it); it stays what it was for the next problem."""
    kept = st.session_state.setdefault(f"kept-{name}", REASONS[0])
    options = list(dict.fromkeys([*REASONS, kept]))

    def changed() -> None:
        st.session_state[f"kept-{name}"] = (st.session_state[f"{name}-box"] or "").strip() or REASONS[0]

    st.selectbox(
        "Reason",
        options,
        index=options.index(kept),
        key=f"{name}-box",
        accept_new_options=True,
        label_visibility="collapsed",
        width=170,
        on_change=changed,
    )


def reason(name: str) -> str:
    return str(st.session_state.get(f"kept-{name}", REASONS[0]))


def _reject(problem_id: str, following: str | None) -> None:
    decide(problem_id, verdict("reject", reason("reason")), following)


def verdicts(problem_id: str, said: dict[str, Any], following: str | None) -> None:
    """The buttons about one problem; `said` is a row of `Reviews.of`, `following` the problem to go to afterwards."""
    about = (problem_id, following)
    tone = {name: "primary" if said["review"] == name else "secondary" for name in VERDICTS}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="verdicts"):
        for name, label, letter in (("accept", "Accept", "A"), ("flag", "Flag", "F")):
            arguments = (problem_id, verdict(name), following)
            st.button(label, key=name, type=tone[name], shortcut=key(letter), on_click=decide, args=arguments)
        st.button("Reject", key="reject", type=tone["reject"], shortcut=key("X"), on_click=_reject, args=about)
        reason_box("reason")
        none = said["review"] is None
        st.button(
            "Clear", key="clear", shortcut=key("Z"), on_click=decide, args=(problem_id, None, None), disabled=none
        )
        for label, letter in (("Edit", "E"), ("Tags", "T"), ("Note", "N")):
            st.button(label, key=f"open-{label}", shortcut=key(letter), on_click=_open, args=(label.lower(),))
        undo_button()
        st.toggle("stay", key="stay-here", value=bool(url.get("stay")), on_change=_stay, help=_STAY)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="reasons"):
        for number, name in enumerate(REASONS, 1):
            arguments = (problem_id, verdict("reject", name), following)
            label, digit = f"Reject: {name.replace('_', ' ')}" if number == 1 else name.replace("_", " "), str(number)
            st.button(label, key=f"r{number}", type="tertiary", shortcut=key(digit), on_click=decide, args=arguments)


_STAY = "Stay on the problem after a verdict instead of going to the next one."


def _stay() -> None:
    url.put("stay", "1" if st.session_state["stay-here"] else "")


def _open(panel: str) -> None:
    st.session_state[PANEL] = panel


def undo_button() -> None:
    """Takes the last act of this user back, also one of an earlier visit, and also one about many problems."""
    act = data.cached(reviews.files(data.store()), last_act, data.who())
    what = "" if act is None else f" {_what(act)}"
    st.button(f"Undo{what}", key="undo", shortcut=key("U"), disabled=act is None, on_click=_undo, args=(act,))


def _what(act: Act) -> str:
    said = act.value["verdict"] if act.kind == DECISION and act.value else NAMES[act.kind]
    return said if act.n == 1 else f"{said} of {act.n:,}"


def last_act(store: Store, who: str) -> Act | None:
    return Annotations(store.workspace).last_act(who)


def _undo(act: Act) -> None:
    restored = annotations().undo(act, data.who())
    if act.n == 1 and url.get("problem"):
        go(act.target)
    kept = act.n - restored
    later = f"; {kept:,} kept what was said later" if kept else ""
    st.toast(f"Undone for {restored:,} problem{'' if restored == 1 else 's'}{later}.")


def say_all(kind: str, ids: Sequence[str], value: Any | Callable[[Any], Any]) -> None:
    """One act about many problems; a function changes what each of them has."""
    if callable(value):
        annotations().change(kind, ids, value, data.who())
    else:
        annotations().add_many(kind, ids, value, data.who())


def said_chips(row: dict[str, Any]) -> str:
    """What people said about a problem, as chips."""
    parts = []
    if row["review"]:
        why = f": {row['why']}" if row["why"] else ""
        parts.append(text.chip(f"{filters.SAID.get(row['review'], row['review'])}{why}", text.TONES.get(row["review"])))
    if row["edit"]:
        parts.append(text.chip("edited", "warn"))
    parts += [text.chip(f"#{tag}") for tag in row["tags"]]
    if row["note"]:
        parts.append(text.chip("note"))
    return "".join(parts)
