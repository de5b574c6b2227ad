"""Curation: one decision a problem, a funnel that adds up, and recipes whose faults are named."""

import itertools
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from pipelines.curation.curate import curate
from pipelines.curation.recipe import load_recipe
from pipelines.histogram import pass_rate_histogram
from tests.pipelines.small_datasets import problem, publish, recipe, respond
from workbench.errors import UserError
from workbench.workspace import Workspace


def test_the_funnel_adds_up_and_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    first = [problem(str(i), f"What is {i}+1?") for i in range(6)]
    # Three problems are in both inputs, and two rows of the second repeat content under another id.
    second = [*first[:3], problem("7", "What is 4+1?"), problem("8", "What is 5+1?"), problem("9")]
    publish(workspace, "a", first)
    publish(workspace, "b", second)
    reports = [curate(workspace, "default", ["a", "b"], "out") for _ in range(2)]
    funnel = reports[0].funnel
    assert [(f.step, f.n_in, f.n_out) for f in funnel[:2]] == [("merge", 12, 9), ("schema", 9, 9)]
    assert all(f.n_in - sum(f.dropped.values()) == f.n_out for f in funnel)
    assert all(a.n_out == b.n_in for a, b in itertools.pairwise(funnel))
    one, two = (report.path / "problems.parquet" for report in reports)
    assert one != two and one.read_bytes() == two.read_bytes()
    decisions = pl.read_parquet(reports[0].path / "decisions.parquet")
    final = decisions.filter(pl.col("verdict") != "flag")
    assert Counter(final["reason"]) == {"kept": 7, "exact_duplicate": 2}
    assert final["problem_id"].n_unique() == 9
    assert Counter(decisions.filter(pl.col("verdict") == "flag")["reason"]) == {"repeated": 3, "no_pass_rate": 7}
    manifest = workspace.dataset("out").manifest()
    assert manifest["counts"] == {"input": 12, "kept": 7, "dropped": 5, "images": 0}
    assert [item["dataset"] for item in manifest["inputs"]] == ["a@v001", "b@v001"]
    assert [step["step"] for step in manifest["recipe"]["steps"]][-1] == "difficulty"


def test_a_filter_that_leaves_nothing_shows_the_histogram_and_makes_no_version(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    items = [problem(str(i), f"{i}?") for i in range(5)]
    publish(workspace, "d", items)
    respond(workspace, dict(zip(items, ["wwww", "wwww", "wwww", "cwww", "cccc"], strict=True)))
    with pytest.raises(UserError) as caught:
        curate(workspace, recipe(tmp_path, "steps: [{step: difficulty, lower: 0.4, upper: 0.6}]"), ["d"], "out")
    message = str(caught.value)
    assert message.startswith("step difficulty leaves nothing of 5 problems (too_hard 4, too_easy 1)")
    assert pass_rate_histogram([0, 0, 0, 0.25, 1]) in message
    assert workspace.versions("out") == []


def test_histogram_counts_every_rate_once() -> None:
    lines = pass_rate_histogram([0, 0.05, 0.1, 0.3, 0.7, 0.99, 1, 1]).splitlines()
    assert [int(line.split()[-1]) for line in lines] == [1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 1, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps: [{step: schemas}]", "step 1: no curation step is called 'schemas'; did you mean 'schema'?"),
        ("steps: [{step: schema}, {step: difficulty, lowr: 1}]", "step 2 (difficulty): unknown parameter 'lowr'"),
        ("steps: [{step: difficulty, lower: 2}]", "(difficulty) lower: Input should be less than or equal to 1, not 2"),
        ("steps: [{step: difficulty, lower: 0.5, upper: 0.4}]", "lower 0.5 is above upper 0.4"),
        ("steps: [{step: exact_duplicates, x: 1}]", "unknown parameter 'x'; it takes none"),
        ("steps: [{schema: {}}]", "step 1 must be `step: NAME`"),
        ("steps: []", "needs a list `steps:`"),
        ("stepz: [{step: schema}]", "needs a list `steps:`"),
        ("steps: [schema]\nname: x", "unknown key 'name'"),
        ("steps: [", "is not YAML"),
    ],
)
def test_a_wrong_recipe_is_one_line_that_names_the_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        load_recipe(recipe(tmp_path, text))
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_bundled_recipes_load_and_an_unknown_one_lists_them() -> None:
    assert [entry.step.name for entry in load_recipe("mm-eureka").steps][-1] == "difficulty"
    assert load_recipe("default.yaml").name == "default"
    with pytest.raises(UserError, match="bundled are default, mm-eureka"):
        load_recipe("defualt")
