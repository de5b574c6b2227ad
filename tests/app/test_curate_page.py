"""The Curate page on the small workspace: filters, lists, one problem, acts, their undoing, and hostile words."""

import json
from collections.abc import Callable

import polars as pl
import pytest
import yaml
from opening import OpenPage, html
from small_workspace import IMAGE, SCRIPT
from streamlit.testing.v1 import AppTest

from app.components import data
from app.components.listing import catalogue, export, facet_chart, saved
from app.queries.listing import ProblemFilter
from workbench.annotations import DECISION, EDIT, FILTER, NOTE, TAGS, Annotations
from workbench.store import Store
from workbench.workspace import Workspace

REF = "train@v001"
Opened = Callable[..., AppTest]


@pytest.fixture
def curate(workspace: Workspace, open_page: OpenPage) -> Opened:
    return lambda **query: open_page(workspace, "curate", dataset=REF, **query)


def ids(test: AppTest) -> list[str]:
    """The problems that the grid shows."""
    return [
        b.key.removeprefix("open-") for b in test.button if b.key and b.key.startswith("open-") and b.label == "Open"
    ]


def press(test: AppTest, key: str) -> AppTest:
    test.button(key=key).click().run()
    assert not test.exception
    return test


def test_counts_and_filters(curate: Opened) -> None:
    test = curate()
    assert not test.exception
    assert "40 of 40 problems" in html(test)
    assert len(test.get("image")) == 18
    test.multiselect(key="several-decision").set_value(["drop"]).run()
    assert "8 of 40 problems" in html(test)
    assert "drop: too_easy" in html(test)
    assert test.query_params["decision"] == "drop"
    again = curate(**{name: value for name, value in test.query_params.items() if name != "dataset"})
    assert "8 of 40 problems" in html(again)
    test.text_input(key="text-text").set_value("no problem says this").run()
    assert "No problem passes" in html(test)


