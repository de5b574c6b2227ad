"""One step on given samples by two ranks of a torchrun launch, under several ZeRO stages; `launch` starts it.

`two_ranks.py CASES OUT`: CASES is a torch file of cases, OUT gets what rank 0 found.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

import train.learner.policy
from train import distributed
from train.config import parse_config
from train.learner.engine import make_learner
from train.learner.policy import HEAD_LOGITS
from train.learner.sync import sync
from train.learner.trainer import Trainer

ROOT = Path(__file__).parents[3]


def launch(cases: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """What `run` finds in two processes; a case has a `config`, a `model` folder and `samples`."""
    file, out = folder / "cases.pt", folder / "found.pt"
    torch.save([case | {"config": case["config"].model_dump(mode="json")} for case in cases], file)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", __file__]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu"}
    made = subprocess.run([*command, str(file), str(out)], env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-12000:]
    return torch.load(out, weights_only=False)


def run(case: dict[str, Any], ranks: distributed.Ranks) -> dict[str, Any]:
    """Metrics, Adam's first moments (after one update those are 0.1 of the gradient), changed weights, whole sizes.

    Also whether a sync brings every rank's sampler the same whole weights; with a KL penalty the reference's log-probs
    after the update, and whether asking for them left the weights.
    """
    train.learner.policy.HEAD_LOGITS = case.get("head_logits", HEAD_LOGITS)
    config = parse_config(case["config"])
    learner = make_learner(case["model"], config, ranks)
    before = {name: value.clone() for name, value in learner.weights(trainable_only=False)}
    trainer = Trainer(learner, config, ranks)
    # The samples are made up, so there is no sampler to agree with.
    trainer.strict = False
    mine = [sample for sample in case["samples"] if sample.group % ranks.world == ranks.rank]
    metrics = trainer.learn(mine)
    moments = {n: first_moment(learner, p).clone() for n, p in learner.policy.weights(trainable_only=True)}
    after = dict(learner.weights(trainable_only=False))
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    sizes = {name: value.numel() for name, value in after.items()}
    reference = trainer.reference_logprobs(mine) if trainer.reference else []
    unharmed = all(torch.equal(value, after[name]) for name, value in learner.weights(trainable_only=False))
    received = Received()
    sync(learner, received, version=1, trainable_only=False)  # type: ignore[arg-type]
    whole = {name: digest(value) for name, value in after.items()}
    synced = ranks.gather(received.digests) == [whole] * ranks.world
    found = {"metrics": metrics, "moments": moments, "changed": changed, "sizes": sizes}
    return found | {"reference": reference, "unharmed": unharmed, "synced": synced}


class Received:
    """In a sampler's place: notes what a sync brings."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}

    def sync(self, weights: Iterable[tuple[str, torch.Tensor]], version: int) -> None:
        self.digests = {name: digest(value) for name, value in weights}


def digest(value: torch.Tensor) -> str:
    return hashlib.sha256(value.contiguous().view(torch.uint8).numpy().tobytes()).hexdigest()


def first_moment(learner: Any, parameter: torch.Tensor) -> torch.Tensor:
    from deepspeed.utils import safe_get_full_optimizer_state

    if learner.stage == 0:
        return learner.engine.optimizer.state[parameter]["exp_avg"]
    if learner.stage < 3:
        # DeepSpeed links parameters to their states after its first group's step, when later groups have none yet.
        learner.engine.optimizer._hp_optimizer_states_linked = False
        learner.engine.optimizer._lazy_init_hp_params_optimizer_state()
    return safe_get_full_optimizer_state(parameter, "exp_avg")


def main() -> None:
    cases, out = sys.argv[1:]
    ranks = distributed.start(deepspeed=True)
    found = [run(case, ranks) for case in torch.load(cases, weights_only=False)]
    if ranks.is_main:
        torch.save(found, Path(out))


if __name__ == "__main__":
    main()
