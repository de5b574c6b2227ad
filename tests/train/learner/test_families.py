"""Every family on a random checkpoint of its own architecture: one function in learner, transformers and vLLM."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForImageTextToText

import train.start
from tests.train.conftest import ENGINE, assert_close, load_policy, make_samples, one_step, tiny_config
from tests.train.helpers.tiny_families import TILE
from train.distributed import Ranks
from train.learner.batching import TrainSample, collate, share
from train.learner.engine import make_learner
from train.learner.families import FAMILIES, family_of
from train.learner.policy import PictureReader, Policy, is_vision
from train.rollouts import Group, judge
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.models import resolve_model
from workbench.prompts import TEMPLATES
from workbench.rollout.inputs import PromptBuilder, banned_token_ids, load_processor, processor_settings
from workbench.rollout.sampling import SamplingConfig
from workbench.rollout.vllm_local import LocalVLLM
from workbench.schema import Problem
from workbench.workspace import Workspace

pytestmark = pytest.mark.parametrize("folder", sorted(FAMILIES), indirect=True)


@pytest.fixture
def samples(folder: Path, workspace: Workspace, few: list[Problem]) -> list[TrainSample]:
    """Two responses to each of four problems, without a picture, with one and with two."""
    made = make_samples(folder, workspace, some(few), 2)
    assert {len(s.pictures.grid) if s.pictures else 0 for s in made} == {0, 1, 2}
    return made


def some(few: list[Problem]) -> list[Problem]:
    return [few[0], few[4], few[6], few[1]]


def logprobs(policy: Policy, samples: list[TrainSample], shared: bool = False) -> torch.Tensor:
    """All samples in one micro-batch, each in a row of its own or behind their shared prompts."""
    rows = share(samples, policy.width, 10_000) if shared else [[sample] for sample in samples]
    with torch.no_grad():
        return policy(collate(rows, policy.image_token, policy.pad_token))[0]


def documented(
    folder: Path, workspace: Workspace, problems: list[Problem], samples: list[TrainSample]
) -> Iterator[torch.Tensor]:
    """Each sample's log-probs by transformers' own call on what the whole processor makes of its problem."""
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    processor = load_processor(folder)
    builder = PromptBuilder(processor, TEMPLATES["plain"], ImageStore(workspace.images))
    for sample in samples:
        problem = problems[sample.group]
        request = builder.request(problem.question, problem.choices, problem.images)
        made = processor(text=[request.prompt], images=list(request.images) or None, return_tensors="pt")
        assert made.pop("input_ids")[0].tolist() == sample.prompt_ids
        made.pop("attention_mask")
        ids = torch.tensor([sample.prompt_ids + sample.response_ids])
        if "mm_token_type_ids" in made:
            made["mm_token_type_ids"] = (ids == model.config.image_token_id).int()
        with torch.no_grad():
            logits = model(input_ids=ids, **made).logits[0]
        logits[:, banned_token_ids(folder)] -= 100
        table = logits.log_softmax(-1)[len(sample.prompt_ids) - 1 : -1]
        yield table.gather(-1, torch.tensor(sample.response_ids)[:, None])[:, 0]


def test_rows_of_all_kinds_equal_transformers_own_call(
    folder: Path, workspace: Workspace, few: list[Problem], samples: list[TrainSample]
) -> None:
    expected = torch.cat(list(documented(folder, workspace, some(few), samples)))
    for freeze_vision in (True, False):
        policy = load_policy(folder, freeze_vision)
        for shared in (True, False):
            torch.testing.assert_close(logprobs(policy, samples, shared), expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize("freeze_vision", [True, False])
def test_rows_together_give_the_gradient_of_single_ones(
    folder: Path, samples: list[TrainSample], freeze_vision: bool
) -> None:
    config = tiny_config(freeze_vision=freeze_vision)
    together, _, _ = one_step(folder, config, samples)
    single, _, _ = one_step(folder, config.model_copy(update={"micro_batch_tokens": 1}), samples)
    assert_close(single, together, 1e-6)


def test_another_picture_changes_the_logprobs(folder: Path, samples: list[TrainSample]) -> None:
    sample = next(s for s in samples if s.pictures)
    assert sample.pictures
    other = replace(sample.pictures, problem_id="other", pixels=sample.pictures.pixels.flip(0))
    policy = load_policy(folder)
    shown, swapped = logprobs(policy, [sample]), logprobs(policy, [replace(sample, pictures=other)])
    assert (shown - swapped).abs().max() > 1e-4


@pytest.mark.parametrize("freeze_vision", [True, False])
def test_a_step_changes_every_trainable_parameter_and_no_frozen_one(
    folder: Path, samples: list[TrainSample], freeze_vision: bool
) -> None:
    config = tiny_config(freeze_vision=freeze_vision)
    before = dict(make_learner(folder, config, Ranks()).weights(trainable_only=False))
    assert any(is_vision(name) for name in before)
    _, _, learner = one_step(folder, config, samples)
    frozen = {name for name in before if freeze_vision and is_vision(name)}
    after = dict(learner.weights(trainable_only=False))
    assert {name for name, value in after.items() if torch.equal(value, before[name])} == frozen
    assert dict(learner.weights(trainable_only=True)).keys() == before.keys() - frozen


@pytest.mark.parametrize("freeze_vision", [True, False])
def test_rows_without_pictures_reach_every_trainable_parameter(
    folder: Path, samples: list[TrainSample], freeze_vision: bool
) -> None:
    policy = load_policy(folder, freeze_vision)
    text = [sample for sample in samples if not sample.pictures]
    found, _ = policy(collate([[s] for s in text], policy.image_token, policy.pad_token))
    found.sum().backward()
    without = {name for name, p in policy.model.named_parameters() if p.requires_grad and p.grad is None}
    assert not without
    assert all(p.grad is None for p in policy.parameters() if not p.requires_grad)
    reach = [p.grad for name, p in policy.model.named_parameters() if p.requires_grad and not _in_language(name)]
    assert all(not grad.any() for grad in reach)


def _in_language(name: str) -> bool:
    return "language_model" in name or name.startswith("lm_head")


def test_kept_features_are_computed_once_and_a_hidden_tower_computes_the_same(
    folder: Path, samples: list[TrainSample], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = load_policy(folder)
    encoded: list[int] = []
    original = policy._vision
    monkeypatch.setattr(policy, "_vision", lambda p: (encoded.append(len(p)), original(p))[1])
    first = logprobs(policy, samples)
    assert torch.equal(logprobs(policy, samples), first)
    assert encoded == [len({s.group for s in samples if s.pictures})]
    names = {name for name, _ in policy.weights(trainable_only=False)}
    policy.forget_pictures()
    policy.hide_frozen_tower()
    assert not any(is_vision(name) for name, _ in policy.named_parameters())
    assert {name for name, _ in policy.weights(trainable_only=False)} == names
    assert torch.equal(logprobs(policy, samples), first)


def test_pairs_beside_the_language_model_alone_learn(folder: Path, samples: list[TrainSample]) -> None:
    base = dict(load_policy(folder).weights(trainable_only=False))
    _, _, learner = one_step(folder, tiny_config(lora={"rank": 4}), samples)
    changed = {name for name, value in learner.weights(trainable_only=False) if not torch.equal(value, base[name])}
    assert changed and all(".language_model.layers." in name for name in changed)


@pytest.mark.engine
def test_two_steps_with_the_sampler_and_the_export(
    folder: Path, workspace: Workspace, few: list[Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both steps' gaps are checked by the run itself, so the second proves the sync between them."""
    monkeypatch.setattr(train.loop, "judge", _judge_unevenly)
    config = tiny_config(
        run=folder.name,
        model=str(folder),
        freeze_vision=False,
        optimizer={"lr": 1e-2, "warmup_ratio": 0.0},
        rollout__engine__max_pixels=112 * 112,
        rollout__prompts_per_step=12,
    )
    run = train.start.train(config, workspace)
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2] and all(row["gap/max"] <= 1e-4 for row in rows)
    assert all(row["policy/grad_norm"] > 0 for row in rows)

    exported = resolve_model(f"{folder.name}@last", workspace)
    learned = torch.load(exported.parent / "learner" / "learner.pt")["weights"]
    policy = load_policy(exported)
    weights = dict(policy.weights(trainable_only=False))
    assert weights.keys() == learned.keys()
    assert all(torch.equal(value, learned[name]) for name, value in weights.items())
    base = dict(load_policy(folder).weights(trainable_only=False))
    assert not [name for name, value in base.items() if torch.equal(value, learned[name])]

    fresh = LocalVLLM(exported, ENGINE)
    found = _sampled(fresh, exported, workspace, few[:7])
    fresh.close()
    assert _gap(policy, found) <= 1e-4 < _gap(load_policy(folder), found)


