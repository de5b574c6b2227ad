"""Sampling and judging: from problems to groups of rollouts with their rewards, and to rows of the rollouts table."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from train.algorithm.rewards import Response, has_answer_part
from train.algorithm.weighted import WeightedReward
from workbench.images import ImageStore
from workbench.pairs import pair_of
from workbench.prompts import PromptTemplate, ResponseFormat
from workbench.rollout.engine import RolloutEngine, Sample, SampleGroup
from workbench.rollout.inputs import PromptBuilder
from workbench.rollout.sampling import SamplingConfig
from workbench.schema import Problem
from workbench.verify import Judgement, Verdict, Verifier


@dataclass
class Rollout:
    """One response and all that was found out about it. `reward` is None where it cannot be scored."""

    sample: Sample
    judgement: Judgement | None = None
    rewards: dict[str, float | None] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    reward: float | None = None
    advantage: float = 0.0
    unused_reason: str | None = None

    @property
    def truncated(self) -> bool:
        return self.sample.finish_reason == "length"

    @property
    def correct(self) -> bool:
        return self.judgement is not None and self.judgement.verdict == Verdict.CORRECT


@dataclass
class Group:
    """The responses to one problem, which is at `place` in the batch of all ranks.

    `unusable` says why it was not sampled; then there are none.
    """

    place: int
    problem: Problem
    prompt: str
    prompt_ids: list[int]
    weight_version: int
    rollouts: list[Rollout]
    unusable: str | None

    @property
    def scorable(self) -> list[Rollout]:
        return [r for r in self.rollouts if r.reward is not None]


def sample(
    engine: RolloutEngine,
    prompts: PromptBuilder,
    problems: Sequence[tuple[int, Problem]],
    sampling: SamplingConfig,
    n: int,
    seed: int,
    finished: Callable[[Group], object] | None = None,
) -> list[Group]:
    """`n` responses to each problem; they come with their places in the batch of all ranks.

    `finished` gets each sampled group as soon as it is whole, while others are still drawn.
    """
    if not problems:
        return []
    requests = [prompts.request(p.question, p.choices, p.images) for _, p in problems]
    groups: dict[int, Group] = {}

    def group(index: int, made: SampleGroup) -> Group:
        (place, problem), prompt = problems[index], requests[index].prompt
        rollouts = [Rollout(one) for one in made.samples]
        return Group(place, problem, prompt, made.prompt_token_ids, made.weight_version, rollouts, made.unusable)

    def tell(index: int, made: SampleGroup) -> None:
        groups[index] = group(index, made)
        if finished is not None:
            finished(groups[index])

    everything = engine.generate(requests, sampling, n, seed, tell)
    return [groups.get(index) or group(index, made) for index, made in enumerate(everything)]


def judge(
    groups: Sequence[Group],
    verifier: Verifier,
    template: PromptTemplate,
    rewards: Sequence[WeightedReward],
    max_tokens: int,
    images: ImageStore,
) -> None:
    """Give every rollout its verdict, its rewards with their reasons, and their weighted sum."""
    pairs = [(group, rollout) for group in groups for rollout in group.rollouts]
    judgements = verifier.judge([pair_of(group.problem, rollout.sample.text) for group, rollout in pairs])
    for (group, rollout), judgement in zip(pairs, judgements, strict=True):
        rollout.judgement = _placed(judgement, rollout.sample.text, template.format)
        text, length = rollout.sample.text, len(rollout.sample.token_ids)
        response = Response(text, rollout.judgement, template.format, length, max_tokens, group.problem, images)
        for item in rewards:
            try:
                reward = item(response)
            except Exception as error:
                # Whoever wrote the reward needs its traceback, and the response it fell over.
                problem = group.problem.problem_id
                raise RuntimeError(
                    f"reward {item.name!r} raised on an answer to problem {problem}: {text!r}"
                ) from error
            if reward.value is not None and not math.isfinite(reward.value):
                raise RuntimeError(
                    f"reward {item.name!r} gave {reward.value} for an answer to problem {group.problem.problem_id}: "
                    f"{text!r}"
                )
            rollout.rewards[item.name], rollout.reasons[item.name] = reward.value, reward.reason
        values = [(item.weight, rollout.rewards[item.name]) for item in rewards]
        if rollout.judgement.verdict == Verdict.UNSCORABLE or any(value is None for _, value in values):
            rollout.unused_reason = "unscorable"
        else:
            rollout.reward = sum(weight * value for weight, value in values if value is not None)


def _placed(judgement: Judgement, text: str, format_: ResponseFormat) -> Judgement:
    """The judgement, unless the answer does not stand where the prompt asked for it; the gold's faults come first."""
    if judgement.verdict == Verdict.UNSCORABLE or has_answer_part(text, format_):
        return judgement
    return Judgement(Verdict.WRONG, "no_answer_part", None, None, None, judgement.gold_type, judgement.seconds)


def seed_of(*parts: Any) -> int:
    """A seed that follows from the parts alone: (seed, step, rank) of a sampling call."""
    return random.Random("/".join(str(part) for part in parts)).getrandbits(31)


def rows(groups: Sequence[Group], run: str, step: int) -> list[dict[str, Any]]:
    """Rows of the rollouts table."""
    made = []
    for group in groups:
        group_id = f"{run}/{step:06d}/{group.place:04d}"
        for index, rollout in enumerate(group.rollouts):
            judgement = rollout.judgement
            assert judgement is not None
            made.append(
                {
                    "rollout_id": f"{group_id}/{index}",
                    "run_id": run,
                    "step": step,
                    "group_id": group_id,
                    "problem_id": group.problem.problem_id,
                    "sample_index": index,
                    "weight_version": group.weight_version,
                    "prompt": group.prompt,
                    "response": rollout.sample.text,
                    "token_ids": rollout.sample.token_ids,
                    "logprobs": rollout.sample.logprobs,
                    "finish_reason": rollout.sample.finish_reason,
                    "reward": rollout.reward,
                    "rewards": rollout.rewards,
                    "reward_reasons": rollout.reasons,
                    "verdict": judgement.verdict.value,
                    "extracted": judgement.extracted,
                    "rule": judgement.rule,
                    "span": None if judgement.span is None else list(judgement.span),
                    "advantage": rollout.advantage,
                    "used": rollout.unused_reason is None,
                    "unused_reason": rollout.unused_reason,
                    "n_tokens": len(rollout.sample.token_ids),
                }
            )
    return made
