"""Syncs with changed weights, and the memory that a process uses after each."""

from typing import Any

import psutil
import torch

from train.learner.sync import sync
from train.loop import Loop
from workbench.rollout.requests import RolloutRequest
from workbench.rollout.sampling import SamplingConfig
from workbench.rollout.vllm_local import LocalVLLM
from workbench.synth import generate

SAMPLING = SamplingConfig(temperature=1.0, max_tokens=24)


def perturb_weights(loop: Loop) -> None:
    """Every trainable weight somewhere else, as a step would leave it."""
    with torch.no_grad():
        for _, parameter in loop.learner.policy.weights(trainable_only=True):
            parameter.add_(0.01 * torch.randn_like(parameter))


def memory_after_syncs(loop: Loop, sampler: LocalVLLM, times: int) -> list[float]:
    """MiB this process uses after each of so many syncs, with answers to pictures never seen before in between."""
    memory = []
    pictures = generate(4 * times, seed=77)
    for version in range(1, times + 1):
        perturb_weights(loop)
        sync(loop.learner, sampler, version, trainable_only=True)
        problems = [next(pictures) for _ in range(4)]
        sampler.generate([_request(loop, problem) for problem in problems], SAMPLING, n=4, seed=version)
        memory.append(psutil.Process().memory_info().rss / 2**20)
    return memory


def _request(loop: Loop, problem: Any) -> RolloutRequest:
    sha = loop.prompts.images.put(problem.image)
    return loop.prompts.request(problem.question, problem.choices, (sha,))
