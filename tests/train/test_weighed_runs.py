"""What runs with other algorithm settings write down: advantages recomputed from the table's own rewards."""

import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import train.start
from tests.train.helpers.same_run import config_of, metrics
from workbench.rollout.vllm_local import LocalVLLM
from workbench.workspace import Workspace

pytestmark = pytest.mark.engine
KL = 0.5


def run_of(name: str, workspace: Workspace, **algorithm: Any) -> Path:
    config = config_of(name, steps=2, eval_dataset=None, algorithm=algorithm, rollout__max_tokens=20)
    return train.start.train(config, workspace)


def tables(run: Path) -> list[list[dict[str, Any]]]:
    """The rows of both steps, with their rewards as a dict."""
    read = [pq.read_table(path).to_pylist() for path in sorted(run.glob("rollouts/*/*"))]
    assert len(read) == 2
    return [[row | {"rewards": dict(row["rewards"])} for row in rows] for rows in read]


def assert_advantages(rows: list[dict[str, Any]]) -> None:
    """GRPO's from the rewards' parts, over all scorable members of a group."""
    groups: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        parts = row["rewards"]
        if row["reward"] is not None:
            total = parts["accuracy"] + 0.5 * parts["format"] + KL * parts.get("kl", 0.0)
            assert row["reward"] == pytest.approx(total, abs=1e-6)
            groups[row["group_id"]].append((total, row["advantage"]))
    for group in groups.values():
        totals = [total for total, _ in group]
        mean, std = statistics.fmean(totals), statistics.stdev(totals)
        wanted = [(total - mean) / (std + 1e-9) for total in totals]
        assert [advantage for _, advantage in group] == pytest.approx(wanted, abs=1e-4)
    assert any(row["advantage"] for row in rows)


@pytest.mark.parametrize("estimator", ["k1", "k3"])
def test_a_penalty_in_the_reward(workspace: Workspace, shared: LocalVLLM, estimator: str) -> None:
    penalty = {"coefficient": KL, "estimator": estimator, "place": "reward"}
    run = run_of(f"penalized-{estimator}", workspace, kl=penalty)
    first, second = tables(run)
    for rows in (first, second):
        assert_advantages(rows)
        assert all(("kl" in row["rewards"]) == row["used"] for row in rows)
    # The first step starts at the reference, the second is away from it.
    assert max(abs(row["rewards"]["kl"]) for row in first) < 1e-3
    assert max(abs(row["rewards"]["kl"]) for row in second) > 1e-3
    assert "policy/kl_to_reference" not in metrics(run)[1]


@pytest.mark.parametrize("kind", ["truncate", "mask"])
def test_a_sampler_correction(workspace: Workspace, shared: LocalVLLM, kind: str) -> None:
    """It weighs gradients and leaves advantages; sampler and learner agree, so its weights are all but 1."""
    run = run_of(f"corrected-{kind}", workspace, correction={"kind": kind, "level": "sequence", "high": 2.0})
    for rows, row in zip(tables(run), metrics(run), strict=True):
        assert_advantages(rows)
        assert row["correction/mean"] == pytest.approx(1, abs=1e-3)
        assert row["correction/effective_share"] == pytest.approx(1, abs=1e-3)


def test_truncated_responses_are_masked_and_count_in_their_group(workspace: Workspace, shared: LocalVLLM) -> None:
    run = run_of("masked", workspace, mask_truncated=True)
    for rows, row in zip(tables(run), metrics(run), strict=True):
        assert_advantages(rows)
        cut = [one["finish_reason"] == "length" for one in rows]
        assert [one["unused_reason"] == "truncated" for one in rows] == cut
        assert 0 < sum(cut) == row["unused/truncated"] < len(rows) and row["samples/used"] == len(rows) - sum(cut)
