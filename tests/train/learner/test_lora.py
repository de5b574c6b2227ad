"""LoRA and the tower's own learning rate: what learns, what the sampler gets, and the reference beside it."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train.conftest import make_samples, tiny_config
from train.distributed import Ranks
from train.learner.batching import TrainSample, collate
from train.learner.engine import make_learner
from train.learner.policy import Policy, is_vision
from train.learner.trainer import Trainer
from train.run.checkpoint import export
from train.start import train
from workbench.errors import UserError
from workbench.rollout.inputs import load_processor
from workbench.schema import Problem
from workbench.workspace import Workspace, read_jsonl

LORA = {"lora": {"rank": 4, "alpha": 8}}


@pytest.fixture(scope="module")
def samples(random_model: Path, workspace: Workspace, few: list[Problem]) -> list[TrainSample]:
    return make_samples(random_model, workspace, few[:6])


def learn(folder: Path, samples: list[TrainSample], **changes: Any) -> Any:
    """A learner after one step."""
    config = tiny_config(**changes)
    learner = make_learner(folder, config, Ranks())
    trainer = Trainer(learner, config, Ranks())
    trainer.strict = False
    trainer.learn(samples)
    return trainer


def logprobs(policy: Policy, samples: list[TrainSample]) -> torch.Tensor:
    with torch.no_grad():
        return policy(collate([[s] for s in samples], policy.image_token, policy.pad_token))[0]


def test_the_start_is_the_base_model(random_model: Path, samples: list[TrainSample]) -> None:
    base = make_learner(random_model, tiny_config(), Ranks())
    adapted = make_learner(random_model, tiny_config(**LORA), Ranks())
    assert torch.equal(logprobs(adapted.policy, samples), logprobs(base.policy, samples))
    wanted = dict(base.weights(trainable_only=False))
    got = dict(adapted.weights(trainable_only=False))
    assert got.keys() == wanted.keys()
    assert all(torch.equal(got[name], wanted[name]) for name in wanted)


def test_only_pairs_learn_and_whole_weights_come_out(
    random_model: Path, samples: list[TrainSample], tmp_path: Path
) -> None:
    trainer = learn(random_model, samples, **LORA)
    policy = trainer.learner.policy
    trained = [name for name, p in policy.named_parameters() if p.requires_grad]
    assert trained
    assert all(".lora_" in name for name in trained)
    # Seven linear layers in each of the four blocks, two matrices each.
    assert len(trained) == 7 * 4 * 2
    processor = load_processor(random_model)
    export(trainer.learner, processor, tmp_path / "model", Ranks())
    again = Policy.load(tmp_path / "model", torch.float32, 1.0, freeze_vision=True)
    # The exported file is a plain model that computes W + (α/r)·B·A in one product instead of two.
    torch.testing.assert_close(logprobs(again, samples), logprobs(policy, samples), atol=1e-5, rtol=0)
    start = make_learner(random_model, tiny_config(), Ranks()).policy
    assert (logprobs(again, samples) - logprobs(start, samples)).abs().max() > 1e-3


def test_merged_weights_equal_peft_s_own(random_model: Path, samples: list[TrainSample]) -> None:
    learner = learn(random_model, samples, **LORA).learner
    name = "model.language_model.layers.1.self_attn.q_proj"
    layer = learner.policy.model.get_submodule(name)
    ours = dict(learner.weights(trainable_only=True))[f"{name}.weight"].clone()
    layer.merge()
    torch.testing.assert_close(ours, layer.base_layer.weight.detach())


def test_the_reference_is_the_base_and_leaves_the_policy(random_model: Path, samples: list[TrainSample]) -> None:
    trainer = learn(random_model, samples, algorithm__kl={"coefficient": 0.1}, **LORA)
    before = logprobs(trainer.learner.policy, samples)
    base = make_learner(random_model, tiny_config(), Ranks()).policy
    reference = torch.cat(trainer.reference_logprobs(samples))
    torch.testing.assert_close(reference, logprobs(base, samples), atol=1e-5, rtol=0)
    assert (reference - before).abs().max() > 1e-3
    assert torch.equal(logprobs(trainer.learner.policy, samples), before)
    # Nothing but the pairs is held a second time.
    assert all(".lora_" in name for name in trainer.reference.weights)


@pytest.mark.slow
def test_a_run_with_pairs_keeps_sampler_and_learner_together(random_model: Path, workspace: Workspace) -> None:
    """Each step checks the gap itself; the second one's sampler has the first one's merged weights."""
    # A random model earns no reward; the entropy bonus moves it all the same.
    changes = {"optimizer__lr": 1e-2, "algorithm__entropy_bonus": 1.0, "steps": 3} | LORA
    config = tiny_config(run="lora", model=str(random_model), **changes)
    rows, _ = read_jsonl(train(config, workspace) / "metrics.jsonl")
    assert [row["step"] for row in rows] == [1, 2, 3]
    assert all(row["gap/max"] < 1e-4 for row in rows)
    assert all(row["policy/grad_norm"] > 0 for row in rows)


def test_the_tower_has_its_own_rate(random_model: Path, samples: list[TrainSample]) -> None:
    """Adam's first step moves each weight by its rate in the gradient's direction, whatever the gradient's size."""
    rates = {"optimizer__lr": 1e-3, "optimizer__vision_lr": 1e-4, "optimizer__warmup_ratio": 0.0, "steps": 1}
    learner = learn(random_model, samples, freeze_vision=False, **rates).learner
    start = dict(make_learner(random_model, tiny_config(), Ranks()).weights(trainable_only=False))
    for name, value in learner.weights(trainable_only=True):
        moved = (value - start[name]).abs().max().item()
        assert moved == pytest.approx(1e-4 if is_vision(name) else 1e-3, rel=1e-2), name


def test_a_rate_for_a_frozen_tower_is_refused() -> None:
    with pytest.raises(UserError, match=r"optimizer.vision_lr is set but the vision tower is frozen; add freeze_vis"):
        tiny_config(optimizer__vision_lr=1e-4)
