"""Advantages, losses, weights and filters against a short float64 reference."""

import math
import statistics

import numpy as np
import pytest
import torch

from tests.train.conftest import tiny_config
from train.advantages import ADVANTAGES
from train.batching import TrainSample, cut
from train.config import AlgorithmConfig, FilterConfig
from train.distributed import Ranks
from train.engine import lr_at
from train.filters import FILTERS
from train.losses import LOSSES, Tokens, token_weight
from train.rollouts import Group, Rollout
from train.weigh import weigh
from workbench.errors import UserError
from workbench.rollout.engine import Sample
from workbench.schema import Problem
from workbench.verify.verdict import Judgement, Verdict


def reference_loss(
    new: list[list[float]], old: list[list[float]], rewards: list[list[float]], low: float, high: float, mode: str
) -> float:
    """GRPO with a clipped ratio, written from the papers' formulas for groups of responses in plain Python floats."""
    advantages = []
    for group in rewards:
        mean, std = statistics.fmean(group), statistics.stdev(group)
        advantages += [(r - mean) / (std + 1e-9) if std > 0 else 0.0 for r in group]
    per_response = []
    for response, before, advantage in zip(new, old, advantages, strict=True):
        terms = []
        for log_new, log_old in zip(response, before, strict=True):
            ratio = math.exp(log_new - log_old)
            terms.append(-min(ratio * advantage, max(1 - low, min(1 + high, ratio)) * advantage))
        per_response.append(terms)
    if mode == "token":
        return sum(map(sum, per_response)) / sum(map(len, per_response))
    return statistics.fmean(statistics.fmean(terms) for terms in per_response)


@pytest.mark.parametrize("mode", ["token", "sequence"])
def test_loss_and_advantage_equal_the_reference(mode: str) -> None:
    rng = np.random.default_rng(3)
    rewards = [[1.5, 0.5, 0.0, 1.5], [0.5, 0.5, 0.5], [0.0, 1.0]]
    lengths = [int(rng.integers(1, 9)) for _ in range(9)]
    new = [rng.normal(-1, 0.5, size).tolist() for size in lengths]
    old = [rng.normal(-1, 0.5, size).tolist() for size in lengths]
    config = AlgorithmConfig(clip_low=0.2, clip_high=0.28, aggregation=mode)
    advantages = np.concatenate(ADVANTAGES["grpo"]([np.array(group) for group in rewards]))
    weights = [token_weight(n, config.aggregation, sum(lengths), len(lengths)) for n in lengths]
    counts = torch.tensor(lengths)
    tokens = Tokens(
        torch.tensor([v for one in new for v in one], dtype=torch.float64),
        torch.tensor([v for one in old for v in one], dtype=torch.float64),
        torch.tensor(advantages).repeat_interleave(counts),
        torch.tensor(weights, dtype=torch.float64).repeat_interleave(counts),
    )
    assert tokens.weights.sum().item() == pytest.approx(1, abs=1e-12)
    loss, metrics = LOSSES["ppo_clip"](tokens, config)
    assert loss.item() == pytest.approx(reference_loss(new, old, rewards, 0.2, 0.28, mode), abs=1e-12)
    assert 0 < metrics["clip_fraction"] < 1


def test_a_clipped_token_has_no_gradient_and_an_open_one_has() -> None:
    new = torch.tensor([0.5, 0.1, -0.5, -0.5], requires_grad=True)
    tokens = Tokens(new, torch.zeros(4), torch.tensor([1.0, 1.0, -1.0, 1.0]), torch.full((4,), 0.25))
    loss, metrics = LOSSES["ppo_clip"](tokens, AlgorithmConfig(clip_low=0.2, clip_high=0.28))
    loss.backward()
    # exp(.5) > 1.28 with A > 0 is clipped, exp(-.5) < .8 with A < 0 too; the other two move.
    expected = [0.0, -0.25 * math.exp(0.1), 0.0, -0.25 * math.exp(-0.5)]
    torch.testing.assert_close(new.grad, torch.tensor(expected))
    assert metrics["clip_fraction"].item() == pytest.approx(0.5)


