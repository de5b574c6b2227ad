"""The curation steps: what each finds on planted cases, and nothing else."""

import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.curation.curate import curate
from tests.pipelines.small_datasets import decided, png, problem, publish, recipe, respond
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.schema import DECISIONS
from workbench.workspace import Workspace


def test_each_planted_fault_is_found_and_nothing_else(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    store = ImageStore(workspace.images)
    red, thin, small = store.put(png("red")), store.put(png("red", (400, 15))), store.put(png("red", (9, 9)))
    problems = [
        problem("good", images=(red,)),
        problem("twin", images=(red,)),
        problem("same picture, other question", "How few?", images=(red,)),
        problem("same question, other answer", answer="6", images=(red,)),
        problem("small", images=(red, small)),
        problem("thin", images=(thin,)),
        problem("gone", images=("0" * 64,)),
        problem("long", "x" * 300),
        problem("chinese", "求值", language="zh"),
        problem("options", choices=("1", "1", "5"), answer="C"),
        problem("proof", "Prove that AB = CD."),
        problem("open", answer="BD = CE (not unique)"),
        problem("choice", answer="A", choices=("5", "6"), answer_type="choice"),
    ]
    publish(workspace, "d", problems)
    text = """steps:
      - {step: schema, max_question: 200, languages: [en]}
      - step: images
      - step: exact_duplicates
      - {step: verifiable, answer_types: [number]}
    """
    report = curate(workspace, recipe(tmp_path, text), ["d"], "out")
    expected = {
        "twin": "exact_duplicate",
        "small": "image_too_small",
        "thin": "image_aspect",
        "gone": "image_missing",
        "long": "question_too_long",
        "chinese": "language",
        "options": "repeated_option",
        "proof": "proof",
        "open": "unscorable_gold",
        "choice": "answer_type",
    }
    got = decided(workspace, "out", problems)
    assert {k: reason for k, (verdict, reason) in got.items() if verdict == "drop"} == expected
    kept = pl.read_parquet(report.path / "problems.parquet")["source_id"].to_list()
    assert kept == ["good", "same picture, other question", "same question, other answer"]
    rows = pl.read_parquet(report.path / "decisions.parquet")
    twin = rows.filter(pl.col("reason") == "exact_duplicate").row(0, named=True)
    assert json.loads(twin["detail"])["twin"] == problems[0].problem_id
    assert set(rows["dataset_version"]) == {"out@v001"} and rows.columns == DECISIONS.names


def test_difficulty_keeps_what_lies_within_the_bounds(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    names = ["never", "always", "low", "high", "half", "unscored", "none", "stale"]
    items = {name: problem(name, f"{name}?") for name in names}
    publish(workspace, "d", list(items.values()))
    answers = {"never": "wwww", "always": "cccc", "low": "cwww", "high": "cccw", "half": "cwuu", "unscored": "uu"}
    respond(workspace, {items[name]: letters for name, letters in answers.items()})
    respond(workspace, {items["stale"]: "wwww"}, made_for="an older content")
    text = "steps: [{step: difficulty, lower: 0.25, upper: 0.74}]"
    curate(workspace, recipe(tmp_path, text), ["d"], "out")
    got = decided(workspace, "out", list(items.values()))
    assert {name for name, (verdict, _) in got.items() if verdict == "drop"} == {"never", "always", "high"}
    assert (got["never"][1], got["always"][1], got["high"][1]) == ("too_hard", "too_easy", "too_easy")
    flags = pl.read_parquet(workspace.dataset("out").decisions).filter(pl.col("verdict") == "flag")
    assert set(flags["problem_id"]) == {items[name].problem_id for name in ("unscored", "none", "stale")}
    strict = recipe(tmp_path, "steps: [{step: difficulty, lower: 0.25, upper: 0.74, missing: drop, model: m}]")
    curate(workspace, strict, ["d"], "strict")
    kept = pl.read_parquet(workspace.dataset("strict").problems)["source_id"].to_list()
    assert kept == ["low", "half"]
    assert len(workspace.dataset("strict").manifest()["responses"]) == 2


def test_answers_of_several_models_are_pooled_unless_one_is_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    item = problem("x")
    publish(workspace, "d", [item])
    respond(workspace, {item: "cccc"}, "strong")
    respond(workspace, {item: "wwww"}, "weak")
    curate(workspace, recipe(tmp_path, "steps: [{step: difficulty, lower: 0.5, upper: 0.5}]"), ["d"], "pooled")
    with pytest.raises(UserError, match="leaves nothing"):
        curate(workspace, recipe(tmp_path, "steps: [{step: difficulty, model: strong}]"), ["d"], "one")
    with pytest.raises(UserError, match=r"'stronk'.*strong, weak"):
        curate(workspace, recipe(tmp_path, "steps: [{step: difficulty, model: stronk}]"), ["d"], "one")


def test_the_published_filters_part_zero_and_one_from_the_rest(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    letters = {"never": "w" * 64, "once": "c" + "w" * 63, "almost": "c" * 63 + "w", "always": "c" * 64}
    items = {problem(name, f"{name}?"): answers for name, answers in letters.items()}
    publish(workspace, "d", list(items))
    respond(workspace, items)
    curate(workspace, "mm-eureka", ["d"], "out")
    assert pl.read_parquet(workspace.dataset("out").problems)["source_id"].to_list() == ["once", "almost"]
