"""What reaches the sampler: every weight whole and equal, log-probs that agree, and memory that stays flat."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import torch

from tests.train.helpers.engine_weights import engine_weights, fused, parts_of
from tests.train.helpers.same_run import config_of
from tests.train.helpers.syncs import SAMPLING, memory_after_syncs, perturb_weights
from train.distributed import Ranks
from train.learner.batching import TrainSample, collate
from train.learner.sync import sync
from train.loop import Loop
from train.rollouts import sample
from workbench.rollout.vllm_local import LocalVLLM
from workbench.workspace import Workspace

pytestmark = pytest.mark.engine


@pytest.fixture
def loop(workspace: Workspace, shared: LocalVLLM) -> Loop:
    return Loop(config_of("synced"), workspace, workspace.run("synced"), Ranks())


def digest(tensor: torch.Tensor) -> str:
    return hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest()


def test_the_sampler_receives_each_weight_whole_and_probes_agree(loop: Loop, shared: LocalVLLM) -> None:
    perturb_weights(loop)
    received: dict[str, str] = {}
    load = shared.llm.collective_rpc

    def watched(method: str, kwargs: dict[str, Any]) -> Any:
        def passing(weights: Iterable[tuple[str, torch.Tensor]]) -> Iterator[tuple[str, torch.Tensor]]:
            for name, tensor in weights:
                received[name] = digest(tensor)
                yield name, tensor

        return load(method, kwargs=kwargs | {"weights_iterator": passing(kwargs["weights_iterator"])})

    shared.llm.collective_rpc = watched
    try:
        sync(loop.learner, shared, 1, trainable_only=True)
    finally:
        shared.llm.collective_rpc = load
    own = dict(loop.learner.policy.model.named_parameters())
    assert received == {name: digest(p.detach()) for name, p in own.items() if p.requires_grad}
    probes = sample(shared, loop.prompts, list(enumerate(loop.stream.problems[:8])), SAMPLING, n=2, seed=3)
    policy = loop.learner.policy
    for group in probes:
        pictures = loop.pictures.read(group.problem)
        for rollout in group.rollouts:
            ids, theirs = rollout.sample.token_ids, rollout.sample.logprobs
            one = TrainSample(group.prompt_ids, ids, theirs, 0.0, pictures)
            batch = collate([[one]], policy.image_token, policy.pad_token)
            with torch.no_grad():
                ours, _ = policy(batch)
            assert group.weight_version == 1
            torch.testing.assert_close(ours, torch.tensor(theirs), atol=1e-5, rtol=0)


@pytest.mark.parametrize("freeze_vision", [True, False])
def test_the_sampler_multiplies_with_the_learner_s_weights(
    workspace: Workspace, shared: LocalVLLM, freeze_vision: bool
) -> None:
    """One rank's form of `make soak`'s two under ZeRO-3."""
    name = f"multiplied-{freeze_vision}"
    loop = Loop(config_of(name, freeze_vision=freeze_vision), workspace, workspace.run(name), Ranks())
    trained = {name for name, _ in loop.learner.weights(trainable_only=True)}
    assert not differing(loop, shared)
    perturb_weights(loop)
    assert differing(loop, shared) == trained
    sync(loop.learner, shared, 1, trainable_only=True)
    assert not differing(loop, shared)


def differing(loop: Loop, sampler: LocalVLLM) -> set[str]:
    """The learner's weights that the sampler's model has otherwise, or not at all."""
    [theirs] = sampler.llm.apply_model(engine_weights)
    ours = fused(loop.learner.weights(trainable_only=False), theirs)
    names = [name for name in ours if name not in theirs or not torch.equal(ours[name], theirs[name])]
    return {part for name in names for part in parts_of(name)}


def test_memory_stays_flat_over_syncs(loop: Loop, shared: LocalVLLM) -> None:
    """A short form of the fifty of `make soak`: the model's 7.6 MB kept once a sync would show as 60 MB more."""
    memory = memory_after_syncs(loop, shared, 12)
    assert memory[-1] - memory[3] < 30, memory
