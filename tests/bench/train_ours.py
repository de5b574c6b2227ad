"""Our trainer's own loop, timed step by step: `tests.bench.training_cases` runs it in a process of its own."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from tests.bench.training_cases import CLIP_HIGH, CLIP_LOW, OPTIMIZER, REWARD, TEMPLATE, Case, answer, asked
from train.config import TrainConfig, parse_config
from train.data import ProblemStream, load_problems
from train.distributed import Ranks
from train.learner.batching import TrainSample
from train.loop import Loop
from train.rollouts import Group
from train.run.folder import check_new
from workbench.rollout.sampling import SamplingConfig
from workbench.workspace import Workspace

# The engine is made once for all cases of a process, so it has room for the largest.
ENGINE = {"dtype": "float32", "max_model_len": 1024, "max_num_seqs": 256}
PHASES = ("sample", "judge", "learn", "sync", "record")


def config_of(case: Case) -> TrainConfig:
    return parse_config(
        {
            "dataset": case.dataset,
            "model": case.model,
            "run": "bench",
            "steps": 1000,
            "prompt": TEMPLATE,
            "rollout": {
                "prompts_per_step": case.prompts,
                "samples_per_prompt": case.samples,
                "max_tokens": case.max_tokens,
                "engine": ENGINE,
            },
            "reward": REWARD,
            "algorithm": {"clip_low": CLIP_LOW, "clip_high": CLIP_HIGH},
            "optimizer": OPTIMIZER,
            "micro_batch_tokens": case.micro_tokens,
            "checkpoint": {"every": 1000},
        }
    )


class TimedLoop(Loop):
    """The loop, made to do one case after another."""

    def turn_to(self, case: Case, workspace: Workspace) -> None:
        self.config = self.trainer.config = config_of(case)
        self.sampling = SamplingConfig(temperature=1.0, max_tokens=case.max_tokens)
        self.stream = ProblemStream(load_problems(workspace, [case.dataset]), self.config.seed)

    def training_samples(self, groups: Sequence[Group]) -> list[TrainSample]:
        made = super().training_samples(groups)
        self.prompt_tokens = sum(len(sample.prompt_ids) for sample in made) / len(made)
        return made


def measure(loop: TimedLoop, case: Case) -> dict[str, Any]:
    """Mean seconds of a step and of its phases after one step of warm-up."""
    import torch

    steps = []
    for number in range(case.steps + 1):
        started, busy = time.perf_counter(), time.process_time()
        loop.step()
        metrics = loop.metrics | {"whole": time.perf_counter() - started, "cpu": time.process_time() - busy}
        if number:
            steps.append(metrics)

    def mean(key: str) -> float:
        return sum(step[key] or 0.0 for step in steps) / len(steps)

    return {
        "step": mean("whole"),
        "cpu": mean("cpu"),
        "steps": [step["whole"] for step in steps],
        **{phase: mean(f"time/{phase}") for phase in PHASES},
        "rollout": mean("time/sample") + mean("time/judge"),
        "length": mean("length/mean"),
        "truncated": mean("length/truncated"),
        "prompt": loop.prompt_tokens,
        "reward": mean("reward/total"),
        "gap": max(step["gap/max"] or 0.0 for step in steps),
        "threads": torch.get_num_threads(),
    }


def main() -> None:
    workspace, cases = asked(sys.argv[1])
    # Each process is a run of its own, none of which is gone on with.
    config = config_of(cases[0]).model_copy(update={"run": f"bench-{time.time_ns()}"})
    loop = TimedLoop(config, workspace, check_new(config, workspace), Ranks())
    loop.start(resume=False)
    measured = []
    for case in cases:
        loop.turn_to(case, workspace)
        measured.append(measure(loop, case))
    answer(workspace, measured)
    loop.close()


if __name__ == "__main__":
    main()
