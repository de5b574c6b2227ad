"""The reference model: what it costs in the loss and in the reward, and that borrowing its weights leaves no trace."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.train.conftest import assert_close, load_policy, make_samples, tiny_config, watched_gradients
from train.config import TrainConfig
from train.distributed import Ranks
from train.learner.batching import TrainSample, collate
from train.learner.engine import TorchLearner, make_learner
from train.learner.trainer import Trainer
from train.rollouts import Group, Rollout
from workbench.rollout.engine import Sample
from workbench.schema import Problem
from workbench.workspace import Workspace


@pytest.fixture(scope="module")
def samples(random_model: Path, workspace: Workspace, few: list[Problem]) -> list[TrainSample]:
    return make_samples(random_model, workspace, few[:3])


def trainer_of(folder: Path, config: TrainConfig) -> Trainer:
    trainer = Trainer(make_learner(folder, config, Ranks()), config, Ranks())
    trainer.strict = False  # the samples' log-probs are made up
    return trainer


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in trainer.learner.policy.weights(trainable_only=False)}


@pytest.mark.parametrize("estimator", ["k1", "k2", "k3"])
def test_the_distance_starts_at_zero_and_pulls_back(
    random_model: Path, samples: list[TrainSample], estimator: str
) -> None:
    penalty = {"kl": {"coefficient": 1.0, "estimator": estimator}}
    trainer = trainer_of(random_model, tiny_config(algorithm=penalty, optimizer={"lr": 1e-3}, steps=100))
    assert trainer.learn(samples)["policy/kl_to_reference"] == pytest.approx(0, abs=1e-6)
    moved = trainer.learn(samples)["policy/kl_to_reference"]
    assert abs(moved) > 1e-5
    # With nothing to gain the penalty alone is left: k2 and k3 lead back to the reference.
    still = [replace(sample, advantage=0.0) for sample in samples]
    for _ in range(20):
        last = trainer.learn(still)["policy/kl_to_reference"]
    assert estimator == "k1" or last < moved


@pytest.mark.parametrize("estimator", ["k1", "k2", "k3"])
def test_the_penalty_s_gradient_is_the_formula_s(
    random_model: Path, samples: list[TrainSample], estimator: str
) -> None:
    """Away from the reference and with nothing to gain: coefficient · mean of (∂k/∂ ln π) · ∇ ln π, row by row."""
    penalty = {"kl": {"coefficient": 0.3, "estimator": estimator}}
    trainer = trainer_of(random_model, tiny_config(algorithm=penalty, optimizer__grad_clip=1e9))
    assert trainer.reference and isinstance(trainer.learner, TorchLearner)
    torch.manual_seed(0)
    for value in trainer.reference.weights.values():
        value.add_(0.03 * torch.randn_like(value))
    other = load_policy(random_model)
    other.load_state_dict({f"model.{name}": value for name, value in trainer.reference.weights.items()}, strict=False)
    gradients = watched_gradients(trainer.learner)
    found = trainer.learn([replace(sample, advantage=0.0) for sample in samples])

    policy = load_policy(random_model)
    count = sum(len(sample.response_ids) for sample in samples)
    total = 0.0
    for sample in samples:
        batch = collate([[sample]], policy.image_token, policy.pad_token)
        own, theirs = policy(batch)[0], other(batch)[0].detach()
        d = (own - theirs).detach().double()
        value = {"k1": d, "k2": d**2 / 2, "k3": torch.exp(-d) - 1 + d}[estimator]
        slope = {"k1": torch.ones_like(d), "k2": d, "k3": 1 - torch.exp(-d)}[estimator]
        (0.3 * (slope * own).sum() / count).backward()
        total += float(value.sum()) / count
    assert abs(total) > 0.01
    assert found["policy/kl_to_reference"] == pytest.approx(total, rel=1e-4)
    assert found["policy/loss"] == pytest.approx(0.3 * total, rel=1e-4)
    wanted = {name: p.grad for name, p in policy.model.named_parameters() if p.grad is not None}
    assert_close(gradients, wanted, 1e-5)


def test_the_reference_is_the_first_model_and_the_policy_is_untouched(
    random_model: Path, samples: list[TrainSample]
) -> None:
    trainer = trainer_of(random_model, tiny_config(algorithm={"kl": {"coefficient": 0.1}}, optimizer={"lr": 1e-2}))
    first = trainer._logprobs(samples)
    trainer.learn(samples)
    before = weights(trainer)
    reference = trainer.reference_logprobs(samples)
    assert all(torch.equal(a, b) for a, b in zip(first, reference, strict=True))
    assert all(torch.equal(before[name], value) for name, value in weights(trainer).items())
    assert not all(torch.equal(a, b) for a, b in zip(first, trainer._logprobs(samples), strict=True))


def test_only_what_is_trained_is_kept_twice(random_model: Path) -> None:
    trainer = trainer_of(random_model, tiny_config(algorithm={"kl": {"coefficient": 0.1}}, freeze_vision=True))
    assert trainer.reference is not None
    trained = {name for name, p in trainer.learner.policy.model.named_parameters() if p.requires_grad}
    assert set(trainer.reference.weights) == trained < set(weights(trainer))


def test_a_reward_is_less_by_the_coefficient_times_the_distance(
    random_model: Path, samples: list[TrainSample], few: list[Problem]
) -> None:
    penalty = {"coefficient": 0.5, "estimator": "k1", "place": "reward"}
    trainer = trainer_of(random_model, tiny_config(algorithm={"kl": penalty}, optimizer={"lr": 1e-2}))
    start = trainer._logprobs(samples)

    def penalized() -> list[Rollout]:
        rollouts = [
            Rollout(Sample(s.response_ids, s.sampler_logprobs, "", "stop"), reward=1.0, rewards={"accuracy": 1.0})
            for s in samples
        ]
        trainer.penalize([Group(0, few[0], "", [], 0, rollouts, None)], samples)
        return rollouts

    # Exactly: the least difference would rank rewards that are equal.
    assert [rollout.reward for rollout in penalized()] == [1.0] * len(samples)
    trainer.learn(samples)
    for rollout, before, now in zip(penalized(), start, trainer._logprobs(samples), strict=True):
        distance = float((now.double() - before.double()).sum())
        assert abs(distance) > 1e-4
        assert rollout.reward == pytest.approx(1 - 0.5 * distance)
        assert rollout.rewards == {"accuracy": 1.0, "kl": pytest.approx(-distance)}


def test_an_entropy_bonus_raises_the_entropy(random_model: Path, samples: list[TrainSample]) -> None:
    still = [replace(sample, advantage=0.0) for sample in samples]
    trainer = trainer_of(random_model, tiny_config(algorithm={"entropy_bonus": 1.0}, optimizer={"lr": 1e-3}))
    values = [trainer.learn(still)["policy/entropy"] for _ in range(4)]
    assert values == sorted(values) and values[-1] > values[0] + 1e-3


def test_a_correction_is_logged_with_its_effective_share(random_model: Path, samples: list[TrainSample]) -> None:
    correction = {"kind": "mask", "level": "token", "low": 0.5, "high": 2.0}
    trainer = trainer_of(random_model, tiny_config(algorithm={"correction": correction}))
    own = trainer._logprobs(samples)
    # The sampler's log-probs are the learner's, but for one token that it thought three times as likely.
    exact = [replace(s, sampler_logprobs=logprobs.tolist()) for s, logprobs in zip(samples, own, strict=True)]
    exact[0].sampler_logprobs[0] += 1.0986
    metrics = trainer.learn(exact)
    tokens = sum(len(s.response_ids) for s in samples)
    assert metrics["correction/effective_share"] == pytest.approx((tokens - 1) / tokens, rel=1e-4)
    assert metrics["correction/mean"] == pytest.approx((tokens - 1) / tokens, rel=1e-4)


def test_a_constant_normaliser_logs_means_all_the_same(random_model: Path, samples: list[TrainSample]) -> None:
    found = {}
    for aggregation in ("token", "constant"):
        trainer = trainer_of(random_model, tiny_config(algorithm={"aggregation": aggregation}))
        assert isinstance(trainer.learner, TorchLearner)
        found[aggregation] = trainer.learn(samples)
    for name in ("policy/entropy", "policy/ratio_mean"):
        assert found["constant"][name] == pytest.approx(found["token"][name], rel=1e-4)
