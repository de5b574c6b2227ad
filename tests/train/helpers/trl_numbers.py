"""What TRL 1.16 computes on fixed tensors, by its own trainers: makes tests/train/helpers/trl_numbers.json anew.

    uv pip install --no-deps --target build/trl 'trl==1.16.*'
    PYTHONPATH=build/trl python -m tests.train.helpers.trl_numbers

TRL's `_generate_and_score_completions` and `_compute_loss` run unchanged, in float64; only sampling and the model's
forward pass are replaced, by the numbers in the file.
"""

import json
import os
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import MethodType
from typing import Any

import torch

FILE = Path(__file__).with_suffix(".json")
MODEL = Path(__file__).parents[3] / "workbench" / "tiny"
PROMPTS, SAMPLES, LONGEST = 4, 4, 8
WORD = 300  # any token that ends nothing

# Clipping at different bounds below and above; `num_iterations` 2 makes TRL take the ratio against stored log-probs.
CLIP = {"epsilon": 0.2, "epsilon_high": 0.28, "num_iterations": 2}
IMPORTANCE = CLIP | {"loss_type": "dapo", "vllm_importance_sampling_clip_max": 1.3}
CASES: dict[str, dict[str, Any]] = {
    "grpo": CLIP | {"loss_type": "grpo"},
    "grpo in two micro-batches": CLIP | {"loss_type": "grpo", "gradient_accumulation_steps": 2},
    "dapo": CLIP | {"loss_type": "dapo"},
    "dapo in two micro-batches": CLIP | {"loss_type": "dapo", "gradient_accumulation_steps": 2},
    "bnpo": CLIP | {"loss_type": "bnpo"},
    "bnpo in two micro-batches": CLIP | {"loss_type": "bnpo", "gradient_accumulation_steps": 2},
    "dr_grpo": CLIP | {"loss_type": "dr_grpo", "scale_rewards": "none"},
    "batch std": CLIP | {"loss_type": "dapo", "scale_rewards": "batch"},
    "on policy": {"loss_type": "dapo"},
    "cispo": {"loss_type": "cispo", "epsilon_high": 1.28, "num_iterations": 2},
    "gspo": CLIP | {"loss_type": "grpo", "importance_sampling_level": "sequence"},
    "delta": CLIP | {"loss_type": "dapo", "delta": 1.4},
    "kl": CLIP | {"loss_type": "dapo", "beta": 0.1, "use_bias_correction_kl": False},
    "kl, grpo": CLIP | {"loss_type": "grpo", "beta": 0.1, "use_bias_correction_kl": False},
    "kl with its gradient corrected": {"loss_type": "dapo", "beta": 0.1, "use_bias_correction_kl": True},
    "entropy bonus": CLIP | {"loss_type": "dapo", "entropy_coef": 0.05},
    "truncated ones masked": CLIP | {"loss_type": "dapo", "mask_truncated_completions": True},
    "truncated ones masked, grpo": CLIP | {"loss_type": "grpo", "mask_truncated_completions": True},
    "token_truncate": IMPORTANCE | {"vllm_importance_sampling_mode": "token_truncate"},
    "token_mask": IMPORTANCE | {"vllm_importance_sampling_mode": "token_mask"},
    "token_mask, two bounds": IMPORTANCE
    | {"vllm_importance_sampling_mode": "token_mask", "vllm_importance_sampling_clip_min": 0.8},
    "sequence_truncate": IMPORTANCE | {"vllm_importance_sampling_mode": "sequence_truncate"},
    "sequence_mask": IMPORTANCE | {"vllm_importance_sampling_mode": "sequence_mask"},
    "rloo": {"beta": 0.0},
    "rloo with kl in the reward": {"beta": 0.1},
}


def numbers(seed: int = 3) -> dict[str, Any]:
    """One value a response, or a list with one a token: the second group is all alike, one reward is missing."""
    rng = random.Random(seed)
    rewards: list[float | None] = [rng.choice([0.0, 0.5, 1.5]) for _ in range(PROMPTS * SAMPLES)]
    rewards[SAMPLES : 2 * SAMPLES] = [0.5] * SAMPLES
    rewards[-1] = None
    lengths = [rng.randint(1, LONGEST) for _ in rewards]

    def around(rows: Sequence[Sequence[float]], spread: float) -> list[list[float]]:
        return [[round(value + rng.gauss(0, spread), 6) for value in row] for row in rows]

    old = around([[-3.0] * length for length in lengths], 0.5)
    return {
        "rewards": rewards,
        "truncated": [index % 5 == 2 for index in range(len(rewards))],
        "new": around(old, 0.3),
        "old": old,
        "sampler": around(old, 0.2),
        "reference": around(old, 0.4),
        "entropies": [[round(rng.uniform(0.1, 2.0), 6) for _ in row] for row in old],
    }


