"""The held-out evaluation between training steps: greedy answers, judged as the rewards judge them."""

from collections.abc import Sequence

from train.algorithm.rewards import format_fault
from train.config import TrainConfig
from train.distributed import Ranks
from train.rollouts import judge, sample
from workbench.reflection import is_reflective
from workbench.rollout.engine import RolloutEngine
from workbench.rollout.inputs import PromptBuilder
from workbench.rollout.sampling import SamplingConfig
from workbench.schema import Problem
from workbench.verify import Verifier


def evaluate(
    engine: RolloutEngine,
    prompts: PromptBuilder,
    verifier: Verifier,
    problems: Sequence[Problem],
    config: TrainConfig,
    ranks: Ranks,
) -> dict[str, float]:
    """eval/accuracy, format and reflection as shares, eval/length in tokens, eval/problems: those that were scored.

    Unscorable answers and prompts that are too long stay outside of every mean.
    """
    template = config.template
    sampling = SamplingConfig(temperature=0.0, max_tokens=config.rollout.max_tokens)
    groups = sample(engine, prompts, ranks.share(list(enumerate(problems))), sampling, n=1, seed=0)
    judge(groups, verifier, template, config.rewards, config.rollout.max_tokens, prompts.images)
    mine = [
        {
            "accuracy": float(rollout.correct),
            "format": float(format_fault(rollout.sample.text, template.format) is None),
            "reflection": float(is_reflective(rollout.sample.text)),
            "length": float(len(rollout.sample.token_ids)),
            "truncated": float(rollout.sample.finish_reason == "length"),
        }
        for group in groups
        for rollout in group.scorable
    ]
    scored = [one for rank in ranks.gather(mine) for one in rank]
    means = {f"eval/{key}": sum(one[key] for one in scored) / len(scored) for key in (scored[0] if scored else {})}
    return means | {"eval/problems": float(len(scored))}
