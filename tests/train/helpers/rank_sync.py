"""One real step by two ranks of a torchrun launch, an engine a rank; `launch` starts it.

`rank_sync.py CONFIG WORKSPACE OUT`: OUT gets what each rank found of its engine after the step's sync.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from tests.train.helpers.engine_weights import engine_weights, fused
from tests.train.helpers.two_ranks import ROOT
from train import distributed
from train.config import load_config
from train.loop import Loop
from train.rollouts import sample
from workbench.rollout.sampling import SamplingConfig
from workbench.workspace import Workspace


def launch(config: Path, workspace: Workspace, out: Path) -> list[dict[str, Any]]:
    """What `run` finds on each of two ranks."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", __file__]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu"}
    files = [str(config), str(workspace.root), str(out)]
    made = subprocess.run([*command, *files], env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, (made.stdout + made.stderr)[-8000:]
    return torch.load(out)


def run(loop: Loop) -> dict[str, Any]:
    """The names of weights, those that differ between learner and engine, and how far log-probs of probes do."""
    start = {name: value.clone() for name, value in loop.learner.weights(trainable_only=False)}
    loop.start(resume=False)
    loop.step()
    whole = {name: value.clone() for name, value in loop.learner.weights(trainable_only=False)}
    [theirs] = loop.sampler.llm.apply_model(engine_weights)
    ours = fused(whole.items(), theirs)
    probes = list(enumerate(loop.stream.problems[:8]))
    # Not equally many on each rank, and pictures on one where the other has none.
    drawn = SamplingConfig(temperature=1.0, max_tokens=16)
    groups = sample(loop.sampler, loop.prompts, loop.ranks.share(probes), drawn, n=1 + loop.ranks.rank, seed=3)
    samples = loop.training_samples(groups)
    gaps = [
        (own - torch.tensor(one.sampler_logprobs)).abs().max().item()
        for own, one in zip(loop.trainer._logprobs(samples), samples, strict=True)
    ]
    return {
        "names": sorted(ours),
        "theirs": sorted(theirs),
        "different": [name for name in theirs if not torch.equal(theirs[name], ours[name])],
        "changed": [name for name, value in whole.items() if not torch.equal(value, start[name])],
        "versions": {group.weight_version for group in groups},
        "gaps": gaps,
    }


def main() -> None:
    config, workspace, out = sys.argv[1:]
    place, settings = Workspace(Path(workspace)), load_config(config)
    loop = Loop(settings, place, place.run(settings.run), distributed.start(deepspeed=True))
    found = loop.ranks.gather(run(loop))
    if loop.ranks.is_main:
        torch.save(found, out)
    loop.close()


if __name__ == "__main__":
    main()
