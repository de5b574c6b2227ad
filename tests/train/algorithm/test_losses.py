"""Every estimator and loss against the published formula in plain floats; gradients against finite differences."""

import math

import numpy as np
import pytest
import torch

from tests.train.helpers import reference_formulas as reference
from train.algorithm.advantages import ADVANTAGES
from train.algorithm.config import AlgorithmConfig
from train.algorithm.correction import CorrectionConfig, correct, effective_share
from train.algorithm.group_weights import GROUP_WEIGHTS
from train.algorithm.groups import GroupFacts
from train.algorithm.losses import LOSSES, Loss, Tokens, token_weight
from train.algorithm.penalties import KL_ESTIMATORS
from workbench.schema import Problem

REWARDS = [[1.5, 0.5, 0.0, 1.5], [0.5, 0.5, 0.5], [0.0, 1.0]]
LONGEST = 12


def batch(seed: int = 3) -> tuple[list[list[float]], list[list[float]], list[float]]:
    """Log-probs before and after of nine responses of uneven length, and their advantages."""
    rng = np.random.default_rng(seed)
    lengths = [int(rng.integers(1, 9)) for _ in range(9)]
    new = [rng.normal(-1, 0.5, size).tolist() for size in lengths]
    old = [rng.normal(-1, 0.5, size).tolist() for size in lengths]
    return new, old, rng.normal(0, 1, 9).tolist()


def flat(new: list[list[float]], old: list[list[float]], advantages: list[float], aggregation: str) -> Tokens:
    lengths = torch.tensor([len(one) for one in new])
    weights = [token_weight(int(n), aggregation, int(lengths.sum()), len(new), LONGEST) for n in lengths]  # type: ignore[arg-type]
    double = torch.float64
    return Tokens(
        torch.tensor([v for one in new for v in one], dtype=double, requires_grad=True),
        torch.tensor([v for one in old for v in one], dtype=double),
        torch.tensor(advantages, dtype=double).repeat_interleave(lengths),
        torch.tensor(weights, dtype=double).repeat_interleave(lengths),
        torch.arange(len(new)).repeat_interleave(lengths),
        torch.ones(int(lengths.sum()), dtype=double),
    )


def loss_of(name: str, **settings: float) -> Loss:
    """The loss as a config with these settings has it."""
    return AlgorithmConfig(loss=name, **settings).component("loss")


def clipped_loss(kind: str) -> Loss:
    clips = {"clip_low": 0.2, "clip_high": 0.28}
    return loss_of("ppo_clip", **clips, dual_clip=3.0) if kind == "dual_clip" else loss_of(kind, **clips)


@pytest.mark.parametrize("kind", ["grpo", "dr_grpo", "rloo", "reinforce_pp", "reinforce_pp_baseline"])
def test_advantages_equal_the_formula(kind: str) -> None:
    got = ADVANTAGES[kind]([np.array(group) for group in REWARDS])
    assert [len(one) for one in got] == [4, 3, 2]
    assert np.concatenate(got).tolist() == pytest.approx(reference.advantages(REWARDS, kind), abs=1e-12)


@pytest.mark.parametrize("kind", list(ADVANTAGES))
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.bool_])
@pytest.mark.parametrize("rewards", [[0.1 + 0.2] * 7, [1 / 3] * 3, [1.5], [0.0] * 8, [7.0] * 5])
def test_equal_rewards_have_exactly_no_advantage(kind: str, dtype: type, rewards: list[float]) -> None:
    equal, uneven = np.array(rewards, dtype=dtype), np.eye(3, dtype=dtype)[0]
    # Without groups of its own the whole batch has to be equal.
    groups = [equal, equal[:2]] if kind == "reinforce_pp" else [equal, uneven]
    found = ADVANTAGES[kind](groups)
    assert found[0].tolist() == [0.0] * len(rewards)
    assert found[1].any() == (kind != "reinforce_pp")
    assert ADVANTAGES[kind]([]) == []


