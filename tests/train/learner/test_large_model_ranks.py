"""What only large models meet, on two small ranks: bf16 under DeepSpeed, and a head in pieces under ZeRO-3."""

from pathlib import Path

import pytest
import torch

from tests.train.conftest import assert_close, make_samples, one_step, tiny_config
from tests.train.helpers.two_ranks import launch
from workbench.schema import Problem
from workbench.workspace import Workspace


@pytest.mark.slow
def test_bf16_under_deepspeed_and_a_head_in_pieces(
    random_model: Path, workspace: Workspace, few: list[Problem], tmp_path: Path
) -> None:
    """Against one fp32 process without either; the ranks' shares are uneven, so they would cut the head differently."""
    samples = make_samples(random_model, workspace, few[:5], 3)
    settings = {"micro_batch_tokens": 250, "optimizer__grad_clip": 1e9}
    rough = [tiny_config(deepspeed__stage=stage, dtype="bfloat16", **settings) for stage in (1, 2, 3)]
    pieces = tiny_config(deepspeed__stage=3, **settings)
    cases = [{"config": config, "samples": samples, "model": random_model} for config in (*rough, pieces)]
    cases[-1]["head_logits"] = 5 * 1024
    *rounded, exact = launch(cases, tmp_path)
    _, metrics, learner = one_step(random_model, tiny_config(**settings), samples)
    moments = {n: learner.optimizer.state[p]["exp_avg"] for n, p in learner.policy.weights(trainable_only=True)}
    assert_close(exact["moments"], moments, 1e-6)
    assert exact["metrics"] == pytest.approx(metrics, rel=1e-3, abs=1e-4)
    wanted = torch.cat([moment.flatten() for moment in moments.values()]).double()
    for found in rounded:
        got = torch.cat([found["moments"][name].flatten() for name in moments]).double()
        assert torch.nn.functional.cosine_similarity(got, wanted, dim=0) > 0.98
        assert got.norm() / wanted.norm() == pytest.approx(1, abs=0.03)
        assert found["synced"]