def table(rows: Sequence[Sequence[float]], gradient: bool = False) -> torch.Tensor:
    """Rows padded with zeros on the right."""
    padded = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
    return padded.requires_grad_(gradient)


def trainer_of(settings: dict[str, Any], folder: str) -> Any:
    """TRL's trainer with these settings: GRPO's where they name a loss, else RLOO's, which has but one."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

    config, trainer = (GRPOConfig, GRPOTrainer) if "loss_type" in settings else (RLOOConfig, RLOOTrainer)
    made = trainer(
        model=str(MODEL),
        reward_funcs=lambda reward, **_: reward,
        args=config(
            output_dir=folder,
            report_to=[],
            use_cpu=True,
            bf16=False,
            num_generations=SAMPLES,
            max_completion_length=LONGEST,
            per_device_train_batch_size=PROMPTS * SAMPLES // settings.get("gradient_accumulation_steps", 1),
            **settings,
        ),
        train_dataset=Dataset.from_dict({"prompt": ["?"] * PROMPTS}),
    )
    made.model.train()
    # Its training loop would set it before the first step.
    made.current_gradient_accumulation_steps = made.args.gradient_accumulation_steps
    return made


def run(settings: dict[str, Any], given: dict[str, Any], folder: str) -> dict[str, Any]:
    """TRL's advantages, importance weights, loss, and its gradients by log-prob and entropy."""
    from trl.trainer.utils import split_tensor_dict

    trainer = trainer_of(settings, folder)
    # Only from here on, or it would start an engine.
    trainer.use_vllm = "vllm_importance_sampling_mode" in settings
    old, reference = table(given["old"]), table(given["reference"])
    new, entropies = table(given["new"], gradient=True), table(given["entropies"], gradient=True)

    def generate(self: Any, prompts: list[Any]) -> tuple[Any, ...]:
        end = self.eos_token_ids[0]
        ids = [
            [WORD] * (len(row) - 1) + [WORD if cut else end]
            for row, cut in zip(given["old"], given["truncated"], strict=True)
        ]
        # A response's prompt is its number: by it the model below knows which one it is asked about.
        places = [[index] for index in range(len(ids))]
        texts = [""] * len(ids)
        if "loss_type" not in settings:
            return places, ids, texts
        return places, ids, None, texts, given["sampler"], {}, None, []

    def look_up(self: Any, model: Any, input_ids: Any, _: Any, width: int, *__: Any, **asked: Any) -> tuple[Any, ...]:
        places = input_ids[:, 0]
        if asked.get("compute_entropy"):
            return new[places, :width], entropies[places, :width], None
        return (reference if model is trainer.ref_model else old)[places, :width], None, None

    trainer._generate = MethodType(generate, trainer)
    trainer._get_per_token_logps_and_entropies = MethodType(look_up, trainer)
    scored = trainer._generate_and_score_completions([{"prompt": "?", "reward": r} for r in given["rewards"]])
    parts = split_tensor_dict(scored, trainer.args.gradient_accumulation_steps)
    loss = sum(trainer._compute_loss(trainer.model, part) for part in parts)
    loss.backward()
    ratio = scored.get("importance_sampling_ratio")
    return {
        "settings": settings,
        "advantages": plain(scored["advantages"]),
        "importance": None if ratio is None else by_row(ratio, [min(len(r), ratio.size(1)) for r in given["old"]]),
        "loss": plain(loss),
        "gradient": by_row(new.grad, list(map(len, given["new"]))),
        "entropy_gradient": None if entropies.grad is None else by_row(entropies.grad, list(map(len, given["new"]))),
    }


def by_row(values: torch.Tensor, lengths: Sequence[int]) -> list[list[float]]:
    return [plain(row[:length]) for row, length in zip(values, lengths, strict=True)]


def plain(values: torch.Tensor) -> Any:
    """Twelve digits are more than any comparison needs."""
    rounded = [float(f"{value:.12g}") for value in values.detach().flatten().tolist()]
    return rounded if values.dim() else rounded[0]


def main() -> None:
    import trl

    os.environ.setdefault("DS_ACCELERATOR", "cpu")
    torch.set_default_dtype(torch.float64)
    given = numbers()
    with tempfile.TemporaryDirectory() as folder:
        cases = {name: run(settings, given, folder) for name, settings in CASES.items()}
    lines = [f"{json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items()]
    head = json.dumps({"trl": trl.__version__, "longest": LONGEST, "given": given})
    FILE.write_text(head[:-1] + ',\n"cases": {\n' + ",\n".join(lines) + "\n}}\n")


if __name__ == "__main__":
    main()
