"""A second stage from a first one's result, as the 32B recipes have it: its start and its reference are that result."""

from pathlib import Path
from typing import Any

import pytest
import torch

import train.start
from tests.train.conftest import make_samples
from tests.train.helpers.full_forward import full_forward
from tests.train.helpers.same_run import config_of
from train.distributed import Ranks
from train.learner.engine import make_learner
from train.learner.sync import sync
from train.loop import Loop
from workbench.models import TINY, checkpoints
from workbench.rollout.vllm_local import LocalVLLM
from workbench.schema import Problem
from workbench.workspace import Workspace

pytestmark = pytest.mark.engine


@pytest.fixture
def reloading(shared: LocalVLLM, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The shared engine takes the weights of the folder a loop asks for, which is noted, as a new one would."""
    asked: list[Path] = []

    def engine(folder: Path, *_: Any) -> LocalVLLM:
        asked.append(folder)
        sync(make_learner(folder, config_of("reload"), Ranks()), shared, 0, trainable_only=False)
        return shared

    monkeypatch.setattr(train.loop, "make_engine", engine)
    return asked


def test_the_second_stage_s_reference_is_the_first_one_s_result(
    workspace: Workspace, few: list[Problem], reloading: list[Path]
) -> None:
    first = train.start.train(config_of("first", steps=2, eval_dataset=None), workspace)
    result = checkpoints(first)[2] / "model"
    penalty = {"coefficient": 0.1}
    second = config_of("second", model="first@last", steps=2, eval_dataset=None, algorithm__kl=penalty)
    loop = Loop(second, workspace, workspace.run("second"), Ranks())
    loop.start(resume=False)
    loop.step()
    assert reloading == [TINY, result]
    # Nowhere yet: the first step starts at the reference. Its sampler, too, or the gap would have stopped the run.
    assert loop.metrics["policy/kl_to_reference"] == pytest.approx(0, abs=1e-8)
    # Asked for after an update, which must not have moved it.
    samples = make_samples(TINY, workspace, few[:5], 2)
    reference = torch.cat(loop.trainer.reference_logprobs(samples))
    of_result, of_base = (
        torch.cat([full_forward(folder, sample, 1.0)[0] for sample in samples]) for folder in (result, TINY)
    )
    torch.testing.assert_close(reference, of_result, atol=2e-5, rtol=0)
    assert (of_result - of_base).abs().max() > 1e-2
    loop.step()
    assert (loop.metrics["policy/kl_to_reference"] or 0) > 1e-6
    loop.close()
