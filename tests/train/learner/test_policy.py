"""The learner's log-probs against transformers' own full forward pass, one sample at a time."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import train.learner.policy
from tests.train.conftest import assert_close, load_policy, make_samples
from tests.train.helpers.full_forward import full_forward
from train.learner.batching import TrainSample, collate, share
from train.learner.policy import Policy
from workbench.schema import Problem
from workbench.workspace import Workspace


def _logprobs(policy: Policy, samples: list[TrainSample]) -> torch.Tensor:
    with torch.no_grad():
        return policy(collate([[s] for s in samples], policy.image_token, policy.pad_token))[0]


@pytest.mark.parametrize("freeze_vision", [True, False])
def test_padded_logprobs_equal_transformers(
    random_model: Path, workspace: Workspace, few: list[Problem], freeze_vision: bool
) -> None:
    samples = make_samples(random_model, workspace, few[:8], 2)
    assert {len(s.pictures.grid) if s.pictures else 0 for s in samples} == {0, 1, 2}
    policy = load_policy(random_model, freeze_vision, temperature=0.7)
    with torch.no_grad():
        logprobs, entropy = policy(collate([[s] for s in samples], policy.image_token, policy.pad_token))
    references = [full_forward(random_model, sample, 0.7) for sample in samples]
    torch.testing.assert_close(logprobs, torch.cat([r[0] for r in references]), atol=2e-5, rtol=0)
    torch.testing.assert_close(entropy, torch.cat([r[1] for r in references]), atol=2e-5, rtol=0)


@pytest.mark.parametrize("freeze_vision", [True, False])
def test_a_shared_prompt_changes_neither_logprobs_nor_gradients(
    random_model: Path, workspace: Workspace, few: list[Problem], freeze_vision: bool
) -> None:
    """Rows of several responses behind one prompt, padded together, against each response in a row of its own."""
    samples = make_samples(random_model, workspace, few[:8], 4)
    assert {len(s.pictures.grid) if s.pictures else 0 for s in samples} == {0, 1, 2}
    policy = load_policy(random_model, freeze_vision)
    rows = share(samples, policy.width, 10_000)
    assert [len(row) for row in rows] == [4] * 8
    shared, entropy = policy(collate(rows, policy.image_token, policy.pad_token))
    weights = torch.randn(len(shared), generator=torch.Generator().manual_seed(0))
    (shared * weights).sum().backward()
    gradients = {name: p.grad.clone() for name, p in policy.named_parameters() if p.grad is not None}
    policy.zero_grad()
    alone, entropies = [], []
    for sample in samples:
        logprobs, each = policy(collate([[sample]], policy.image_token, policy.pad_token))
        alone.append(logprobs)
        entropies.append(each)
    (torch.cat(alone) * weights).sum().backward()
    torch.testing.assert_close(shared, torch.cat(alone), atol=2e-6, rtol=0)
    torch.testing.assert_close(entropy, torch.cat(entropies), atol=0, rtol=1e-6)
    scale = torch.cat([p.grad.flatten() for p in policy.parameters() if p.grad is not None]).norm()
    for name, parameter in policy.named_parameters():
        if parameter.grad is not None:
            assert (gradients[name] - parameter.grad).norm() <= 1e-6 * scale, name


@pytest.mark.parametrize("rows", [1, 5, 10_000], ids=["a row", "five rows", "all rows"])
def test_the_head_equals_full_logits_forward_and_backward(
    random_model: Path, workspace: Workspace, few: list[Problem], monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """Log-probs and entropies in pieces of so many rows, and the gradients of both, against one full softmax."""
    samples = make_samples(random_model, workspace, few[:3], 2)
    policy = load_policy(random_model, temperature=0.7)
    policy.entropy_gradient = True
    batch = collate([[s] for s in samples], policy.image_token, policy.pad_token)
    pull, push = torch.randn(2, len(batch.targets), generator=torch.Generator().manual_seed(0))
    references = [full_forward(random_model, sample, 0.7, policy.model) for sample in samples]
    wanted = [torch.cat(parts) for parts in zip(*references, strict=True)]
    (wanted[0] * pull + wanted[1] * push).sum().backward()
    gradients = {name: p.grad.clone() for name, p in policy.named_parameters() if p.grad is not None}
    policy.zero_grad()
    monkeypatch.setattr(train.learner.policy, "HEAD_LOGITS", rows * policy.bias.numel())
    logprobs, entropy = policy(batch)
    (logprobs * pull + entropy * push).sum().backward()
    torch.testing.assert_close(logprobs, wanted[0], atol=2e-5, rtol=0)
    torch.testing.assert_close(entropy, wanted[1], atol=2e-5, rtol=0)
    assert_close({name: p.grad for name, p in policy.named_parameters() if p.grad is not None}, gradients, 1e-5)


def test_the_head_never_holds_more_logits_than_its_bound(
    random_model: Path, workspace: Workspace, few: list[Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = make_samples(random_model, workspace, few[:3])
    policy = load_policy(random_model)
    batch = collate([[s] for s in samples], policy.image_token, policy.pad_token)
    vocabulary, kept = policy.bias.numel(), []
    monkeypatch.setattr(train.learner.policy, "HEAD_LOGITS", 4 * vocabulary)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: (kept.append(t.shape), t)[1], lambda t: t):
        policy(batch)
    assert len(batch.targets) > 8 and kept
    rows = len(batch.targets)
    assert not [shape for shape in kept if shape[1:] == (vocabulary,) and shape[0] <= rows]


def test_another_picture_changes_the_logprobs(random_model: Path, workspace: Workspace, few: list[Problem]) -> None:
    first, second = make_samples(random_model, workspace, few[:2], 1)
    assert first.pictures and second.pictures
    # A picture of the same size, so that the tokens stay valid.
    other = replace(first.pictures, problem_id="other", pixels=first.pictures.pixels.flip(0))
    policy = load_policy(random_model)
    shown = _logprobs(policy, [first])
    swapped = _logprobs(policy, [replace(first, pictures=other)])
    assert (shown - swapped).abs().max() > 1e-4


def test_a_missing_picture_is_an_error(random_model: Path, workspace: Workspace, few: list[Problem]) -> None:
    sample = make_samples(random_model, workspace, few[:1], 1)[0]
    with pytest.raises(ValueError, match=r"image tokens but its pictures make \[\]"):
        collate([[replace(sample, pictures=None)]], 5, 0)


def test_frozen_features_are_computed_once_and_forgotten(
    random_model: Path, workspace: Workspace, few: list[Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = make_samples(random_model, workspace, few[:3], 4)
    policy = load_policy(random_model)
    encoded: list[int] = []
    original = policy._vision
    monkeypatch.setattr(policy, "_vision", lambda p: (encoded.append(len(p)), original(p))[1])
    first = _logprobs(policy, samples)
    assert torch.equal(_logprobs(policy, samples), first)
    assert encoded == [3]
    policy.forget_pictures()
    _logprobs(policy, samples)
    assert encoded == [3, 3]


def test_gradients_of_shared_prompts_are_the_same_each_time(
    random_model: Path, workspace: Workspace, few: list[Problem]
) -> None:
    """Many responses behind one prompt, by two threads: what they add up at its last place is added in one order."""
    samples = make_samples(random_model, workspace, few[:1], 100)
    policy = load_policy(random_model)
    batch = collate(share(samples, 10_000, 100_000), policy.image_token, policy.pad_token)
    assert len(batch.targets) * policy.width > 2 * 32_768  # torch's grain: less is not cut among threads
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    found = []
    for _ in range(12):
        policy.zero_grad()
        policy(batch)[0].sum().backward()
        found.append(torch.cat([p.grad.flatten() for p in policy.parameters() if p.grad is not None]))
    torch.set_num_threads(before)
    assert all(torch.equal(one, found[0]) for one in found)
