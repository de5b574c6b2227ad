"""Each page on the small workspace: what it shows, its filters, its address, and nothing there to show."""

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import streamlit as st
from opening import OpenPage, html
from small_workspace import IMAGE, SCRIPT

from app.queries import aha, problems, rollouts
from eval.score import score_file
from train.experiments.report import Goal, Panel, Report, Series, Table, dots
from workbench.annotations import REFLECTION, Annotations
from workbench.statistics import Interval, mean
from workbench.store import Store
from workbench.workspace import Workspace, write_json

PAGES = ("curate", "runs", "rollouts", "aha", "experiments", "benchmarks")


@pytest.mark.parametrize("page", PAGES)
def test_empty_workspace_says_what_to_do(page: str, open_page: OpenPage, tmp_path: Path) -> None:
    test = open_page(Workspace(tmp_path), page)
    assert not test.exception
    assert "eureka " in html(test)


def test_texts_from_outside_are_escaped(built: Workspace, store: Store, open_page: OpenPage) -> None:
    hostile = problems.search(store, "raw@v001", "eurekaPayloadRan")
    assert hostile.height == 1
    detail = open_page(built, "curate", dataset="raw@v001", problem=hostile["problem_id"][0])
    group = open_page(built, "rollouts", run="first-run", step="1", group="first-run/000001/0000")
    items = open_page(built, "benchmarks", view="items", which="all items", benchmark="mathvision")
    for test in (detail, group, items):
        assert not test.exception
        shown = html(test)
        assert SCRIPT not in shown and IMAGE not in shown
        assert "&lt;script&gt;" in shown
        assert not [m for m in test.markdown if "remote.invalid" in m.value]


def test_runs_draws_and_compares(built: Workspace, open_page: OpenPage) -> None:
    test = open_page(built, "runs", run="first-run")
    assert not test.exception
    assert "step 6 of 6" in html(test)
    assert len(test.get("plotly_chart")) == 8
    test.multiselect(key="several-with").set_value(["second-run"]).run()
    assert "second-run" in html(test)
    test.segmented_control(key="tabs-group").set_value("policy").run()
    assert len(test.get("plotly_chart")) == 2
    assert test.query_params["group"] == "policy"
    assert "seed: 0" in test.code[0].value


def test_a_run_without_metrics_or_config_is_no_error(workspace: Workspace, open_page: OpenPage) -> None:
    workspace.run("begun").mkdir(parents=True)
    test = open_page(workspace, "runs", run="begun")
    assert not test.exception
    assert "No metrics yet" in html(test)


def test_rollouts_search_group_and_label(workspace: Workspace, open_page: OpenPage) -> None:
    test = open_page(workspace, "rollouts", run="first-run")
    assert test.query_params["step"] == "6"
    assert "4 groups" in html(test)
    test.text_input(key="text-text").set_value("CHECK AGAIN").run()
    assert "with the text" in html(test)
    test.button(key="read-first-run/000006/0000").click().run()
    shown = html(test)
    assert not test.exception
    for text in ("answer 0", "answer 3", "think and answer", 'class="cue hit"', 'class="answer"', "advantage"):
        assert text in shown
    label = next(button for button in test.button if button.label == "True")
    label.click().run()
    [event] = Annotations(workspace).history(REFLECTION)
    assert (event.value, event.who, event.kind) == ("true", "reviewer", REFLECTION)
    assert event.target.startswith("first-run/000006/0000/")
    assert "true, said reviewer" in html(test)
    next(button for button in test.button if button.label == "True").click().run()
    assert Annotations(workspace).holding(REFLECTION) == {}


def test_rollouts_of_the_list_are_exported(
    built: Workspace, store: Store, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    buttons: list[tuple[Any, ...]] = []
    monkeypatch.setattr(st, "download_button", lambda *args, **options: buttons.append(args))
    table = pl.concat([pl.read_parquet(path) for path in store.rollouts("first-run")])
    problem = table["problem_id"][0]
    wanted = table.filter(pl.col("problem_id") == problem).sort("rollout_id").to_dicts()
    open_page(built, "rollouts", run="first-run", step="all", problem=problem)
    [(label, make, name, _)] = buttons
    assert (label, name) == (f"Export these {len(wanted)} rollouts (JSONL)", "first-run.jsonl")
    lines = [json.loads(line) for line in make().splitlines()]
    for line, row in zip(lines, wanted, strict=True):
        assert line.pop("reflection_label") is None
        assert line == {key: row[key] for key in row if key not in ("token_ids", "logprobs")}
    buttons.clear()
    monkeypatch.setattr(rollouts, "EXPORTED_AT_MOST", 6)
    open_page(built, "rollouts", run="first-run", step="2")
    [(label, make, name, _)] = buttons
    assert (label, name) == ("Export the first 6 of 16 rollouts (JSONL)", "first-run-step-2.jsonl")
    assert len(make().splitlines()) == 6


def test_aha_counts_what_the_rollouts_say(workspace: Workspace, open_page: OpenPage) -> None:
    test = open_page(workspace, "aha", run="first-run")
    assert not test.exception
    store = Store(workspace)
    files = aha.prepare(store, "first-run", lambda done, of: pytest.fail("the page has made them all"))
    found = aha.overall(store, files)
    assert f"of {found.rate.n:,} answers" in html(test)
    assert len(test.get("plotly_chart")) == 3
    assert "answer " in html(test)


def test_benchmarks_models_items_published(built: Workspace, open_page: OpenPage) -> None:
    test = open_page(built, "benchmarks")
    assert "The published scores are over 3,040 items." in html(test)
    assert not test.exception
    assert "trained" in html(test) and "accuracy, %" in html(test)
    test.segmented_control(key="tabs-view").set_value("items").run()
    assert not test.exception
    assert "shared items" in html(test)
    test.segmented_control(key="tabs-view").set_value("published").run()
    assert not test.exception
    assert "MM-Eureka-Qwen-7B" in html(test)


def test_benchmarks_count_answers_without_a_response(tmp_path: Path, open_page: OpenPage) -> None:
    """Two models' stored answers: the silent one's are counted, and stand as no response beside the other's."""
    golds = [{"id": str(n), "question": "How many?", "answer": str(n), "image_path": "x.png"} for n in range(3)]
    write_json(tmp_path / "k12.json", golds)
    for model, response in (("silent", None), ("wordy", "It is hard to say.")):
        write_json(tmp_path / f"{model}.json", [{"id": row["id"], "response": response} for row in golds])
        score_file(Workspace(tmp_path), tmp_path / f"{model}.json", "k12", str(tmp_path), progress=False)
    models = open_page(Workspace(tmp_path), "benchmarks")
    assert not models.exception
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in html(models).split("<tr>")]
    counted = {row[0]: (row[2], row[6], row[7]) for row in cells if len(row) == 8}
    assert counted == {"silent": ("3", "3", ""), "wordy": ("3", "", "")}
    items = open_page(Workspace(tmp_path), "benchmarks", view="items", which="all items", benchmark="k12")
    assert not items.exception
    assert html(items).count(">no response<") == 3


