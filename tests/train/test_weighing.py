"""Which groups and rollouts a step learns from and with what advantage; micro-batches; the learning rate."""

import math
import statistics

import numpy as np
import pytest
import torch

from tests.train.conftest import tiny_config
from train.algorithm.advantages import ADVANTAGES
from train.algorithm.config import AlgorithmConfig
from train.algorithm.filters import FilterConfig
from train.algorithm.groups import GroupFacts
from train.algorithm.losses import Tokens
from train.distributed import Ranks
from train.learner.batching import TrainSample, cut, length, share
from train.learner.optimizer import lr_at
from train.rollouts import Group, Rollout
from train.selection import exactly, screen, weigh
from workbench.errors import UserError
from workbench.rollout.engine import Sample
from workbench.schema import Problem
from workbench.verify.verdict import Judgement, Verdict


def test_a_clipped_token_has_no_gradient_and_an_open_one_has() -> None:
    new = torch.tensor([0.5, 0.1, -0.5, -0.5], requires_grad=True)
    tokens = Tokens(
        new, torch.zeros(4), torch.tensor([1.0, 1.0, -1.0, 1.0]), torch.full((4,), 0.25), torch.arange(4), torch.ones(4)
    )
    loss, metrics = AlgorithmConfig(clip_low=0.2, clip_high=0.28).component("loss")(tokens)
    loss.backward()
    # exp(.5) > 1.28 with A > 0 is clipped, exp(-.5) < .8 with A < 0 too; the other two move.
    expected = [0.0, -0.25 * math.exp(0.1), 0.0, -0.25 * math.exp(-0.5)]
    torch.testing.assert_close(new.grad, torch.tensor(expected))
    assert metrics["clip_fraction"].item() == pytest.approx(0.5)


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
    kept = screen(groups, tiny_config())
    assert kept == [groups[0], groups[2]]
    weigh(kept, tiny_config(), Ranks())
    values = [1.5, 0.5, 0.5]
    expected = [(v - statistics.fmean(values)) / (statistics.stdev(values) + 1e-9) for v in values]
    got = [r.advantage for r in groups[0].rollouts]
    assert got == pytest.approx([expected[0], expected[1], 0.0, expected[2]])
    assert [r.unused_reason for r in groups[0].rollouts] == [None, None, "unscorable", None]


def test_truncated_rollouts_count_in_the_group_and_not_in_the_gradient() -> None:
    group = _group("cww")
    group.rollouts[2].sample = Sample([1], [0.0], "", "length")
    weigh([group], tiny_config(algorithm={"mask_truncated": True, "advantage": "dr_grpo"}), Ranks())
    assert [r.unused_reason for r in group.rollouts] == [None, None, "truncated"]
    assert [r.advantage for r in group.rollouts] == pytest.approx([2 / 3, -1 / 3, -1 / 3])


def test_group_weights_scale_advantages() -> None:
    groups = [_group("cw"), _group("cc")]
    weigh(groups, tiny_config(algorithm={"advantage": "dr_grpo", "group_weight": "rebalance"}), Ranks())
    assert [r.advantage for g in groups for r in g.rollouts] == [1.0, -1.0, 0.0, 0.0]


def test_a_step_learns_from_exactly_as_many_groups_as_asked() -> None:
    groups = [_group("cw") for _ in range(5)]
    for group, place in zip(groups, (4, 9, 0, 7, 2), strict=True):
        group.place = place
    assert [group.place for group in exactly(groups, 3, Ranks())] == [4, 0, 2]
    assert {r.unused_reason for group in groups for r in group.rollouts if group.place in (7, 9)} == {"surplus"}


def test_accuracy_bounds_leave_whole_groups_out_with_the_reason() -> None:
    groups = [_group("cccc"), _group("wwww"), _group("cwww"), _group("uuuc")]
    config = tiny_config(filter={"name": "accuracy_bounds", "low": 0.1, "high": 0.9})
    assert screen(groups, config) == [groups[2]]
    assert {r.unused_reason for r in groups[0].rollouts} == {"accuracy_above_bounds"}
    assert {r.unused_reason for r in groups[1].rollouts} == {"accuracy_below_bounds"}
    assert [r.unused_reason for r in groups[3].rollouts] == ["unscorable"] * 3 + ["accuracy_above_bounds"]


@pytest.mark.parametrize(
    ("right", "of", "reason"), [(1, 10, None), (9, 10, None), (999, 10_000, "accuracy_below_bounds")]
)
def test_bounds_are_included(right: int, of: int, reason: str | None) -> None:
    numbers, correct = np.zeros(of), np.arange(of) < right
    group = GroupFacts(numbers, numbers, correct, correct, Problem("s", "1", "q", (), "1"))
    assert FilterConfig(name="accuracy_bounds").component("name")(group) == reason


def test_dynamic_sampling_leaves_out_what_all_samples_agree_on() -> None:
    groups = [_group("cccccccccc"), _group("wwww"), _group("cccccccccw"), _group("cuuu")]
    assert screen(groups, tiny_config(filter={"name": "dynamic_sampling"})) == [groups[2]]
    reasons = [{r.unused_reason for r in group.rollouts} for group in groups]
    assert reasons == [{"all_correct"}, {"all_wrong"}, {None}, {"all_correct", "unscorable"}]


def test_an_unknown_plug_in_lists_the_known() -> None:
    with pytest.raises(UserError, match=r"no advantage is called 'grp'; there are .*dr_grpo, .*grpo, "):
        ADVANTAGES["grp"]


def test_micro_batches_hold_each_row_once_within_the_budget() -> None:
    rows = [[TrainSample([0] * p, [0] * r, [0.0] * r, 0.0)] for p, r in [(5, 3), (40, 2), (5, 9), (100, 30), (5, 3)]]
    groups = cut(rows, 45)
    assert sorted(id(row) for group in groups for row in group) == sorted(id(row) for row in rows)
    assert all(len(group) == 1 or max(length(row) for row in group) * len(group) <= 45 for group in groups)


def test_responses_share_their_prompt_while_that_saves_work() -> None:
    """Width 4: a prompt of 10 may be shared while 2·R·S ≤ 10·(10 + 24) = 340, so 12 joins 14 but not 14 + 12."""

    def sample(group: int, prompt: int, response: int) -> TrainSample:
        return TrainSample([group] * prompt, [0] * response, [0.0] * response, 0.0, group=group)

    samples = [sample(0, 10, r) for r in (14, 12, 12, 14)] + [sample(1, 10, 1), sample(2, 10, 1)]
    assert [[len(s.response_ids) for s in row] for row in share(samples, 4, 100)] == [[14, 12], [12, 14], [1], [1]]
    assert [len(row) for row in share(samples, 4, 30)] == [1, 1, 1, 1, 1, 1]
    assert len(share([sample(0, 10, 5)] * 8, 1000, 100)) == 1
    assert [len(row) for row in share([sample(0, 10, 5)] * 8, 1000, 30)] == [4, 4]


def test_learning_rate_warms_up_and_falls_to_the_floor() -> None:
    config = tiny_config(optimizer={"lr": 1.0, "warmup_ratio": 0.1, "min_lr_ratio": 0.1}).optimizer
    rates = [lr_at(update, 100, config) for update in range(100)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert rates[10] == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * 0.5)))
    assert rates[99] == pytest.approx(0.1, abs=1e-3)
    assert rates[10:] == sorted(rates[10:], reverse=True)
