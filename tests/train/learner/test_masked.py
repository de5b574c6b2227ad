"""Steps from which nothing is left to learn: sampler correction masks every token, or every response was cut off."""

import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

import train.start
from tests.train.conftest import load_policy, make_samples, one_step, tiny_config
from tests.train.helpers.same_run import config_of, metrics
from train.algorithm.losses import LOSSES
from workbench.models import TINY, resolve_model
from workbench.rollout.vllm_local import LocalVLLM
from workbench.schema import Problem
from workbench.workspace import Workspace


@pytest.mark.parametrize("level", ["token", "sequence"])
@pytest.mark.parametrize("loss", [name for name in LOSSES if name != "nll"])
def test_a_batch_masked_as_a_whole_gives_zero(
    random_model: Path, workspace: Workspace, few: list[Problem], loss: str, level: str
) -> None:
    """The made-up sampler was sure of every token, so each weight is a probability, below the lower bound."""
    correction = {"kind": "mask", "level": level, "low": 1.5, "high": 2.0}
    config = tiny_config(algorithm={"loss": loss, "correction": correction})
    gradients, found, learner = one_step(random_model, config, make_samples(random_model, workspace, few[:3]))
    assert found["policy/loss"] == found["policy/grad_norm"] == 0
    assert found["correction/mean"] == found["correction/effective_share"] == 0
    assert all(math.isfinite(value) for value in found.values())
    assert gradients and not any(gradient.any() for gradient in gradients.values())
    start = dict(load_policy(random_model).weights(trainable_only=False))
    assert all(torch.equal(value, start[name]) for name, value in learner.weights(trainable_only=False))


@pytest.mark.engine
def test_steps_whose_responses_were_all_cut_off_update_nothing(workspace: Workspace, shared: LocalVLLM) -> None:
    config = config_of("cut-off", steps=2, eval_dataset=None, rollout__max_tokens=2, algorithm__mask_truncated=True)
    run = train.start.train(config, workspace)
    for row in metrics(run):
        assert row["samples/all"] == row["unused/truncated"] == 24 and row["samples/used"] == 0
        # A mean over nothing is null, not a number that looks like one.
        assert all(value is None or math.isfinite(value) for value in row.values())
        assert [name for name, value in row.items() if value is None] == ["accuracy/used"]
    for table in run.glob("rollouts/*/*"):
        assert set(pq.read_table(table)["unused_reason"].to_pylist()) == {"truncated"}
    start, end = (
        dict(load_policy(folder).weights(trainable_only=False))
        for folder in (TINY, resolve_model("cut-off@last", workspace))
    )
    assert start.keys() == end.keys() and all(torch.equal(end[name], start[name]) for name in start)
