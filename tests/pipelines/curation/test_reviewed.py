"""What curators said is obeyed by curation: edits, rejections, flags, and problems accepted whatever a step finds."""

import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.curation.curate import curate
from pipelines.curation.reviewed import reviewed
from tests.pipelines.small_datasets import problem, publish, recipe, respond
from workbench.annotations import DECISION, EDIT, Annotations
from workbench.errors import UserError
from workbench.schema import content_hash
from workbench.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ws")


def decide(workspace: Workspace, problem_id: str, verdict: str | None, reason: str | None = None) -> None:
    value = None if verdict is None else {"verdict": verdict, "reason": reason}
    Annotations(workspace).add(DECISION, problem_id, value, "ann")


def rows_of(workspace: Workspace, ref: str) -> list[tuple[str, str, str, str]]:
    """source_id, step, verdict, reason of each decision."""
    names = dict(pl.read_parquet(workspace.dataset("d").problems).select("problem_id", "source_id").iter_rows())
    decisions = pl.read_parquet(workspace.dataset(ref).decisions)
    return [
        (names[p], s, v, r) for p, s, v, r in decisions.select("problem_id", "step", "verdict", "reason").iter_rows()
    ]


def test_edits_rejections_and_flags_come_first(workspace: Workspace, tmp_path: Path) -> None:
    items = {name: problem(name, f"{name}?") for name in ("edited", "rejected", "flagged", "taken back", "plain")}
    publish(workspace, "d", list(items.values()))
    notes = Annotations(workspace)
    notes.add(EDIT, items["edited"].problem_id, {"question": "older"}, "ann")
    notes.add(EDIT, items["edited"].problem_id, {"question": "A or B?", "answer": "B", "choices": ["3", "4"]}, "bob")
    notes.add(EDIT, items["rejected"].problem_id, {"answer": "7"}, "bob")
    decide(workspace, items["rejected"].problem_id, "reject", "wrong picture")
    decide(workspace, items["flagged"].problem_id, "flag")
    decide(workspace, items["taken back"].problem_id, "reject")
    decide(workspace, items["taken back"].problem_id, None)
    decide(workspace, "0123456789abcdef", "reject")
    report = curate(workspace, recipe(tmp_path, "steps: [schema]"), ["d"], "out")
    assert [(f.step, f.n_in, f.dropped, f.n_out) for f in report.funnel] == [
        ("annotations", 5, {"rejected": 1}, 4),
        ("schema", 4, {}, 4),
    ]
    kept = pl.read_parquet(report.path / "problems.parquet")
    assert kept["source_id"].to_list() == ["edited", "flagged", "taken back", "plain"]
    first = kept.row(0, named=True)
    assert (first["question"], first["answer"], first["choices"]) == ("A or B?", "B", ["3", "4"])
    assert first["answer_type"] == "choice" and first["problem_id"] == items["edited"].problem_id
    assert first["content_hash"] == content_hash("A or B?", [], ["3", "4"], "B") != items["edited"].content_hash
    assert ("rejected", "annotations", "drop", "rejected") in rows_of(workspace, "out")
    assert ("flagged", "annotations", "flag", "flagged") in rows_of(workspace, "out")
    decisions = pl.read_parquet(report.path / "decisions.parquet")
    details = dict(decisions.filter(step="annotations").select("reason", "detail").iter_rows())
    why = json.loads(details["rejected"])
    assert (why["who"], why["reason"]) == ("ann", "wrong picture") and why["at"].startswith("20")
    assert json.loads(details["edited"])["before"] == {"question": "edited?", "answer": "5", "choices": None}


def test_an_accepted_problem_survives_all_but_what_makes_it_unusable(workspace: Workspace, tmp_path: Path) -> None:
    items = {name: problem(name, "How many?") for name in ("first", "twin", "long")}
    items["long"] = problem("long", "x" * 300)
    publish(workspace, "d", list(items.values()))
    for name in ("twin", "long"):
        decide(workspace, items[name].problem_id, "accept")
    text = "steps: [exact_duplicates, {step: schema, max_question: 200}]"
    curate(workspace, recipe(tmp_path, text), ["d"], "out")
    assert rows_of(workspace, "out") == [
        ("twin", "exact_duplicates", "flag", "exact_duplicate"),
        ("long", "schema", "drop", "question_too_long"),
        ("first", "schema", "keep", "kept"),
        ("twin", "schema", "keep", "kept"),
    ]
    detail = json.loads(pl.read_parquet(workspace.dataset("out").decisions)["detail"][0])
    assert detail["accepted_by"] == "ann" and detail["twin"] == items["first"].problem_id


def test_accepting_changes_what_a_step_found_earlier(workspace: Workspace, tmp_path: Path) -> None:
    items = [problem("first"), problem("twin")]
    publish(workspace, "d", items)
    text = recipe(tmp_path, "steps: [exact_duplicates]")
    curate(workspace, text, ["d"], "out")
    decide(workspace, items[1].problem_id, "accept")
    report = curate(workspace, text, ["d"], "out")
    assert report.funnel[-1].unchanged and report.funnel[-1].flagged == {"exact_duplicate": 1}
    assert report.funnel[-1].n_out == 2


def test_an_edit_makes_stored_answers_stale(workspace: Workspace, tmp_path: Path) -> None:
    item, other = problem("x", "x?"), problem("y", "y?")
    publish(workspace, "d", [item, other])
    respond(workspace, {item: "wwww", other: "cwcw"})
    text = recipe(tmp_path, "steps: [{step: difficulty}]")
    assert curate(workspace, text, ["d"], "out").funnel[-1].dropped == {"too_hard": 1}
    Annotations(workspace).add(EDIT, item.problem_id, {"answer": "6"}, "ann")
    line = curate(workspace, text, ["d"], "out").funnel[-1]
    assert (line.dropped, line.flagged) == ({}, {"no_pass_rate": 1})
    rows = pl.read_parquet(workspace.dataset("out").decisions).filter(reason="no_pass_rate")
    assert json.loads(rows["detail"][0])["stale"] == 4


def test_the_same_function_serves_any_frame(workspace: Workspace) -> None:
    items = [problem("a", "a?"), problem("b", "b?", extra='{"unit": "cm"}')]
    problems = pl.read_parquet(publish(workspace, "d", items).problems)
    same, rows = reviewed(problems, workspace)
    assert same.equals(problems) and rows.is_empty()
    decide(workspace, items[0].problem_id, "reject")
    left, rows = reviewed(problems, workspace)
    assert left.equals(problems.tail(1)) and rows["reason"].to_list() == ["rejected"]


@pytest.mark.parametrize("value", [{"answer": 5}, {"choices": "A"}, ["x"], {"choices": [1]}])
def test_an_edit_that_is_none_is_named(workspace: Workspace, value: object) -> None:
    item = problem("a")
    problems = pl.read_parquet(publish(workspace, "d", [item]).problems)
    Annotations(workspace).add(EDIT, item.problem_id, value, "ann")
    with pytest.raises(UserError, match=f"edit.jsonl, event .* about problem {item.problem_id}.* is not an edit"):
        reviewed(problems, workspace)
