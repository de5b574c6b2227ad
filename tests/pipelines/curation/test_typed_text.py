"""What a curator types reaches the curated version, its decisions, exports and pages, character by character."""

import json
from pathlib import Path

import polars as pl
import pytest
import yaml

from app.components.listing.saved import recipe_step
from app.queries.reviews import reviews, saved_filters
from pipelines.curation.curate import curate
from pipelines.versions.export import export
from tests.pipelines.small_datasets import problem, publish, recipe
from workbench.annotations import DECISION, EDIT, FILTER, NOTE, TAGS, Annotations
from workbench.schema import Problem
from workbench.store import Store
from workbench.workspace import Workspace

# All of the first three hundred characters in groups (control characters and NUL among them), and formulas.
GROUPS = ["".join(chr(code) for code in range(first, first + 16)) for first in range(0, 0x140, 16)]
TEXTS = [*GROUPS, "\u2028 \u2029", r"\frac{1}{2}", r"\sqrt{2} \neq \rho \tan \beta", r"C:\new\u0041", '\\"', "中\\文😀"]


@pytest.fixture
def problems(tmp_path: Path) -> list[Problem]:
    workspace = Workspace(tmp_path)
    items = [problem(str(number), f"{number}?", choices=("1", "2"), answer="A") for number in range(len(TEXTS))]
    publish(workspace, "d", items)
    notes = Annotations(workspace)
    for item, text in zip(items, TEXTS, strict=True):
        edit = {"question": f"q{text}", "answer": f"a{text}", "choices": [f"a{text}", f"b{text}"]}
        notes.add(EDIT, item.problem_id, edit, f"ann {text}")
        notes.add(TAGS, item.problem_id, [text], "ann")
        notes.add(DECISION, item.problem_id, {"verdict": "flag", "reason": text}, "ann")
        notes.add(NOTE, item.problem_id, text, "ann")
        notes.add(FILTER, text, {"text": text, "tag": [text]}, "ann")
    return items


def edited(text: str) -> tuple[str, str, list[str]]:
    return f"q{text}", f"a{text}", [f"a{text}", f"b{text}"]


def test_curate_and_export_hold_what_was_typed(tmp_path: Path, problems: list[Problem]) -> None:
    workspace = Workspace(tmp_path)
    report = curate(workspace, recipe(tmp_path, "steps: [{step: filter, annotated: true}]"), ["d"], "out")
    rows = pl.read_parquet(report.path / "problems.parquet")
    assert rows.select("question", "answer", "choices").rows() == [edited(text) for text in TEXTS]
    decisions = pl.read_parquet(report.path / "decisions.parquet")
    flags = decisions.filter(reason="flagged")["detail"]
    assert [json.loads(detail)["reason"] for detail in flags] == TEXTS
    edits = decisions.filter(reason="edited")["detail"]
    assert [json.loads(detail)["who"] for detail in edits] == [f"ann {text}" for text in TEXTS]
    for ref in ("d", "out"):
        export(workspace, ref, "hf", tmp_path / f"export-{ref}", "instruct")
        exported = pl.read_parquet(tmp_path / f"export-{ref}" / "*.parquet")
        assert exported.select("question", "answer", "choices").rows() == [edited(text) for text in TEXTS]


def test_the_filter_step_finds_a_tag_by_its_characters(tmp_path: Path, problems: list[Problem]) -> None:
    for text in TEXTS:
        step = yaml.safe_dump({"steps": [{"step": "filter", "tags": [text]}]})
        report = curate(Workspace(tmp_path), recipe(tmp_path, step), ["d"], "out")
        assert pl.read_parquet(report.path / "problems.parquet")["question"].to_list() == [f"q{text}"], repr(text)


def test_the_pages_are_given_what_was_typed(tmp_path: Path, problems: list[Problem]) -> None:
    store = Store(Workspace(tmp_path))
    known = reviews(store, pl.Series([item.problem_id for item in problems]))
    assert known.decisions.sort("row")["why"].to_list() == TEXTS
    assert known.tags.sort("row")["tags"].to_list() == [[text] for text in TEXTS]
    assert known.notes.sort("row")["note"].to_list() == TEXTS
    shown = [known.edits[item.problem_id] for item in problems]
    assert [(edit["question"], edit["answer"], edit["choices"]) for edit in shown] == [edited(text) for text in TEXTS]
    assert {name: event.value["tag"] for name, event in saved_filters(store).items()} == {t: [t] for t in TEXTS}


def test_a_saved_filter_is_the_same_as_a_recipes_step() -> None:
    for text in [chr(code) for code in range(0x140)] + TEXTS:
        step, _ = recipe_step({"text": text, "tag": [text]})
        assert yaml.safe_load(step) == {"steps": [{"step": "filter", "text": text, "tags": [text]}]}, repr(text)
    assert "中" in recipe_step({"text": "中"})[0]
