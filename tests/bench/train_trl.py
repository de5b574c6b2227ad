"""TRL 1.16's GRPOTrainer on the same cases, timed step by step: `tests.bench.training_cases` runs it in a process of
its own, with TRL beside the pinned set.

Same problems, pictures, template, reward, trainable weights, optimizer and clipping; float32 as ours.
Nothing is logged, reported, saved or recomputed, and a generation batch is a whole step, so that it is sampled at once.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.bench.training_cases import (
    BUILD,
    CLIP_HIGH,
    CLIP_LOW,
    OPTIMIZER,
    REWARD,
    TEMPLATE,
    Case,
    answer,
    asked,
)
from train.algorithm.weighted import weighted_rewards
from train.data import load_problems
from train.rollouts import Group, Rollout, judge
from workbench.images import ImageStore
from workbench.prompts import TEMPLATES, build_messages
from workbench.rollout.engine import Sample
from workbench.rollout.inputs import load_processor
from workbench.schema import Problem
from workbench.verify import shared_verifier
from workbench.workspace import Workspace

VERSION = "1.16.0"


def folder() -> Path:
    """Where TRL lies by itself, without anything it needs: installed on first use."""
    target = BUILD / f"trl-{VERSION}"
    if not (target / "trl").exists():
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
        subprocess.run([*install, f"trl=={VERSION}"], check=True)
    return target


def questions(case: Case, problems: list[Problem], images: ImageStore) -> list[dict[str, Any]]:
    """Rows of TRL's dataset. It puts the picture before the text itself, as the template does."""
    rows = []
    for place, problem in enumerate(problems[: case.prompts * (case.steps + 1)]):
        text = build_messages(TEMPLATES[TEMPLATE], problem.question, problem.choices, 1)[-1]["content"][-1]["text"]
        prompt = [{"role": "user", "content": text}]
        rows.append({"prompt": prompt, "image": images.open(problem.images[0]), "place": place})
    return rows


def reward_of(case: Case, problems: list[Problem], images: ImageStore) -> Callable[..., list[float | None]]:
    """Our judging of all answers at once; `place` is the problem's."""
    verifier = shared_verifier("default")

    def reward(place: list[int], completions: list[Any], completion_ids: list[list[int]], **_: Any) -> list[Any]:
        groups = []
        for index, completion, ids in zip(place, completions, completion_ids, strict=True):
            rollout = Rollout(Sample(ids, [], completion[0]["content"], "stop"))
            groups.append(Group(index, problems[index], "", [], 0, [rollout], None))
        judge(groups, verifier, TEMPLATES[TEMPLATE], weighted_rewards(REWARD, {}), case.max_tokens, images)
        return [group.rollouts[0].reward for group in groups]

    return reward


def arguments(case: Case) -> dict[str, Any]:
    """What GRPOConfig is given, but for the folder."""
    return {
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "max_steps": case.steps + 1,
        "num_generations": case.samples,
        "max_completion_length": case.max_tokens,
        "per_device_train_batch_size": case.micro_batch,
        "gradient_accumulation_steps": case.prompts * case.samples // case.micro_batch,
        "temperature": 1.0,
        "epsilon": CLIP_LOW,
        "epsilon_high": CLIP_HIGH,
        "loss_type": "dapo",
        "learning_rate": OPTIMIZER["lr"],
        "lr_scheduler_type": "constant",
        "adam_beta1": OPTIMIZER["betas"][0],
        "adam_beta2": OPTIMIZER["betas"][1],
        "weight_decay": OPTIMIZER["weight_decay"],
        "max_grad_norm": OPTIMIZER["grad_clip"],
        "report_to": [],
        "logging_strategy": "no",
        "save_strategy": "no",
        "disable_tqdm": True,
        "log_multimodal": False,
    }


def measure(case: Case, workspace: Workspace) -> dict[str, Any]:
    """Mean seconds of a step, of sampling and judging, and of the rest, after one step of warm-up."""
    import torch
    from datasets import Dataset
    from transformers import AutoModelForImageTextToText, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    ends: list[tuple[float, float]] = []
    rollouts: list[dict[str, float]] = []

    class Clock(TrainerCallback):
        """When each step ended, by the clock and by this process's own time."""

        def on_step_end(self, *_: Any, **__: Any) -> None:
            ends.append((time.perf_counter(), time.process_time()))

    class TimedTrainer(GRPOTrainer):
        """Notes how long sampling and judging took, and how long prompts and answers were."""

        def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
            started = time.perf_counter()
            made = super()._generate_and_score_completions(inputs)
            took, lengths = time.perf_counter() - started, made["completion_mask"].sum(1)
            assert len(lengths) == case.prompts * case.samples
            rollouts.append(
                {
                    "rollout": took,
                    "length": lengths.float().mean().item(),
                    "truncated": (lengths == case.max_tokens).float().mean().item(),
                    "prompt": made["prompt_mask"].sum(1).float().mean().item(),
                    "reward": self._metrics["train"]["reward"][-1],
                }
            )
            return made

    problems = load_problems(workspace, [case.dataset])
    model = AutoModelForImageTextToText.from_pretrained(case.model, dtype=torch.float32)
    model.model.visual.requires_grad_(False)
    processor = load_processor(Path(case.model))
    # TRL asks for it.
    processor.tokenizer.padding_side = "left"
    trainer = TimedTrainer(
        model=model,
        processing_class=processor,
        reward_funcs=reward_of(case, problems, ImageStore(workspace.images)),
        train_dataset=Dataset.from_list(questions(case, problems, ImageStore(workspace.images))),
        callbacks=[Clock()],
        args=GRPOConfig(output_dir=str(workspace.root / "trl"), **arguments(case)),
    )
    trainer.train()
    took = [(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(ends)]
    step, cpu = (sum(times) / case.steps for times in zip(*took, strict=True))
    mean = {key: sum(made[key] for made in rollouts[1:]) / case.steps for key in rollouts[0]}
    return {
        "step": step,
        "cpu": cpu,
        "steps": [wall for wall, _ in took],
        "learn": step - mean["rollout"],
        **mean,
        "threads": torch.get_num_threads(),
    }


def main() -> None:
    workspace, cases = asked(sys.argv[1])
    answer(workspace, [measure(case, workspace) for case in cases])


if __name__ == "__main__":
    main()
