"""Rounding that the model blows up is told from a sampler that computes something else."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import train.learner.gap
from tests.train.conftest import make_samples, tiny_config
from train.distributed import Ranks
from train.learner.batching import TrainSample
from train.learner.engine import make_learner
from train.learner.gap import GapError, in_float64
from train.learner.policy import Policy
from train.learner.trainer import Trainer
from workbench.schema import Problem
from workbench.workspace import Workspace


@pytest.fixture
def samples(random_model: Path, workspace: Workspace, few: list[Problem]) -> list[TrainSample]:
    """Answers whose log-probs a sampler found that computes what the learner does, each by itself."""
    trainer = trainer_of(random_model)
    made = make_samples(random_model, workspace, few[:4], 2)
    return [replace(one, sampler_logprobs=trainer._logprobs([one])[0].tolist()) for one in made]


def trainer_of(folder: Path, **changes: object) -> Trainer:
    config = tiny_config(**changes)
    return Trainer(make_learner(folder, config, Ranks()), config, Ranks())


def exact(policy: Policy, samples: list[TrainSample]) -> torch.Tensor:
    """By a float64 copy of the module, sample by sample, to eight digits."""
    from copy import deepcopy

    from train.learner.batching import collate

    copy = deepcopy(policy).double()
    found = []
    for one in samples:
        pictures = one.pictures and replace(one.pictures, pixels=one.pictures.pixels.double())
        with torch.no_grad():
            found.append(copy(collate([[replace(one, pictures=pictures)]], policy.image_token, policy.pad_token))[0])
    return torch.cat(found)


def fresh(samples: list[TrainSample]) -> list[TrainSample]:
    """As a step gets them: nothing is known of them yet."""
    return [replace(one, old=None) for one in samples]


def shifted(samples: list[TrainSample], by: float) -> list[TrainSample]:
    """The same with one log-prob of the third sample moved."""
    made = fresh(samples)
    third = [*samples[2].sampler_logprobs]
    third[-1] += by
    made[2].sampler_logprobs = third
    return made


@pytest.mark.parametrize("updates", [1, 2])
def test_rounding_is_counted_and_a_real_difference_stops(
    random_model: Path, samples: list[TrainSample], monkeypatch: pytest.MonkeyPatch, updates: int
) -> None:
    """With a bound below what fp32 can tell apart, rounding alone goes beyond it; 1e-4 more is a fault all the same."""
    settings = {"algorithm__updates_per_step": updates}
    plain = trainer_of(random_model, **settings).learn(fresh(samples))
    assert plain["gap/over"] == 0 and plain["gap/max"] <= 1e-5
    monkeypatch.setattr(train.learner.gap, "MAX_GAP", 1e-9)
    # Together in one micro-batch they round differently than each by itself.
    strict = trainer_of(random_model, **settings).learn(fresh(samples))
    assert strict["gap/over"] > 0 and 0 < strict["gap/max"] <= 1e-5
    trainer = trainer_of(random_model, **settings)
    before = {name: value.clone() for name, value in trainer.learner.weights(trainable_only=True)}
    with pytest.raises(GapError, match=r"differ by 1\.\d+e-04, more than 1e-09: for token \d+ the sampler has"):
        # Two updates take the groups 0 and 2, then 1 and 3: the third sample is of the second update's.
        trainer.learn(shifted(samples, 1e-4))
    assert all(torch.equal(value, before[name]) for name, value in trainer.learner.weights(trainable_only=True))


def test_a_sampler_without_numbers_stops(random_model: Path, samples: list[TrainSample]) -> None:
    with pytest.raises(GapError, match="differ by nan"):
        trainer_of(random_model).learn(shifted(samples, float("nan")))


@pytest.mark.parametrize("lora", [None, {}])
def test_the_float64_policy_is_the_learner_s_and_costs_no_random_number(
    random_model: Path, samples: list[TrainSample], lora: object
) -> None:
    trainer = trainer_of(random_model, lora=lora, optimizer={"lr": 1e-2, "warmup_ratio": 0.0})
    trainer.strict = False
    trainer.learn(fresh(samples))
    state = torch.get_rng_state()
    made = in_float64(trainer.learner)
    assert torch.equal(torch.get_rng_state(), state)
    assert {p.dtype for p in made.parameters()} == {torch.float64}
    torch.testing.assert_close(exact(made, samples), exact(trainer.learner.policy, samples), atol=1e-6, rtol=0)
    now = torch.cat(trainer._logprobs(samples))
    torch.testing.assert_close(exact(made, samples), now.double().float(), atol=1e-5, rtol=0, check_dtype=False)
