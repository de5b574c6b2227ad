"""Our estimators and update against TRL 1.16's own numbers on the same tensors, gradients by every log-prob included.

`tests/train/helpers/trl_numbers.py` had TRL compute them. Where the two differ on purpose, the test says how and takes
it back.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from tests.train.conftest import tiny_config
from tests.train.helpers.trl_numbers import FILE, SAMPLES
from train.algorithm.advantages import ADVANTAGES, EPSILON, Floats
from train.algorithm.correction import CorrectionConfig, correct
from train.algorithm.penalties import KL_ESTIMATORS
from train.distributed import Ranks
from train.learner.batching import MicroBatch, TrainSample
from train.learner.trainer import Trainer

TRL = json.loads(FILE.read_text())
GIVEN: dict[str, Any] = TRL["given"]
CASES: dict[str, dict[str, Any]] = TRL["cases"]
SCORABLE = np.array([reward is not None for reward in GIVEN["rewards"]])
ALL, UNCUT = list(range(len(SCORABLE))), [i for i, cut in enumerate(GIVEN["truncated"]) if not cut]
TRL_EPSILON = 1e-4
CLIP = {"clip_low": 0.2, "clip_high": 0.28}


@pytest.fixture(autouse=True)
def in_float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


class _Table(torch.nn.Module):
    """A policy whose log-probs and entropies are numbers in a table: a response's tokens are their places there."""

    image_token, pad_token, width = -1, 0, 128

    def __init__(self) -> None:
        super().__init__()
        values = [[v for row in GIVEN[name] for v in row] for name in ("new", "entropies")]
        self.values = torch.nn.Parameter(torch.tensor(values))


class _TableLearner:
    """The trainer's way to a `_Table`; an update keeps the gradients and changes nothing."""

    def __init__(self) -> None:
        self.policy = _Table()

    def forward(self, batch: MicroBatch) -> tuple[torch.Tensor, torch.Tensor]:
        new, entropies = self.policy.values[:, batch.targets]
        return new, entropies

    def backward(self, loss: torch.Tensor) -> None:
        loss.backward()

    def update(self, lr: float) -> float:
        return 0.0

    def held(self) -> Iterator[tuple[str, torch.Tensor]]:
        return iter(())


def update(
    case: dict[str, Any], which: list[int] = ALL, on_policy: bool = False, **algorithm: Any
) -> tuple[float, list[float], list[float]]:
    """Loss and its gradients by log-prob and entropy of one update from these responses with TRL's advantages.

    The batch is cut into micro-batches of at most 24 tokens.
    """
    # bf16 only switches the gap's check off: these log-probs are meant to differ.
    changes = {"dtype": "bfloat16", "micro_batch_tokens": 24, "rollout__max_tokens": TRL["longest"]}
    config = tiny_config(**changes, **{f"algorithm__{key}": value for key, value in algorithm.items()})
    learner = _TableLearner()
    trainer = Trainer(learner, config, Ranks())  # type: ignore[arg-type]
    places = np.split(np.arange(sum(map(len, GIVEN["new"]))), np.cumsum([len(row) for row in GIVEN["new"]])[:-1])
    samples = [
        TrainSample(
            [0],
            places[i].tolist(),
            GIVEN["sampler"][i],
            case["advantages"][i],
            group=i // SAMPLES,
            old=None if on_policy else torch.tensor(GIVEN["old"][i]),
            reference=torch.tensor(GIVEN["reference"][i]) if "kl" in algorithm else None,
        )
        for i in which
    ]
    metrics = trainer._update(samples)
    gradients = learner.policy.values.grad
    assert gradients is not None
    return metrics["policy/loss"], gradients[0].tolist(), gradients[1].tolist()


def flat(rows: list[list[float]]) -> list[float]:
    return [value for row in rows for value in row]


def near(expected: Any) -> Any:
    """Both compute in float64; the stored numbers have twelve digits."""
    return pytest.approx(expected, rel=1e-9, abs=1e-12)


def correction(kind: str, level: str, low: float = 0.0) -> dict[str, Any]:
    bounds = {"low": low, "high": 1.3} if kind == "mask" else {"high": 1.3}
    return {"correction": {"kind": kind, "level": level, **bounds}}


