"""What a run will take: said before it starts and again when its first steps have been timed."""

import math
import shutil
from pathlib import Path

from train.config import TrainConfig

GIB = 2**30


def implications(config: TrainConfig) -> list[str]:
    """What a config means in numbers, known without a model or a dataset."""
    rollout, steps = config.rollout, config.steps
    samples = rollout.prompts_per_step * rollout.samples_per_prompt
    updates = steps * config.algorithm.updates_per_step
    evaluations = 1 + math.ceil(steps / config.evaluate.every) if config.eval_dataset else 0
    return [
        f"{samples} samples a step ({rollout.prompts_per_step} prompts x {rollout.samples_per_prompt}), "
        f"{samples / config.algorithm.updates_per_step:g} an update, {updates} updates in all",
        f"at most {samples * rollout.max_tokens:,} response tokens a step, "
        f"{steps * samples * rollout.max_tokens:,} in all",
        f"{steps * rollout.prompts_per_step:,} prompts are asked, {steps * samples:,} responses written",
        f"{evaluations} held-out evaluations, {math.ceil(steps / config.checkpoint.every)} checkpoints, "
        f"{min(config.checkpoint.keep, math.ceil(steps / config.checkpoint.every))} of them kept beside the best",
    ]


def announce(config: TrainConfig, run: Path, checkpoint_bytes: int, done: int) -> str:
    """The start-up line: steps to do and the disk they need; how long is known after two steps."""
    need = (config.checkpoint.keep + 2) * checkpoint_bytes
    free = shutil.disk_usage(run).free
    left = config.steps - done
    rollout = config.rollout
    text = (
        f"run {config.run}: {left} of {config.steps} steps to go, {rollout.prompts_per_step} prompts x "
        f"{rollout.samples_per_prompt} samples each; checkpoints need up to {need / GIB:.2f} GiB of the "
        f"{free / GIB:.0f} GiB free; the expected time follows with the second step"
    )
    return f"{text} - [red]not enough[/red]" if need > free else text


def forecast(seconds: float, step: int, config: TrainConfig) -> str:
    """The time still needed if every step takes `seconds`; held-out evaluations come on top."""
    left = config.steps - step
    minutes = left * seconds / 60
    return f"a step takes about {seconds:.1f} s, the remaining {left} about {minutes:.0f} min without evaluations"
