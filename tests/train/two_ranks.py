"""What each rank of a torchrun launch does: one step on its share of given samples, under several ZeRO stages.

`two_ranks.py CASES OUT`: CASES is a torch file of cases, OUT gets what rank 0 found.
"""

import sys
from pathlib import Path
from typing import Any

import torch

from train import distributed
from train.config import parse_config
from train.engine import make_learner
from train.learn import Trainer


def run(case: dict[str, Any], ranks: distributed.Ranks) -> dict[str, Any]:
    from deepspeed.utils import safe_get_full_grad

    config = parse_config(case["config"])
    learner = make_learner(case["model"], config, ranks)
    before = {name: value.clone() for name, value in learner.weights(trainable_only=False)}
    trainer = Trainer(learner, config, ranks)
    # The samples are made up, so there is no sampler to agree with.
    trainer.strict = False
    gradients: dict[str, torch.Tensor] = {}
    update = learner.update

    def watched(lr: float) -> float:
        for name, parameter in learner.policy.model.named_parameters():
            gradient = safe_get_full_grad(parameter) if parameter.requires_grad else None
            if gradient is not None:
                gradients[name] = gradient.clone()
        return update(lr)

    learner.update = watched  # type: ignore[method-assign]
    metrics = trainer.learn(ranks.share(case["groups"]))
    after = dict(learner.weights(trainable_only=False))
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    return {
        "metrics": metrics,
        "gradients": gradients,
        "changed": changed,
        "sizes": {n: v.numel() for n, v in after.items()},
    }


def main() -> None:
    cases, out = sys.argv[1:]
    ranks = distributed.start(deepspeed=True)
    found = [run(case, ranks) for case in torch.load(cases, weights_only=False)]
    if ranks.is_main:
        torch.save(found, Path(out))


if __name__ == "__main__":
    main()