KL = {"coefficient": 0.1, "estimator": "k3", "place": "loss"}


@pytest.mark.parametrize(
    ("case", "algorithm"),
    [
        ("grpo", {"aggregation": "sequence"}),
        ("grpo in two micro-batches", {"aggregation": "sequence"}),
        ("dapo", {"aggregation": "token"}),
        ("dapo in two micro-batches", {"aggregation": "token"}),
        ("bnpo", {"aggregation": "token"}),
        ("dr_grpo", {"aggregation": "constant"}),
        ("gspo", {"loss": "gspo", "aggregation": "sequence"}),
        # TRL's delta is the ratio's cut, and with delta > 1 + epsilon_high also the dual clip: it only binds for A < 0.
        ("delta", {"ratio_max": 1.4}),
        ("delta", {"dual_clip": 1.4}),
        ("kl", {"kl": KL}),
        ("kl, grpo", {"kl": KL, "aggregation": "sequence"}),
        ("token_truncate", correction("truncate", "token")),
        ("token_mask", correction("mask", "token")),
        ("token_mask, two bounds", correction("mask", "token", 0.8)),
        ("sequence_truncate", correction("truncate", "sequence")),
        ("sequence_mask", correction("mask", "sequence")),
    ],
)
def test_an_update_equals_trl_s(case: str, algorithm: dict[str, Any]) -> None:
    loss, gradient, _ = update(CASES[case], **CLIP | algorithm)
    assert loss == near(CASES[case]["loss"])
    assert gradient == near(flat(CASES[case]["gradient"]))
    assert any(gradient)


def test_on_policy_the_ratio_is_one_and_its_gradient_trl_s() -> None:
    loss, gradient, _ = update(CASES["on policy"], on_policy=True)
    assert (loss, gradient) == (near(CASES["on policy"]["loss"]), near(flat(CASES["on policy"]["gradient"])))


def test_cispo_where_trl_gives_the_cap_itself_and_no_lower_bound() -> None:
    """Its epsilon_high 1.28 is our 1 + clip_high; our lower bound goes where no ratio is."""
    loss, gradient, _ = update(CASES["cispo"], loss="cispo", clip_low=1 - 1e-9, clip_high=0.28)
    assert (loss, gradient) == (near(CASES["cispo"]["loss"]), near(flat(CASES["cispo"]["gradient"])))