def test_the_export_holds_what_the_filter_shows_as_edited(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pl.read_parquet(workspace.dataset(REF).problems).sort("problem_id")
    problem = table["problem_id"][0]
    long = "word " * 400
    Annotations(workspace).add(EDIT, problem, {"question": long}, "ann")
    monkeypatch.setattr(data, "store", lambda: Store(workspace))
    shown = catalogue.of(REF, ProblemFilter(decision=("keep",)))
    rows = {row["problem_id"]: row for row in map(json.loads, export.lines(shown).splitlines())}
    assert sorted(rows) == table["problem_id"].to_list()
    assert rows[problem]["question"] == long
    for row in table.tail(-1).to_dicts():
        mine = rows[row["problem_id"]]
        assert [mine[name] for name in ("question", "answer", "choices", "images", "solution")] == [
            row[name] for name in ("question", "answer", "choices", "images", "solution")
        ]


def test_clicks_on_the_histogram_make_a_range(monkeypatch: pytest.MonkeyPatch) -> None:
    query: dict[str, str] = {}
    monkeypatch.setattr(facet_chart.st, "query_params", query)
    for clicked, wanted in (
        (3, {"low": "0.3", "high": "0.4"}),
        (6, {"low": "0.3", "high": "0.7"}),
        (4, {}),
        (0, {"high": "0.1"}),
        (9, {}),
    ):
        facet_chart._extend(clicked)
        assert query == wanted


def test_a_dropped_problem_is_shown_whole(built: Workspace, curate: Opened) -> None:
    dropped = pl.read_parquet(built.dataset(REF).decisions).filter(pl.col("verdict") == "drop")["problem_id"][0]
    test = press(curate(decision="drop"), f"open-{dropped}")
    shown = html(test)
    assert test.query_params["problem"] == dropped
    for text in ("too_easy", "rate: 1.0", "synth", "1 of 4 (25%)", "gold answer", "read as", "solution", "1 of 8"):
        assert text in shown
    press(test, "next")
    assert "2 of 8" in html(test)
    press(test, "previous")
    assert test.query_params["problem"] == dropped
    press(test, "back")
    assert "8 of 40 problems" in html(test)


def test_verdicts_go_on_to_the_next_and_are_taken_back(workspace: Workspace, curate: Opened) -> None:
    test = curate()
    first, second, third = ids(test)[:3]
    press(test, f"open-{first}")
    press(test, "accept")
    assert test.query_params["problem"] == second
    press(test, "r2")
    assert test.query_params["problem"] == third
    said = Annotations(workspace)
    events = said.history(DECISION)
    assert [(e.target, e.value, e.who) for e in events] == [
        (first, {"verdict": "accept", "reason": None}, "reviewer"),
        (second, {"verdict": "reject", "reason": "unclear"}, "reviewer"),
    ]
    assert test.button(key="undo").label == "Undo reject"
    press(test, "undo")
    assert test.query_params["problem"] == second and set(said.holding(DECISION)) == {first}
    test.toggle(key="stay-here").set_value(True).run()
    press(test, "flag")
    assert test.query_params["problem"] == second
    assert "What people said" in [m.value.removeprefix("#### ") for m in test.markdown]
    assert "reviewer" in html(test) and "taken back (undo)" in html(test)
    press(test, "clear")
    assert second not in said.holding(DECISION)
    press(test, "back")
    assert "accepted" in html(test)
    assert "The last 5 acts" in [e.label for e in test.expander]


def test_a_judged_problem_that_leaves_the_list_keeps_its_neighbours(curate: Opened) -> None:
    test = curate(annotated="no", stay="1")
    order = ids(test)
    press(test, f"open-{order[1]}")
    press(test, "accept")
    assert "not among the 39 shown" in html(test)
    press(test, "next")
    assert test.query_params["problem"] == order[2]
    press(test, "previous")
    assert test.query_params["problem"] == order[0]


def test_edit_tags_and_note_show_at_once(workspace: Workspace, curate: Opened) -> None:
    test = curate()
    name = ids(test)[3]
    press(test, f"open-{name}")
    press(test, "open-Edit")
    assert test.button(key="accept").proto.shortcut == ""
    test.text_area(key=f"edit-question-{name}").set_value(f"Edited {SCRIPT}")
    test.text_input(key=f"edit-choice-0-{name}").set_value("12")
    next(b for b in test.button if b.label == "Save" and b.proto.shortcut).click().run()
    edit = Annotations(workspace).holding(EDIT)[name].value
    assert edit["question"] == f"Edited {SCRIPT}" and edit["choices"][0] == "12" and "answer" not in edit
    assert "Edited &lt;script&gt;" in html(test) and "before the edit" in html(test)
    assert "of an older content of the problem" in html(test)
    press(test, "open-Note")
    test.text_area(key=f"note-field-{name}").set_value(IMAGE)
    next(b for b in test.button if b.label == "Save" and b.proto.shortcut).click().run()
    press(test, "open-Tags")
    Annotations(workspace).add(TAGS, name, ["theirs"], "bob")
    test.text_input(key=f"tags-field-{name}").set_value(f" {SCRIPT} ,")
    next(b for b in test.button if b.label == "Save" and b.proto.shortcut).click().run()
    assert Annotations(workspace).holding(NOTE)[name].value == IMAGE
    assert Annotations(workspace).holding(TAGS)[name].value == ["theirs", SCRIPT]
    press(test, "back")
    shown = html(test)
    assert "Edited &lt;script&gt;" in shown and "#&lt;script&gt;" in shown
    assert SCRIPT not in shown and IMAGE not in shown
    assert not [m for m in test.markdown if SCRIPT in m.value or IMAGE in m.value]
    found = curate(text="edited <script>")
    assert ids(found) == [name]


def test_an_edit_without_a_question_is_refused_and_the_original_comes_back(
    workspace: Workspace, curate: Opened
) -> None:
    test = curate()
    name = ids(test)[0]
    press(test, f"open-{name}")
    press(test, "open-Edit")
    test.text_area(key=f"edit-question-{name}").set_value("  ")
    next(b for b in test.button if b.label == "Save" and b.proto.shortcut).click().run()
    assert "the question is empty" in test.toast[0].value
    Annotations(workspace).add(EDIT, name, {"answer": "5"}, "bob")
    test.run()
    next(b for b in test.button if b.label == "Restore the original").click().run()
    assert not test.exception and Annotations(workspace).holding(EDIT) == {}


def test_acts_about_all_shown_ask_first_and_are_undone_as_one(workspace: Workspace, curate: Opened) -> None:
    said = Annotations(workspace)
    test = curate(decision="drop")
    dropped = ids(test)
    press(test, "all-reject")
    assert "Reject all 8 problems that the filter shows (wrong_answer)?" in html(test)
    assert said.holding(DECISION) == {}
    press(test, "cancel")
    assert "Reject all" not in html(test)
    press(test, "all-reject")
    test.multiselect(key="several-decision").set_value(["keep"]).run()
    assert "Reject all" not in html(test), "another filter takes the question back"
    test.multiselect(key="several-decision").set_value(["drop"]).run()
    press(test, "all-reject")
    assert test.button(key="confirm").label == "Yes, reject 8"
    press(test, "confirm")
    assert set(said.holding(DECISION)) == set(dropped)
    assert "rejected: wrong_answer" in html(test)
    test.text_input(key="bulk-tag").set_value("bad <b>batch</b>").run()
    press(test, "confirm")
    assert said.holding(TAGS)[dropped[0]].value == ["bad <b>batch</b>"]
    assert test.button(key="undo").label == "Undo tags of 8"
    press(test, "undo")
    press(test, "undo")
    assert said.holding(TAGS) == {} and said.holding(DECISION) == {}


def test_a_filter_is_saved_used_forgotten_and_becomes_a_recipe_step(workspace: Workspace, curate: Opened) -> None:
    test = curate(subject="physics", model="tiny", low="0.25")
    name = f"mine {SCRIPT}"
    test.text_input(key="filter-name").set_value(name)
    next(b for b in test.button if b.label == "Save").click().run()
    event = Annotations(workspace).holding(FILTER)[name]
    assert event.value == {"subject": ["physics"], "model": "tiny", "low": "0.25"}
    step = yaml.safe_load(test.code[0].value)
    assert step["steps"] == [
        {"step": "filter", "subjects": ["physics"], "lower": 0.25, "upper": 1.0, "model": "tiny"},
    ]
    shown = html(test)
    other = curate(grade="3")
    press(other, "use-filter")
    assert dict(other.query_params)["subject"] == "physics" and "grade" not in other.query_params
    assert next(line for line in html(other).split("<") if "problems" in line) in shown
    press(other, "forget-filter")
    assert Annotations(workspace).holding(FILTER) == {}


def test_what_no_step_can_say_is_named() -> None:
    step, left_out = saved.recipe_step({"review": ["accept"], "annotated": "no", "text": "a: #b"})
    assert yaml.safe_load(step)["steps"] == [{"step": "filter", "text": "a: #b", "annotated": False}]
    assert left_out == ["Reviewed as"]


def test_the_table_shows_the_same_problems(curate: Opened) -> None:
    test = curate(view="table", decision="drop")
    table = test.dataframe[0].value
    assert len(table) == 8
    assert set(table["pipeline"]) == {"drop: too_easy"}


def test_rows_rejected_at_import_are_one_click_away(workspace: Workspace, open_page: OpenPage) -> None:
    test = open_page(workspace, "curate", dataset="raw@v001")
    assert "1 row rejected at import" in [e.label for e in test.expander]
    assert "image_missing" in html(test) and SCRIPT not in html(test)
