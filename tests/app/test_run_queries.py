"""The queries of Runs, Rollouts and Aha against the tables read with Polars."""

import json
import os
import time
from pathlib import Path

import polars as pl
import pytest

from app.queries import aha, rollouts, runs
from workbench.store import Store
from workbench.workspace import Workspace

RUN = "first-run"


@pytest.fixture(scope="module")
def table(store: Store) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in store.rollouts(RUN)])


def test_metrics_leave_out_the_line_being_written(store: Store) -> None:
    lines = runs.metrics_file(store, RUN).read_text().splitlines()
    found = runs.metrics(store, RUN)
    assert found["step"].to_list() == [1, 2, 3, 4, 5, 6]
    assert found["reward/total"].to_list() == [json.loads(line)["reward/total"] for line in lines[:6]]
    assert found["eval/accuracy"].null_count() == 3


def test_keys_are_grouped_by_their_first_word() -> None:
    assert runs.group_keys(["a/x", "loss", "a/y", "b/c/d"]) == {
        "a": ["a/x", "a/y"],
        "general": ["loss"],
        "b": ["b/c/d"],
    }


def test_a_run_is_live_while_it_writes_and_has_steps_left(workspace: Workspace) -> None:
    store = Store(workspace)
    metrics = runs.metrics_file(store, RUN)
    os.utime(metrics)
    assert not runs.is_live(store, RUN)  # all six steps are done
    config = runs.config_file(store, RUN)
    config.write_text(config.read_text().replace("steps: 6", "steps: 60"))
    assert runs.is_live(store, RUN)
    long_ago = time.time() - 10 * runs.LIVE_SECONDS
    os.utime(metrics, (long_ago, long_ago))
    assert not runs.is_live(store, RUN)


def test_datasets_of_a_run(workspace: Workspace) -> None:
    store = Store(workspace)
    assert runs.datasets(store, RUN) == ["train@v001"]
    runs.config_file(store, RUN).write_text("dataset: [raw, gone, train@v001, train@v009]\n")
    assert runs.datasets(store, RUN) == ["raw@v001", "train@v001"]


def test_groups_search_and_order(store: Store, table: pl.DataFrame) -> None:
    wanted = table.filter(pl.col("response").str.to_lowercase().str.contains("check again", literal=True))
    found = rollouts.groups(store, RUN, None, "Check AGAIN", "", "as sampled", 0, 100)
    assert sorted(found["group_id"]) == sorted(wanted["group_id"].unique())
    assert found["hits"].sum() == wanted.height
    assert rollouts.count_groups(store, RUN, None, "Check AGAIN", "") == found.height
    lowest = rollouts.groups(store, RUN, 3, "", "", "lowest accuracy", 0, 100)
    rates = table.filter(pl.col("step") == 3).group_by("group_id").agg(a=(pl.col("verdict") == "correct").mean())
    assert lowest["accuracy"].to_list() == sorted(rates["a"])
    problem = table["problem_id"][0]
    mine = rollouts.groups(store, RUN, None, "", problem, "longest", 0, 100)
    assert sorted(mine["group_id"]) == sorted(table.filter(pl.col("problem_id") == problem)["group_id"].unique())


def test_rollouts_of_the_groups_found_in_the_order_of_the_list(store: Store, table: pl.DataFrame) -> None:
    holds = pl.col("response").str.to_lowercase().str.contains("check again", literal=True)
    groups = table.group_by("step", "group_id").agg(hit=holds.any(), a=(pl.col("verdict") == "correct").mean())
    places = groups.filter("hit").sort("a", "step", "group_id").with_row_index("place")
    wanted = table.join(places, on=["step", "group_id"]).sort("place", "sample_index")
    assert 0 < wanted.height < table.height
    args = (store, RUN, None, "Check AGAIN", "")
    found = rollouts.of_groups(*args, "lowest accuracy", 10_000)
    assert found["rollout_id"].to_list() == wanted["rollout_id"].to_list()
    assert rollouts.count_answers(*args) == wanted.height
    assert rollouts.of_groups(*args, "lowest accuracy", 5).equals(found.head(5))
    assert rollouts.count_answers(store, RUN, None, "nobody wrote this", "") == 0


def test_a_group_comes_in_order_without_its_tokens(store: Store, table: pl.DataFrame) -> None:
    found = rollouts.group(store, RUN, 2, f"{RUN}/000002/0001")
    assert found["sample_index"].to_list() == [0, 1, 2, 3]
    assert "token_ids" not in found.columns
    same = table.filter(pl.col("group_id") == f"{RUN}/000002/0001").sort("sample_index")
    assert found["response"].to_list() == same["response"].to_list()


def test_aha_counts_equal_a_count_by_hand(workspace: Workspace, table: pl.DataFrame) -> None:
    store = Store(workspace)
    made: list[int] = []
    files = aha.prepare(store, RUN, lambda done, of: made.append(done))
    assert made == [1, 2, 3, 4, 5, 6]
    aha.prepare(store, RUN, lambda done, of: pytest.fail("nothing is missing any more"))
    # The small workspace's responses reflect exactly where they say "check again", and then begin with 999.
    reflects = pl.col("response").str.contains("check again", literal=True)
    right = pl.col("verdict") == "correct"
    found = aha.overall(store, files)
    yes, no = table.filter(reflects), table.filter(~reflects)
    assert (found.rate.value, found.rate.n) == (yes.height / table.height, table.height)
    assert found.accuracy_with.value == pytest.approx(yes.filter(right).height / yes.height)
    assert found.accuracy_without.value == pytest.approx(no.filter(right).height / no.height)
    assert found.per_thousand_tokens == pytest.approx(1000 * yes.height / table["n_tokens"].sum())
    assert found.transitions["right→right"] == found.transitions["right→wrong"] == 0
    best = aha.candidates(store, files, aha.WANTED, 0, 100)
    assert best.height == found.transitions[aha.WANTED] > 0
    assert set(best["rollout_id"]) <= set(yes.filter(right)["rollout_id"])
    advantages = best.filter(pl.col("used"))["advantage"].to_list()
    assert advantages == sorted(advantages, reverse=True)
    steps = aha.by_step(store, files)
    rates = table.group_by("step").agg(rate=reflects.mean()).sort("step")
    assert steps["rate"].to_list() == pytest.approx(rates["rate"].to_list())
    assert (steps["low"] <= steps["rate"]).all() and (steps["rate"] <= steps["high"]).all()


def test_findings_of_a_changed_step_are_made_again(workspace: Workspace) -> None:
    store = Store(workspace)
    aha.prepare(store, RUN, lambda done, of: None)
    [path] = store.rollouts(RUN, 4)
    os.utime(path)
    made: list[int] = []
    aha.prepare(store, RUN, lambda done, of: made.append(of))
    assert made == [1]


def test_a_run_without_rollouts_has_no_steps(tmp_path: Path) -> None:
    assert rollouts.steps(Store(Workspace(tmp_path)), "none") == []
