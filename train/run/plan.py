"""What a run will take: said before it starts and again when its first steps have been timed."""

import math
import shutil
from pathlib import Path

from train.config import TrainConfig

GIB = 2**30


def implications(config: TrainConfig) -> list[str]:
    """What a config means in numbers, known without a model or a dataset."""
    rollout, steps, prompts = config.rollout, config.steps, config.rollout.prompts_per_step
    updates = steps * config.algorithm.updates_per_step
    evaluations = 1 + math.ceil(steps / config.evaluate.every) if config.eval_dataset else 0
    if config.supervised:
        samples, kind = prompts, "target"
        batch = f"{samples} targets a step (one a problem)"
        work = f"{steps * prompts:,} problems are taken; only held-out answers are sampled"
    else:
        samples, kind = prompts * rollout.samples_per_prompt, "response"
        batch = f"{samples} samples a step ({prompts} prompts x {rollout.samples_per_prompt})"
        work = f"{steps * prompts:,} prompts are asked, {steps * samples:,} responses written"
    return [
        f"{batch}, {samples / config.algorithm.updates_per_step:g} an update, {updates} updates in all",
        f"at most {samples * rollout.max_tokens:,} {kind} tokens a step, "
        f"{steps * samples * rollout.max_tokens:,} in all",
        work,
        f"{evaluations} held-out evaluations, {math.ceil(steps / config.checkpoint.every)} checkpoints, "
        f"{min(config.checkpoint.keep, math.ceil(steps / config.checkpoint.every))} of them kept beside the best",
    ]


def announce(config: TrainConfig, run: Path, checkpoint_bytes: int, done: int) -> str:
    """The start-up line: steps to do and the disk they need; how long is known after two steps."""
    need = (config.checkpoint.keep + 2) * checkpoint_bytes
    free = shutil.disk_usage(run).free
    left = config.steps - done
    each = "one target" if config.supervised else f"{config.rollout.samples_per_prompt} samples"
    text = (
        f"run {config.run}: {left} of {config.steps} steps to go, {config.rollout.prompts_per_step} prompts x "
        f"{each} each; checkpoints need up to {need / GIB:.2f} GiB of the "
        f"{free / GIB:.0f} GiB free; the expected time follows with the second step"
    )
    return f"{text} - [red]not enough[/red]" if need > free else text


def forecast(seconds: float, step: int, config: TrainConfig) -> str:
    """The time still needed if every step takes `seconds`; held-out evaluations come on top."""
    left = config.steps - step
    minutes = left * seconds / 60
    return f"a step takes about {seconds:.1f} s, the remaining {left} about {minutes:.0f} min without evaluations"