@pytest.mark.parametrize("rewards", [[0.1 + 0.2] * 7, [1 / 3] * 3, [1.5], [0.0] * 8])
def test_equal_rewards_have_exactly_no_advantage(rewards: list[float]) -> None:
    assert ADVANTAGES["grpo"]([np.array(rewards)])[0].tolist() == [0.0] * len(rewards)


def _group(verdicts: str) -> Group:
    """One group: c is correct (reward 1.5), w wrong (0.5), u unscorable."""
    rollouts = []
    for letter in verdicts:
        verdict = {"c": Verdict.CORRECT, "w": Verdict.WRONG, "u": Verdict.UNSCORABLE}[letter]
        judgement = Judgement(verdict, "given", None, None, None, None, 0.0)
        reward = {"c": 1.5, "w": 0.5, "u": None}[letter]
        rollouts.append(
            Rollout(
                Sample([1], [0.0], "", "stop"),
                judgement,
                reward=reward,
                unused_reason="unscorable" if letter == "u" else None,
            )
        )
    return Group(0, Problem("s", verdicts, "q", (), "1"), "", [], 0, rollouts, None)


def test_unscorable_members_stay_outside_the_groups_statistics() -> None:
    groups = [_group("cwuw"), _group("uuuu"), _group("cccw")]
    kept = weigh(groups, tiny_config(), Ranks())
    assert kept == [groups[0], groups[2]]
    values = [1.5, 0.5, 0.5]
    expected = [(v - statistics.fmean(values)) / (statistics.stdev(values) + 1e-9) for v in values]
    got = [r.advantage for r in groups[0].rollouts]
    assert got == pytest.approx([expected[0], expected[1], 0.0, expected[2]])
    assert [r.unused_reason for r in groups[0].rollouts] == [None, None, "unscorable", None]


def test_accuracy_bounds_leave_whole_groups_out_with_the_reason() -> None:
    groups = [_group("cccc"), _group("wwww"), _group("cwww"), _group("uuuc")]
    config = tiny_config(filter={"name": "accuracy_bounds", "low": 0.1, "high": 0.9})
    assert weigh(groups, config, Ranks()) == [groups[2]]
    assert {r.unused_reason for r in groups[0].rollouts} == {"accuracy_above_bounds"}
    assert {r.unused_reason for r in groups[1].rollouts} == {"accuracy_below_bounds"}
    assert [r.unused_reason for r in groups[3].rollouts] == ["unscorable"] * 3 + ["accuracy_above_bounds"]


@pytest.mark.parametrize(("accuracy", "reason"), [(0.1, None), (0.9, None), (0.0999, "accuracy_below_bounds")])
def test_bounds_are_included(accuracy: float, reason: str | None) -> None:
    assert FILTERS["accuracy_bounds"](accuracy, FilterConfig()) == reason


def test_an_unknown_plug_in_lists_the_known() -> None:
    with pytest.raises(UserError, match="no advantage is called 'grp'; there are grpo"):
        ADVANTAGES["grp"]


def test_micro_batches_hold_each_sample_once_within_the_budget() -> None:
    samples = [TrainSample([0] * p, [0] * r, [0.0] * r, 0.0) for p, r in [(5, 3), (40, 2), (5, 9), (100, 30), (5, 3)]]
    groups = cut(samples, 45)
    assert sorted(id(s) for group in groups for s in group) == sorted(id(s) for s in samples)
    assert all(len(group) == 1 or max(s.length for s in group) * len(group) <= 45 for group in groups)


def test_learning_rate_warms_up_and_falls_to_the_floor() -> None:
    config = tiny_config(optimizer={"lr": 1.0, "warmup_ratio": 0.1, "min_lr_ratio": 0.1}).optimizer
    rates = [lr_at(update, 100, config) for update in range(100)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert rates[10] == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * 0.5)))
    assert rates[99] == pytest.approx(0.1, abs=1e-3)
    assert rates[10:] == sorted(rates[10:], reverse=True)
