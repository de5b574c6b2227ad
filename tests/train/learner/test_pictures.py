"""That a model sees what it is shown, in every family: pictures lost or exchanged, and features kept for later rows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train.conftest import load_policy, make_samples, one_step, tiny_config
from train.learner.batching import Pictures, TrainSample, collate
from train.learner.families import FAMILIES
from train.learner.policy import Policy
from workbench.schema import Problem
from workbench.workspace import Workspace

pytestmark = pytest.mark.parametrize("folder", sorted(FAMILIES), indirect=True)


@pytest.fixture
def pair(folder: Path, workspace: Workspace, few: list[Problem]) -> TrainSample:
    """A response to a problem with two pictures of one size."""
    sample = answer_to(few[6], folder, workspace)
    assert sample.pictures and len(sample.pictures.tokens) == 2
    return sample


def answer_to(problem: Problem, folder: Path, workspace: Workspace, **changes: Any) -> TrainSample:
    """The same response to each version of a problem; another id, since features are kept by it."""
    changed = replace(problem, source_id=f"{problem.source_id}{sorted(changes)}", **changes)
    return make_samples(folder, workspace, [changed], 1)[0]


def only(pictures: Pictures, places: Sequence[int]) -> Pictures:
    """Those of a problem's pictures, in that order."""
    parts = pictures.pixels.split(pictures.grid.prod(-1).tolist())
    return Pictures(
        f"{pictures.problem_id}{places}",
        torch.cat([parts[place] for place in places]),
        pictures.grid[list(places)],
        tuple(pictures.tokens[place] for place in places),
    )


def logprobs(policy: Policy, sample: TrainSample) -> torch.Tensor:
    with torch.no_grad():
        return policy(collate([[sample]], policy.image_token, policy.pad_token))[0]


def test_a_lost_picture_of_two_is_an_error(folder: Path, pair: TrainSample) -> None:
    assert pair.pictures
    for kept in (0, 1):
        halved = replace(pair, pictures=only(pair.pictures, [kept]))
        with pytest.raises(ValueError, match="image tokens but its pictures make"):
            one_step(folder, tiny_config(), [halved])


def test_two_pictures_exchanged_change_the_logprobs(
    folder: Path, workspace: Workspace, few: list[Problem], pair: TrainSample
) -> None:
    """By the processor as by hand; the prompt's tokens stay, so it is the pixels that tell."""
    exchanged = answer_to(few[6], folder, workspace, images=few[6].images[::-1])
    assert (exchanged.prompt_ids, exchanged.response_ids) == (pair.prompt_ids, pair.response_ids)
    assert pair.pictures
    policy = load_policy(folder)
    shown, swapped = logprobs(policy, pair), logprobs(policy, exchanged)
    assert (shown - swapped).abs().max() > 1e-4
    by_hand = replace(pair, pictures=only(pair.pictures, [1, 0]))
    assert torch.equal(logprobs(policy, by_hand), swapped)
    assert torch.equal(logprobs(policy, replace(pair, pictures=only(pair.pictures, [0, 1]))), shown)


def test_a_question_without_its_picture_is_answered_otherwise(
    folder: Path, workspace: Workspace, few: list[Problem]
) -> None:
    seen, blind = answer_to(few[0], folder, workspace), answer_to(few[0], folder, workspace, images=())
    assert seen.pictures and not blind.pictures and seen.response_ids == blind.response_ids
    policy = load_policy(folder)
    text = [token for token in seen.prompt_ids if token in blind.prompt_ids]
    assert text == blind.prompt_ids and policy.image_token not in blind.prompt_ids
    assert (logprobs(policy, seen) - logprobs(policy, blind)).abs().max() > 1e-4


@pytest.mark.parametrize("budget", [1, 400])
def test_kept_features_give_the_same_step_to_the_bit(
    folder: Path, workspace: Workspace, few: list[Problem], monkeypatch: pytest.MonkeyPatch, budget: int
) -> None:
    """A frozen tower's features, kept for the rows of one problem in several micro-batches or computed in each pass."""
    made = make_samples(folder, workspace, [few[0], few[4], few[6], few[1]], 7)
    # By turns, so that rows of a problem stand in several micro-batches beside those of others.
    samples = [sample for turn in range(7) for sample in made[turn::7]]
    config = tiny_config(micro_batch_tokens=budget)
    encoded: list[str] = []
    vision, see = Policy._vision, Policy._see

    def noted(self: Policy, pictures: Sequence[Pictures]) -> Any:
        encoded.extend(one.problem_id for one in pictures)
        return vision(self, pictures)

    monkeypatch.setattr(Policy, "_vision", noted)
    kept, metrics, _ = one_step(folder, config, samples)
    shown = {sample.pictures.problem_id for sample in samples if sample.pictures}
    assert all(encoded.count(one) == 1 for one in shown)
    encoded.clear()
    monkeypatch.setattr(Policy, "_see", lambda self, p: (self.forget_pictures(), see(self, p))[1])
    fresh, same, _ = one_step(folder, config, samples)
    assert all(encoded.count(one) > 1 for one in shown)
    assert metrics == same
    assert kept.keys() == fresh.keys() and all(torch.equal(kept[name], fresh[name]) for name in kept)