def _judge_unevenly(groups: list[Group], *settings: Any) -> None:
    """Rewards that a model which knows nothing earns too."""
    judge(groups, *settings)
    for group in groups:
        for rollout in group.rollouts:
            rollout.reward = float(sum(rollout.sample.token_ids) % 7)


def _sampled(engine: LocalVLLM, folder: Path, workspace: Workspace, problems: list[Problem]) -> list[TrainSample]:
    processor, images = load_processor(folder), ImageStore(workspace.images)
    builder, reader = (
        PromptBuilder(processor, TEMPLATES["plain"], images),
        PictureReader(processor, images, family_of(folder)),
    )
    requests = [builder.request(p.question, p.choices, p.images) for p in problems]
    groups = engine.generate(requests, SamplingConfig(max_tokens=12), 2, 0)
    for request, group in zip(requests, groups, strict=True):
        assert engine.limits.prompt_length(request) == len(group.prompt_token_ids)
    return [
        TrainSample(group.prompt_token_ids, s.token_ids, s.logprobs, 0.0, reader.read(problem))
        for problem, group in zip(problems, groups, strict=True)
        for s in group.samples
    ]


def _gap(policy: Policy, samples: list[TrainSample]) -> float:
    policy.forget_pictures()
    sampler = torch.tensor([p for sample in samples for p in sample.sampler_logprobs])
    return float((logprobs(policy, samples) - sampler).abs().max())