@pytest.mark.parametrize("aggregation", ["token", "sequence", "constant"])
@pytest.mark.parametrize("kind", ["ppo_clip", "dual_clip", "gspo", "cispo", "cpgd"])
def test_losses_equal_the_formula(kind: str, aggregation: str) -> None:
    new, old, advantages = batch()
    loss, metrics = clipped_loss(kind)(flat(new, old, advantages, aggregation))
    terms = [reference.token_loss(kind, n, o, a) for n, o, a in zip(new, old, advantages, strict=True)]
    assert loss.item() == pytest.approx(reference.average(terms, aggregation, LONGEST), abs=1e-12)
    assert 0 < metrics["clip_fraction"] < 1


@pytest.mark.parametrize("kind", ["ppo_clip", "dual_clip", "gspo", "cpgd"])
def test_gradients_equal_finite_differences(kind: str) -> None:
    new, old, advantages = batch(5)
    tokens = flat(new, old, advantages, "token")
    clipped_loss(kind)(tokens)[0].backward()
    assert tokens.new.grad is not None
    place = 0
    for i, response in enumerate(new):
        for j in range(len(response)):
            values = []
            for step in (1e-6, -1e-6):
                moved = [list(one) for one in new]
                moved[i][j] += step
                terms = [reference.token_loss(kind, n, o, a) for n, o, a in zip(moved, old, advantages, strict=True)]
                values.append(reference.average(terms, "token"))
            slope = (values[0] - values[1]) / 2e-6
            if kind == "cpgd":
                # The drift's ratio is a constant for the gradient: take back what its own slope added.
                ratio, log_new = math.exp(new[i][j] - old[i][j]), new[i][j]
                slope -= 0.01 * ratio * log_new / sum(map(len, new)) if ratio - 1 < 0.2 else 0.0
            assert tokens.new.grad[place].item() == pytest.approx(slope, abs=1e-7)
            place += 1


def test_cispo_keeps_the_gradient_of_clipped_tokens() -> None:
    new = torch.tensor([0.5, -0.5], dtype=torch.float64, requires_grad=True)
    ones = torch.ones(2, dtype=torch.float64)
    tokens = Tokens(new, 0 * ones, torch.tensor([1.0, -1.0], dtype=torch.float64), ones / 2, torch.tensor([0, 1]), ones)
    loss, metrics = loss_of("cispo", clip_low=0.2, clip_high=0.28)(tokens)
    loss.backward()
    # exp(.5) is cut to 1.28, exp(-.5) to .8: the gradients are those of the cut ratios.
    torch.testing.assert_close(new.grad, torch.tensor([-0.64, 0.4], dtype=torch.float64))
    assert metrics["clip_fraction"].item() == 1


def test_the_ratio_is_cut_before_it_is_clipped() -> None:
    one = torch.ones(1, dtype=torch.float64)
    tokens = Tokens(one * math.log(5), 0 * one, -one, one, torch.tensor([0]), one)
    assert loss_of("ppo_clip", ratio_max=3.0)(tokens)[0].item() == pytest.approx(3.0)
    assert loss_of("ppo_clip")(tokens)[0].item() == pytest.approx(5.0)


@pytest.mark.parametrize("loss", list(LOSSES))
def test_a_batch_of_masked_tokens_gives_zero(loss: str) -> None:
    new, old, advantages = batch()
    tokens = flat(new, old, advantages, "token")
    tokens = tokens._replace(weights=0 * tokens.weights)
    value, _ = loss_of(loss)(tokens)
    value.backward()
    assert value.item() == 0 and tokens.new.grad is not None and not tokens.new.grad.any()


def test_kl_estimators_against_the_exact_divergence() -> None:
    policy, other = (
        torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64),
        torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64),
    )
    exact = (policy * (policy / other).log()).sum().item()
    for estimator in ("k1", "k3"):  # unbiased: their mean under the policy is the divergence itself
        values = KL_ESTIMATORS[estimator](policy.log(), other.log())
        assert (policy * values).sum().item() == pytest.approx(exact, abs=1e-12)
    assert (KL_ESTIMATORS["k3"](policy.log(), other.log()) >= 0).all()
    assert KL_ESTIMATORS["k2"](policy.log(), other.log())[0].item() == pytest.approx(math.log(2.5) ** 2 / 2)


