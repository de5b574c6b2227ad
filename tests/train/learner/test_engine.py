"""One update, cut in every way: gradients, changed weights and metrics must not depend on the cut."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.train.conftest import assert_close, make_samples, one_step, tiny_config
from tests.train.helpers.two_ranks import launch
from train.distributed import Ranks
from train.learner.batching import TrainSample, collate, set_weights
from train.learner.engine import make_learner
from train.learner.gap import GapError
from train.learner.lora import weights
from train.learner.policy import is_vision
from train.learner.trainer import Trainer
from workbench.errors import UserError
from workbench.schema import Problem
from workbench.workspace import Workspace

Samples = list[TrainSample]


@pytest.fixture(scope="module")
def samples(random_model: Path, workspace: Workspace, few: list[Problem]) -> Samples:
    return make_samples(random_model, workspace, few[:7])


@pytest.mark.parametrize("freeze_vision", [True, False])
def test_every_trainable_parameter_changes_and_no_frozen_one(
    random_model: Path, samples: Samples, freeze_vision: bool
) -> None:
    config = tiny_config(freeze_vision=freeze_vision)
    before = dict(make_learner(random_model, config, Ranks()).weights(trainable_only=False))
    _, _, learner = one_step(random_model, config, samples)
    for name, value in learner.weights(trainable_only=False):
        assert torch.equal(value, before[name]) == (freeze_vision and is_vision(name)), name
    streamed = {name for name, _ in learner.weights(trainable_only=True)}
    assert streamed == {name for name in before if not (freeze_vision and is_vision(name))}


@pytest.mark.parametrize("aggregation", ["token", "sequence"])
def test_the_cut_into_micro_batches_changes_nothing(random_model: Path, samples: Samples, aggregation: str) -> None:
    config = tiny_config(algorithm__aggregation=aggregation, freeze_vision=False)
    whole, metrics, _ = one_step(random_model, config, samples)
    for budget in (1, 200, 500):
        pieces, same, _ = one_step(random_model, config.model_copy(update={"micro_batch_tokens": budget}), samples)
        assert_close(pieces, whole, 1e-6)
        assert same == pytest.approx(metrics, rel=1e-4, abs=1e-6)


def test_gradients_equal_the_plain_formula(random_model: Path, samples: Samples) -> None:
    """Without clipping at work, ρ = 1 and the gradient is that of −Σ A·log π / tokens, row by row."""
    config = tiny_config()
    got, metrics, _ = one_step(random_model, config, samples)
    reference = make_learner(random_model, config, Ranks()).policy
    tokens = sum(len(sample.response_ids) for sample in samples)
    for sample in samples:
        batch = collate([[sample]], reference.image_token, reference.pad_token)
        (-(reference(batch)[0] * sample.advantage).sum() / tokens).backward()
    wanted = {name: p.grad for name, p in reference.model.named_parameters() if p.grad is not None}
    assert_close(got, wanted, 1e-5)
    norm = torch.cat([g.flatten() for g in wanted.values()]).norm().item()
    assert metrics["policy/grad_norm"] == pytest.approx(norm, rel=1e-4)


def test_several_updates_take_the_ratio_against_the_step_s_start(random_model: Path, samples: Samples) -> None:
    config = tiny_config(algorithm__updates_per_step=3, optimizer={"lr": 3e-3, "warmup_ratio": 0.0})
    # Copies, since the step leaves its start's log-probs on them: other tests' samples must have none.
    samples = [replace(sample) for sample in samples]
    _, metrics, _ = one_step(random_model, config, samples)
    assert all(sample.old is not None and len(sample.old) == len(sample.response_ids) for sample in samples)
    assert metrics["policy/ratio_mean"] != pytest.approx(1.0, abs=1e-4)
    assert metrics["policy/clip_fraction"] > 0
    start = make_learner(random_model, config, Ranks()).policy
    batch = collate([[s] for s in samples[:5]], start.image_token, start.pad_token)
    with torch.no_grad():
        expected, _ = start(batch)
    assert batch.old is not None
    torch.testing.assert_close(batch.old, expected, atol=1e-5, rtol=0)


def test_a_gap_stops_the_run_before_the_update(random_model: Path, samples: Samples) -> None:
    learner = make_learner(random_model, tiny_config(), Ranks())
    before = {name: value.clone() for name, value in learner.weights(trainable_only=True)}
    with pytest.raises(GapError, match=r"differ by .* more than 1e-04"):
        Trainer(learner, tiny_config(), Ranks()).learn(samples)
    assert all(torch.equal(value, before[name]) for name, value in learner.weights(trainable_only=True))


def test_a_parameter_without_gradient_is_an_error(random_model: Path, samples: Samples) -> None:
    learner = make_learner(random_model, tiny_config(), Ranks())
    learner.policy.register_parameter("unused", torch.nn.Parameter(torch.zeros(3)))
    trainer = Trainer(learner, tiny_config(), Ranks())
    trainer.strict = False
    with pytest.raises(RuntimeError, match="1 trainable parameters got no gradient, the first is unused"):
        trainer.learn(samples)


def test_a_step_without_samples_updates_nothing(random_model: Path) -> None:
    learner = make_learner(random_model, tiny_config(), Ranks())
    before = {name: value.clone() for name, value in learner.weights(trainable_only=True)}
    assert set(Trainer(learner, tiny_config(), Ranks()).learn([])) == {"policy/lr"}
    assert all(torch.equal(value, before[name]) for name, value in learner.weights(trainable_only=True))


def test_bfloat16_trains_fp32_weights(random_model: Path, samples: Samples) -> None:
    exact, _, _ = one_step(random_model, tiny_config(), samples)
    rough, _, learner = one_step(random_model, tiny_config(dtype="bfloat16"), samples)
    assert {value.dtype for _, value in learner.weights(trainable_only=False)} == {torch.float32}
    both = [torch.cat([g.flatten() for g in one.values()]).double() for one in (exact, rough)]
    assert both[1].norm().item() == pytest.approx(both[0].norm().item(), rel=0.05)
    assert 0.95 < torch.nn.functional.cosine_similarity(*both, dim=0).item() < 1 - 1e-9


def test_gradient_checkpointing_gives_the_same_gradients(random_model: Path, samples: Samples) -> None:
    plain, _, _ = one_step(random_model, tiny_config(), samples)
    spared, _, _ = one_step(random_model, tiny_config(gradient_checkpointing=True), samples)
    assert_close(spared, plain, 1e-6)


def test_several_processes_without_deepspeed_are_refused(random_model: Path) -> None:
    with pytest.raises(UserError, match=r"2 processes need deepspeed; add deepspeed.stage=2"):
        make_learner(random_model, tiny_config(), Ranks(0, 2))


@pytest.mark.slow
def test_two_processes_give_one_process_s_gradients(
    random_model: Path, workspace: Workspace, few: list[Problem], tmp_path: Path
) -> None:
    """ZeRO 0 to 3 under torchrun, uneven shares; in the lopsided cases one rank has no picture."""
    mixed = make_samples(random_model, workspace, few[:5], 3)
    text = [p for p in few if not p.images]
    lopsided = make_samples(random_model, workspace, [few[0], text[0], few[1], text[1]], 2)
    unlike = {"algorithm": {"loss": "gspo", "aggregation": "constant", "entropy_bonus": 0.1}}
    cases = [
        {
            # Without clipping, so that the moments show the gradient's size too.
            "config": tiny_config(deepspeed__stage=stage, micro_batch_tokens=250, optimizer__grad_clip=1e9, **more),
            "samples": made,
            "model": random_model,
        }
        for stage, made, more in [
            (0, mixed, {}),
            (1, mixed, {}),
            (1, mixed, unlike),
            (2, mixed, {}),
            (2, mixed, {"algorithm__updates_per_step": 2}),
            (2, lopsided, {"freeze_vision": False}),
            (3, mixed, {}),
            (3, lopsided, unlike),
            (3, lopsided, {}),
            (3, lopsided, {"freeze_vision": False}),
            (3, mixed, {"gradient_checkpointing": True, "algorithm__kl": {"coefficient": 0.1}}),
            (2, lopsided, {"freeze_vision": False, "optimizer__vision_lr": 1e-4}),
            (3, lopsided, {"freeze_vision": False, "lora": {}, "optimizer__vision_lr": 1e-4}),
        ]
    ]
    for case, found in zip(cases, launch(cases, tmp_path), strict=True):
        config = case["config"]
        alone = config.model_copy(update={"deepspeed": None})
        _, metrics, learner = one_step(random_model, alone, case["samples"])
        moments = {n: learner.optimizer.state[p]["exp_avg"] for n, p in learner.policy.weights(trainable_only=True)}
        # A second update starts from weights that Adam moved by signs of gradients near 0, where rounding decides.
        assert_close(found["moments"], moments, 1e-6 if config.algorithm.updates_per_step == 1 else 1e-2)
        assert found["metrics"] == pytest.approx(metrics, rel=1e-3, abs=1e-4)
        changing = [w for w in weights(learner.policy, True) if any(p.requires_grad for p in w.parameters)]
        assert found["changed"] == {weight.name for weight in changing}
        assert all(size > 0 for size in found["sizes"].values())
        first = [sample for sample in case["samples"] if sample.group % 2 == 0] if config.algorithm.kl else []
        start = Trainer(make_learner(random_model, alone, Ranks()), alone, Ranks())
        torch.testing.assert_close(found["reference"], start.reference_logprobs(first) if first else [])
        assert found["unharmed"]
        assert found["synced"]


def test_weights_of_an_update_sum_to_one(samples: Samples) -> None:
    tokens = sum(len(sample.response_ids) for sample in samples)
    for aggregation in ("token", "sequence"):
        set_weights(samples, aggregation, tokens, len(samples), 64)  # type: ignore[arg-type]
        assert sum(s.weight * len(s.response_ids) for s in samples) == pytest.approx(1)
