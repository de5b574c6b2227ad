"""The whole loop once, small: every part real, every table where the report says it lies."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from workbench.demo import free_run_name, print_report, report_of
from workbench.store import Store
from workbench.workspace import Workspace


@pytest.mark.engine
@pytest.mark.timeout(1200)
def test_the_loop_leaves_every_table_and_an_honest_report(small_demo: Any) -> None:
    workspace, outcome = small_demo.workspace, small_demo.outcome
    report = report_of(outcome)
    store = Store(workspace)

    # The funnel's sums agree with the decisions on disk: one keep or drop a problem.
    sql = "SELECT verdict, count(*) AS n FROM decisions WHERE verdict <> 'flag' GROUP BY 1"
    decided = {r["verdict"]: r for r in store.query(sql, decisions=store.decisions("demo-train")).to_dicts()}
    assert sum(r["n"] for r in decided.values()) == report["funnel"][0]["in"] == 48
    assert decided["keep"]["n"] == report["funnel"][-1]["out"] > 0

    # Accuracy, recounted from the scores table.
    for side in ("before", "after"):
        paths = store.scores(model=report[side]["model"])
        rows = store.query("SELECT verdict FROM scores", scores=paths)
        right = (rows["verdict"] == "correct").mean()
        assert rows.height == report[side]["problems"] == 24
        assert report[side]["accuracy"][0] == pytest.approx(right, abs=1e-4)
        low, high = report[side]["accuracy"][1:]
        assert low <= right <= high

    # Two steps of 8 prompts with 8 samples, every rollout linked to a problem of the training set.
    rollouts = store.query(
        "SELECT r.step, count(*) AS n FROM rollouts r JOIN problems p USING (problem_id) GROUP BY 1 ORDER BY 1",
        rollouts=store.rollouts(report["run"]),
        problems=store.problems("demo-train"),
    )
    assert rollouts.rows() == [(1, 64), (2, 64)]
    assert 0 < report["largest_sampler_learner_gap"] <= 1e-4
    assert all(Path(place).exists() for place in report["tables"].values())

    console = Console(file=io.StringIO(), width=200)
    print_report(console, report, workspace, workspace.root / "demo" / "report.json")
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "accuracy gained" in printed
    assert f"eureka app --workspace {workspace.root}" in printed


def test_a_second_demo_takes_a_name_of_its_own(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert free_run_name(workspace, "demo") == "demo"
    for taken in ("demo", "demo-2", "other"):
        workspace.run(taken).mkdir(parents=True)
    assert free_run_name(workspace, "demo") == "demo-3"
