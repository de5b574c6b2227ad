"""The steps that choose among good problems, and the one that checks question against pictures."""

import shutil
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from pipelines.curation.curate import curate
from pipelines.importing import import_dataset, import_synth
from tests.pipelines.small_datasets import decided, problem, publish, recipe
from workbench.annotations import DECISION, TAGS, Annotations
from workbench.schema import Problem
from workbench.workspace import Workspace


def test_balance_caps_each_cell_and_the_seed_decides_which(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    problems = [problem(f"{s}{i}", f"{s} {i}?", subject=s) for s, n in (("a", 9), ("b", 5), ("c", 2)) for i in range(n)]
    publish(workspace, "d", problems)

    def kept(more: str) -> list[str]:
        text = f"steps:\n  - {{step: balance, by: [subject]{more}}}"
        report = curate(workspace, recipe(tmp_path, text), ["d"], "out")
        found = decided(workspace, "out", problems)
        assert report.funnel[-1].n_out == sum(verdict == "keep" for verdict, _ in found.values())
        assert {reason for verdict, reason in found.values() if verdict == "drop"} <= {"over_cap"}
        return sorted(name for name, (verdict, _) in found.items() if verdict == "keep")

    first = kept(", cap: 4")
    assert Counter(name[0] for name in first) == {"a": 4, "b": 4, "c": 2}
    assert kept(", cap: 4") == first
    assert kept(", cap: 4, seed: 1") != first
    assert Counter(name[0] for name in kept("")) == {"a": 2, "b": 2, "c": 2}


@pytest.mark.parametrize(
    ("params", "left"),
    [
        ("subjects: [algebra]", {"1", "2"}),
        ("subjects: ['(none)']", {"4"}),
        ("subjects: [algebra], grades: ['7']", {"1"}),
        ("text: TRIANGLE", {"3"}),
        ("tags: [mine]", {"2"}),
        ("annotated: true", {"2", "3"}),
        ("annotated: false", {"1", "4"}),
    ],
)
def test_filter_keeps_what_it_names(tmp_path: Path, params: str, left: set[str]) -> None:
    workspace = Workspace(tmp_path / "ws")
    problems = [
        problem("1", "How many?", subject="algebra", grade="7"),
        problem("2", "How few?", subject="algebra", grade="8"),
        problem("3", "Which triangle?", subject="geometry", grade="7"),
        problem("4", "Why?"),
    ]
    publish(workspace, "d", problems)
    notes = Annotations(workspace)
    notes.add(TAGS, problems[1].problem_id, ["mine"], "ann")
    notes.add(DECISION, problems[2].problem_id, {"verdict": "accept", "reason": None}, "ann")
    curate(workspace, recipe(tmp_path, f"steps:\n  - {{step: filter, {params}}}"), ["d"], "out")
    found = decided(workspace, "out", problems)
    assert {name for name, (verdict, _) in found.items() if verdict == "keep"} == left


@pytest.mark.parametrize(
    ("question", "pictures", "reason"),
    [
        ("In the figure, find x.", 0, "figure_missing"),
        ("如图，求角的度数。", 0, "figure_missing"),
        ("In the figure, find x.", 1, "kept"),
        ("What figure has four equal sides?", 0, "kept"),
        ("The graph of y = x passes through 0. Where?", 0, "kept"),
        ("<image> and <image>: which is larger?", 1, "image_count"),
        ("<image> and <image>: which is larger?", 2, "kept"),
        ("<image3> shows a cube?", 2, "image_count"),
        ("Look at <image>.", 0, "image_count"),
    ],
)
def test_question_and_pictures_fit(tmp_path: Path, question: str, pictures: int, reason: str) -> None:
    workspace = Workspace(tmp_path / "ws")
    kept = problem("kept", "1 + 1?")
    asked: Problem = problem("asked", question, images=tuple(str(i) * 64 for i in range(pictures)))
    publish(workspace, "d", [kept, asked])
    curate(workspace, recipe(tmp_path, "steps: [consistency]"), ["d"], "out")
    assert decided(workspace, "out", [kept, asked])["asked"][1] == reason


ALL_STEPS = """steps:
  - step: schema
  - step: images
  - step: consistency
  - step: exact_duplicates
  - step: near_duplicate_text
  - step: near_duplicate_images
  - {step: decontaminate, benchmarks: [k12]}
  - step: verifiable
  - step: difficulty
  - {step: balance, by: [source, answer_type], cap: 100}
  - step: split
"""


@pytest.mark.slow
def test_real_and_generated_data_together_end_as_kept_or_dropped(shared_data: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    for path, form in (("tabmwp", "tabmwp"), ("k12", "k12"), ("mathv/testmini.jsonl", "mathv")):
        import_dataset(workspace, str(shared_data / path), form, form)
    import_synth(workspace, "synth", 100, 1)
    inputs = ["tabmwp", "k12", "mathv", "synth"]
    report = curate(workspace, recipe(tmp_path, ALL_STEPS), inputs, "out")
    ids = pl.concat(pl.read_parquet(workspace.dataset(name).problems)["problem_id"] for name in inputs)
    decisions = pl.read_parquet(workspace.dataset("out").decisions)
    ends = decisions.filter(pl.col("verdict") != "flag")
    assert sorted(ends["problem_id"]) == sorted(ids)
    assert ends["reason"].null_count() == 0
    for before, after in zip(report.funnel, report.funnel[1:], strict=False):
        assert before.n_out == after.n_in
    assert all(step.n_in - sum(step.dropped.values()) == step.n_out for step in report.funnel)
    kept = pl.read_parquet(workspace.dataset("out").problems)
    assert kept.height == report.funnel[-1].n_out == (ends["verdict"] == "keep").sum()
    # The benchmark is an input itself: whatever of it reaches the step is found by name.
    assert "k12" not in kept["source"].to_list()
    assert set(kept["split"]) == {"train", "validation", "test"}
    shutil.rmtree(workspace.cache)
    again = curate(workspace, recipe(tmp_path, ALL_STEPS), inputs, "again")
    assert again.path.joinpath("problems.parquet").read_bytes() == report.path.joinpath("problems.parquet").read_bytes()