def test_bnpo_averages_each_micro_batch_by_itself_and_we_the_whole_batch() -> None:
    case = CASES["bnpo in two micro-batches"]
    halves = [update(case, which, **CLIP) for which in (ALL[: len(ALL) // 2], ALL[len(ALL) // 2 :])]
    assert np.mean([loss for loss, _, _ in halves]) == near(case["loss"])
    assert np.mean([gradient for _, gradient, _ in halves], axis=0) == near(flat(case["gradient"]))
    assert update(case, **CLIP)[0] != pytest.approx(case["loss"], rel=1e-3)


def test_truncated_responses_are_masked_as_trl_masks_them() -> None:
    loss, gradient, _ = update(CASES["truncated ones masked"], UNCUT, **CLIP)
    case = CASES["truncated ones masked"]
    assert (loss, gradient) == (near(case["loss"]), near(flat(case["gradient"])))
    # By sequences TRL divides by all responses, masked ones too; we by those that are learned from.
    case, share = CASES["truncated ones masked, grpo"], len(UNCUT) / len(ALL)
    loss, gradient, _ = update(case, UNCUT, **CLIP, aggregation="sequence")
    assert loss * share == near(case["loss"])
    assert [g * share for g in gradient] == near(flat(case["gradient"]))


def test_the_entropy_bonus_and_its_gradient_equal_trl_s() -> None:
    case = CASES["entropy bonus"]
    loss, gradient, entropy_gradient = update(case, **CLIP, entropy_bonus=0.05)
    assert (loss, gradient) == (near(case["loss"]), near(flat(case["gradient"])))
    assert entropy_gradient == near(flat(case["entropy_gradient"]))


def test_trl_weighs_the_kl_by_the_ratio_and_we_do_not() -> None:
    """On policy that ratio is 1: the loss is the same, its gradient differs by coefficient · KL of each token."""
    case, tokens = CASES["kl with its gradient corrected"], len(flat(GIVEN["new"]))
    loss, gradient, _ = update(case, on_policy=True, kl=KL)
    assert loss == near(case["loss"])
    penalties = KL_ESTIMATORS["k3"](torch.tensor(flat(GIVEN["new"])), torch.tensor(flat(GIVEN["reference"])))
    ratio_s_own = 0.1 * penalties / tokens
    assert (torch.tensor(gradient) + ratio_s_own).tolist() == near(flat(case["gradient"]))


@pytest.mark.parametrize(
    ("case", "config"),
    [
        ("token_truncate", correction("truncate", "token")),
        ("token_mask", correction("mask", "token")),
        ("token_mask, two bounds", correction("mask", "token", 0.8)),
        ("sequence_truncate", correction("truncate", "sequence")),
        ("sequence_mask", correction("mask", "sequence")),
    ],
)
def test_importance_weights_equal_trl_s(case: str, config: dict[str, Any]) -> None:
    rows = torch.arange(len(GIVEN["old"])).repeat_interleave(torch.tensor([len(row) for row in GIVEN["old"]]))
    old, sampler = torch.tensor(flat(GIVEN["old"])), torch.tensor(flat(GIVEN["sampler"]))
    made = correct(old, sampler, rows, CorrectionConfig(**config["correction"]))
    assert made.units.tolist() == near(flat(CASES[case]["importance"]))
    assert ((made.units == 0) | (made.units == 1.3)).any(), "no weight reached a bound"


def scorable() -> list[Floats]:
    """The rewards of each group; who has none is outside of it, as in TRL."""
    rewards = np.array([reward if reward is not None else math.nan for reward in GIVEN["rewards"]])
    return [group[~np.isnan(group)] for group in rewards.reshape(-1, SAMPLES)]


def trl_s(case: str) -> Any:
    """Its advantages of the scorable responses; the others have none in either."""
    advantages = np.array(CASES[case]["advantages"])
    assert not advantages[~SCORABLE].any()
    return advantages[SCORABLE]


def test_advantages_equal_trl_s_but_for_the_constant_beside_the_std() -> None:
    groups = scorable()
    stds = [group.std(ddof=1) for group in groups]
    ours = ADVANTAGES["grpo"](groups)
    rescaled = [a * (std + EPSILON) / (std + TRL_EPSILON) for a, std in zip(ours, stds, strict=True)]
    assert np.concatenate(rescaled) == near(trl_s("grpo"))
    assert np.concatenate(ADVANTAGES["dr_grpo"](groups)) == near(trl_s("dr_grpo"))


def test_batch_scaling_takes_the_std_of_centred_rewards_where_trl_takes_the_raw_ones() -> None:
    groups = scorable()
    raw = np.concatenate(groups).std(ddof=1)
    centred = np.concatenate(ADVANTAGES["dr_grpo"](groups)).std(ddof=1)
    ours = np.concatenate(ADVANTAGES["reinforce_pp_baseline"](groups))
    assert ours * (centred + EPSILON) / (raw + TRL_EPSILON) == near(trl_s("batch std"))


def test_rloo_s_advantages_equal_trl_s_with_the_kl_in_the_reward_too() -> None:
    """Its loss clips the ratio of a whole response's probabilities, which no loss of ours does."""
    assert np.concatenate(ADVANTAGES["rloo"](scorable())) == near(trl_s("rloo"))
    # TRL's RLOO takes k1 summed over the response, as our place "reward" does.
    pairs = zip(GIVEN["old"], GIVEN["reference"], strict=True)
    penalties = np.array([float(KL_ESTIMATORS["k1"](torch.tensor(o), torch.tensor(r)).sum()) for o, r in pairs])
    groups = np.split(
        np.concatenate(scorable()) - 0.1 * penalties[SCORABLE], np.cumsum(list(map(len, scorable())))[:-1]
    )
    assert np.concatenate(ADVANTAGES["rloo"](groups)) == near(trl_s("rloo with kl in the reward"))