def test_experiments_show_goals_figures_tables_and_runs(workspace: Workspace, open_page: OpenPage) -> None:
    line = Series("mean", [1, 2], [0.5, 0.7], [0.4, 0.6], [0.6, 0.8])
    thin = Series(f"one {SCRIPT}", [1, 2], [0.4, 0.6], style="thin")
    report = Report(
        experiment="aha",
        title=f"Title {SCRIPT}",
        about=f"About {IMAGE}",
        runs=["first-run", "second-run", "removed-run"],
        panels=[
            Panel("curves", "step", [thin, thin, line]),
            Panel("tested", "problems", [Series("dots", [32, 128], [1, 2], [0, 1], [2, 3], "dots")], [32, 128]),
            Panel(
                "counts", "", [dots("dots", [("a", Interval(5, 4, 6, 9))]), Series("bars", ["a"], [3], style="bars")]
            ),
        ],
        tables=[
            Table("numbers", ["", "gain"], [["all", Interval(30, 25.04, 35, 9)], ["none", mean([])], ["one", 1234]])
        ],
        goals=[Goal("it rises", {"seed 1": True, "seed 2": False})],
    )
    write_json(workspace.root / "experiments" / "aha" / "report.json", report.json())
    test = open_page(workspace, "experiments")
    assert not test.exception
    shown = html(test)
    assert SCRIPT not in shown and IMAGE not in shown and "&lt;script&gt;" in shown
    for text in ("it rises", "seed 1: yes", "seed 2: no", "30.0 (25.0 to 35.0)", "–", "1,234"):
        assert text in shown
    figures = [json.loads(chart.proto.spec) for chart in test.get("plotly_chart")]
    assert [len(figure["data"]) for figure in figures] == [4, 1, 2]
    assert not any(SCRIPT in json.dumps(figure) for figure in figures)
    assert figures[1]["layout"]["xaxis"]["tickvals"] == [32, 128]
    links = [link.proto.label for link in test.get("page_link")]
    assert links == ["Compare all its runs", "Curves of first\\-run", "Curves of second\\-run"]


def test_only_one_file_makes_html() -> None:
    app = Path(__file__).parents[2] / "app"
    makers = [p.relative_to(app).as_posix() for p in app.rglob("*.py") if "st.html(" in p.read_text()]
    # main.py hands over the stylesheet's path.
    assert sorted(makers) == ["components/text.py", "main.py"]
    assert not [p for p in app.rglob("*.py") if "unsafe_allow" in p.read_text()]


def test_benchmarks_show_the_official_scoring_and_categories(tmp_path: Path, open_page: OpenPage) -> None:
    facts = {"choices": ["one", "two"], "unit": None, "precision": None, "answer_type": "text"}
    skills = (["logic"], ["logic", "algebra"], ["algebra"])
    rows = [
        {**facts, "pid": str(n), "question": "Which?", "answer": "two", "image": "x.png", "metadata": {"skills": skill}}
        for n, skill in enumerate(skills)
    ]
    write_json(tmp_path / "testmini.json", rows)
    said = ("\\boxed{B}", "It cannot be said.", "It cannot be said.")
    answers = [
        {"pid": str(n), "response": text, "extraction": letter}
        for n, (text, letter) in enumerate(zip(said, ("B", "tw", ""), strict=True))
    ]
    write_json(tmp_path / "me.json", answers)
    score_file(Workspace(tmp_path), tmp_path / "me.json", "mathvista", str(tmp_path), progress=False)
    test = open_page(Workspace(tmp_path), "benchmarks")
    shown = html(test)
    assert not test.exception and "official scoring, %" in shown
    assert "33.3 (" in shown and "66.7 (" in shown and "The published scores are over 1,000 items." in shown
    assert [expander.label for expander in test.expander] == ["By answer_type", "By skills"]