def test_pixel_bounds_reach_the_processor(folder: Path, workspace: Workspace, few: list[Problem]) -> None:
    store = ImageStore(workspace.images)
    one = next(problem for problem in few if len(problem.images) == 1)
    tokens = []
    for bound in (None, 2 * TILE**2):
        processor = load_processor(folder, max_pixels=bound)
        read = PictureReader(processor, store, family_of(folder)).read(one)
        assert read
        tokens.append(sum(read.tokens))
    assert tokens[0] > tokens[1] > 0
    settings = processor_settings(folder, 5000, 2 * TILE**2)
    tiles = {"min_patches": 1, "max_patches": 2}
    assert settings == (tiles if folder.name == "internvl" else {"min_pixels": 5000, "max_pixels": 2 * TILE**2})


def test_image_tokens_cannot_be_sampled(folder: Path) -> None:
    tokens = load_processor(folder).tokenizer.convert_ids_to_tokens(banned_token_ids(folder))
    if folder.name == "internvl":
        assert set(tokens) == {"<img>", "</img>", "<IMG_CONTEXT>", "<video>"}
    else:
        assert set(tokens) == {"<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"}


@pytest.mark.parametrize(
    ("kind", "hint"), [("llava", "internvl, qwen2_5_vl, qwen3_vl$"), ("internvl_chat", r"\(-hf\)$")]
)
def test_another_architecture_is_refused(folder: Path, tmp_path: Path, kind: str, hint: str) -> None:
    config = json.loads((folder / "config.json").read_text()) | {"model_type": kind}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=f"model_type '{kind}', which the trainer cannot train.*{hint}"):
        load_policy(tmp_path)