@pytest.mark.parametrize(
    ("kind", "level", "low", "high", "expected"),
    [
        # Ratios by token 0.5, 4 | 3; of the responses 2 and 3.
        ("truncate", "token", 0.0, 2.0, [0.5, 2.0, 2.0]),
        ("truncate", "sequence", 0.0, 2.5, [2.0, 2.0, 2.5]),
        ("mask", "token", 0.0, 3.5, [0.5, 0.0, 3.0]),
        ("mask", "token", 0.6, 5.0, [0.0, 4.0, 3.0]),
        ("mask", "sequence", 0.0, 2.5, [2.0, 2.0, 0.0]),
    ],
)
def test_corrections_by_hand(kind: str, level: str, low: float, high: float, expected: list[float]) -> None:
    sampler = torch.tensor([-1.0, -2.0, -3.0], dtype=torch.float64)
    learner = sampler + torch.tensor([0.5, 4.0, 3.0], dtype=torch.float64).log()
    bounds = {"low": low, "high": high} if kind == "mask" else {"high": high}
    config = CorrectionConfig(kind=kind, level=level, **bounds)  # type: ignore[arg-type]
    made = correct(learner, sampler, torch.tensor([4, 4, 7]), config)
    assert made.weights.tolist() == pytest.approx(expected)
    assert len(made.units) == (3 if level == "token" else 2)


def test_effective_share() -> None:
    assert effective_share(4.0, 4.0, 4) == 1
    assert effective_share(1.0, 1.0, 4) == 0.25  # one of four counts
    assert effective_share(0.0, 0.0, 4) == 0


def test_a_correction_scales_the_gradient() -> None:
    new, old, advantages = batch()
    plain, scaled = (flat(new, old, advantages, "token") for _ in range(2))
    scaled = scaled._replace(correction=torch.where(scaled.rows == 2, 0.0, 2.0).double())
    for tokens in (plain, scaled):
        loss_of("ppo_clip")(tokens)[0].backward()
    assert plain.new.grad is not None
    torch.testing.assert_close(scaled.new.grad, plain.new.grad * scaled.correction)


def facts(rewards: list[float], lengths: list[int], truncated: list[bool]) -> GroupFacts:
    correct = np.array(rewards) > 0.5
    problem = Problem("s", "1", "q", (), "1")
    return GroupFacts(np.array(rewards), np.array(lengths, dtype=float), np.array(truncated), correct, problem)


def test_adora_weighs_prompts_where_longer_answers_are_right() -> None:
    groups = [
        facts([1.5, 0.5, 0.5], [30, 10, 20], [False] * 3),  # 30 > 15
        facts([1.5, 0.5, 0.5], [12, 10, 20], [False] * 3),  # 12 < 15
        facts([1.5, 0.5, 0.5], [12, 10, 90], [False, False, True]),  # the failed one that was cut off does not count
        facts([0.5, 0.0], [30, 10], [False] * 2),  # 0.5 is no right answer
        facts([1.5, 1.5], [30, 10], [False] * 2),
    ]
    assert AlgorithmConfig(group_weight="adora").component("group_weight")(groups) == [1.0, 0.1, 1.0, 0.1, 0.1]


def test_cpgd_s_weights() -> None:
    even, uneven = facts([1.0, 1.0], [1, 1], [False] * 2), facts([0.0, 2.0], [1, 1], [False] * 2)
    rebalance = AlgorithmConfig(group_weight="rebalance").component("group_weight")
    assert rebalance([even, uneven]) == [2.0, 2.0]
    assert rebalance([even] * 5 + [uneven]) == [3.0] * 6
    assert rebalance([even]) == [3.0]
    assert GROUP_WEIGHTS["inverse_std"]([even, uneven]) == pytest.approx([0.0, 1 / math.sqrt(2)])
