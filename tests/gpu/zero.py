"""The DeepSpeed learner on one GPU: memory and time of an update by ZeRO stage, and with the optimizer on the host.

Each is measured in a process of its own, since DeepSpeed keeps weights and gradients of an engine that is gone.
"""

import importlib.util
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from tests.gpu.report import DEVICE, GIB, ON_GPU, Report, allocated, now, peak, reset_peak
from tests.gpu.shapes import Shape, batches_of, build


def compare(report: Report, size: str, shape: Shape) -> None:
    """ZeRO 1, ZeRO 2, ZeRO 1 with offload; a line that says so where DeepSpeed is not installed."""
    if importlib.util.find_spec("deepspeed") is None:
        report.line("zero", left_out="DeepSpeed is not installed")
        return
    # On a CPU there is no memory to compare.
    for stage, offload in ((1, False), (2, False), (1, True)) if ON_GPU else ((1, True),):
        what = {"size": size, "stage": stage, "offload": offload}
        numbers = (stage, offload, shape.prompt, shape.response, shape.samples, shape.groups, shape.scale)
        with report.case("zero", **what):
            command = [sys.executable, "-m", "tests.gpu.zero", size, *(str(int(number)) for number in numbers)]
            ended = subprocess.run(command, capture_output=True, text=True)
            # DeepSpeed writes lines of its own, and may fail as it ends when all is measured.
            figures = [line for line in ended.stdout.splitlines() if line.startswith('{"optimizer"')]
            if not figures:
                raise RuntimeError(ended.stderr.strip()[-600:] or f"it ended with {ended.returncode}")
            report.line("zero", **what, **json.loads(figures[0]))


def update(size: str, shape: Shape, stage: int, offload: bool) -> dict[str, Any]:
    """Time and memory of the second update; the first makes Adam's state."""
    import deepspeed

    from train.config import parse_config
    from train.distributed import Ranks, start
    from train.learner.engine_deepspeed import DeepSpeedLearner

    start(deepspeed=True)
    settings = {"dataset": "none", "run": "none", "steps": 1, "deepspeed": {"stage": stage}, "dtype": "bfloat16"}
    with _offload(deepspeed, offload):
        learner = DeepSpeedLearner(build(size, torch.bfloat16, DEVICE), parse_config(settings), Ranks())
    figures: dict[str, Any] = {"optimizer": type(learner.engine.optimizer).__name__, "loaded_gib": allocated()}
    batches = batches_of(learner.policy, shape)
    for _ in range(2):
        reset_peak()
        learner.policy.forget_pictures()
        begin = now()
        for batch in batches:
            logprobs, _ = learner.forward(batch)
            learner.backward(-logprobs.mean() / len(batches))
        middle = now()
        figures |= {"passes_s": middle - begin, "passes_peak_gib": peak()}
        learner.update(1e-6)
        figures |= {"update_s": now() - middle, "peak_gib": peak()}
    return figures | {"host_peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB}


@contextmanager
def _offload(deepspeed: Any, wanted: bool) -> Iterator[None]:
    """Adam's state and step in the host's memory, which no setting of ours asks for."""
    usual = deepspeed.initialize

    def initialize(config: dict[str, Any], **arguments: Any) -> Any:
        config["zero_optimization"]["offload_optimizer"] = {"device": "cpu", "pin_memory": ON_GPU}
        # Otherwise DeepSpeed builds an Adam of its own with a compiler.
        config["zero_force_ds_cpu_optimizer"] = False
        return usual(config=config, **arguments)

    deepspeed.initialize = initialize if wanted else usual
    try:
        yield
    finally:
        deepspeed.initialize = usual


if __name__ == "__main__":
    stage, offload, *lengths = map(int, sys.argv[2:])
    print(json.dumps(update(sys.argv[1], Shape(*lengths), stage, bool(offload))))
