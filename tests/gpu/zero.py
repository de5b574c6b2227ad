"""The DeepSpeed learner on one GPU: memory and time of an update by ZeRO stage, and with the optimizer on the host."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from tests.gpu.report import DEVICE, ON_GPU, Report, allocated, now, peak, reset_peak
from tests.gpu.shapes import Shape, batches_of, build


def compare(report: Report, size: str, shape: Shape, dtype: torch.dtype) -> None:
    """ZeRO 1, ZeRO 2, ZeRO 1 with offload; a line that says so where DeepSpeed is not installed."""
    try:
        import deepspeed
    except ImportError as error:
        report.line("zero", left_out=f"DeepSpeed cannot be imported: {error}")
        return
    from train.distributed import start

    start(deepspeed=True)
    for stage, offload in ((1, False), (2, False), (1, True)):
        what = {"size": size, "stage": stage, "offload": offload}
        with report.case("zero", **what), _offload(deepspeed, offload):
            report.line("zero", **what, **_update(size, shape, stage, dtype))


def _update(size: str, shape: Shape, stage: int, dtype: torch.dtype) -> dict[str, float]:
    from train.config import parse_config
    from train.distributed import Ranks
    from train.learner.engine_deepspeed import DeepSpeedLearner

    kind = str(dtype).removeprefix("torch.")
    config = parse_config({"dataset": "none", "run": "none", "steps": 1, "deepspeed": {"stage": stage}, "dtype": kind})
    before = allocated()
    learner = DeepSpeedLearner(build(size, dtype, DEVICE), config, Ranks())
    loaded = allocated()
    batches = batches_of(learner.policy, shape)
    figures: dict[str, float] = {}
    # The first update makes Adam's state, the second shows what a step of a run takes.
    for _ in range(2):
        reset_peak()
        learner.policy.forget_pictures()
        begin = now()
        for batch in batches:
            logprobs, _ = learner.forward(batch)
            learner.backward(-logprobs.mean() / len(batches))
        middle = now()
        passes = peak()
        learner.update(1e-6)
        figures = {"passes_s": middle - begin, "passes_peak_gib": passes}
        figures |= {"update_s": now() - middle, "peak_gib": peak()}
    learner.engine.destroy()
    return {"before_gib": before, "loaded_gib": loaded} | figures


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
