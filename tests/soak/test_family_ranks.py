"""Every family on two ranks under ZeRO-3, where one has no picture: the step is one process's, the weights whole."""

from pathlib import Path

import pytest

from tests.train.conftest import add_dataset, assert_close, make_samples, one_step, tiny_config
from tests.train.helpers.tiny_families import BUILDERS, build
from tests.train.helpers.two_ranks import launch
from workbench.workspace import Workspace


def test_two_ranks_give_one_rank_s_step(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    few = add_dataset(workspace, "few", 12, 11)
    cases = []
    for family in BUILDERS:
        folder = build(family, tmp_path / family)
        # One picture, none, two, none: each rank takes every other problem.
        samples = make_samples(folder, workspace, [few[0], few[4], few[6], few[9]], 2)
        assert [len(s.pictures.tokens) if s.pictures else 0 for s in samples[::2]] == [1, 0, 2, 0]
        for freeze_vision in (True, False):
            config = tiny_config(
                freeze_vision=freeze_vision, deepspeed__stage=3, micro_batch_tokens=250, optimizer__grad_clip=1e9
            )
            cases.append({"config": config, "samples": samples, "model": folder})
    for case, found in zip(cases, launch(cases, tmp_path), strict=True):
        alone = case["config"].model_copy(update={"deepspeed": None})
        _, metrics, learner = one_step(case["model"], alone, case["samples"])
        moments = {n: learner.optimizer.state[p]["exp_avg"] for n, p in learner.policy.weights(trainable_only=True)}
        assert_close(found["moments"], moments, 1e-6)
        assert found["metrics"] == pytest.approx(metrics, rel=1e-3, abs=1e-4)
        assert found["changed"] == moments.keys()
        assert found["sizes"] == {name: weight.numel() for name, weight in learner.weights(trainable_only=False)}
