"""How fast and how large the learner is on one GPU of 80 GB or more, with random weights of the published sizes.

    make gpu          # or python3 -m tests.gpu.learner; below 8 minutes; --small tries every section on a CPU

Prints a JSON line a figure, and appends it to $OUT/learner.jsonl where OUT is set. A machine without the pinned set and
without a network needs torch, transformers, Pillow, pyarrow, pyyaml and what `make gpu-wheels` puts into build/carry:

    python3 -m pip install --no-index --no-deps build/carry/*.whl && python3 -m tests.gpu.learner

The most important sections come first, so that a run that is cut off has told the most.
"""

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from tests.gpu import attention, zero
from tests.gpu.report import DEVICE, GIB, ON_GPU, Report, allocated, now, peak, reset_peak
from tests.gpu.shapes import Shape, batches_of, build, rows_of, weights_a_token
from tests.gpu.stopwatch import watched
from train.learner.batching import MicroBatch, collate
from train.learner.policy import Policy

# Prompt tokens, response tokens, responses a prompt, prompts; with one response each nothing is shared.
USUAL, LONG, ALONE = (740, 1500, 4, 2), (3000, 1500, 8, 1), (740, 1500, 1, 7)
SHAPES = (USUAL, (740, 600, 8, 2), LONG, ALONE, (740, 4096, 1, 3), (740, 1500, 8, 1))
# Dense bf16 operations a second by NVIDIA's data sheet.
PEAK = {"H100": 989e12, "H200": 989e12}
# Lengths on a CPU are so many times shorter.
SMALL = 20


def machine(report: Report) -> None:
    """The card, the versions, and what a large matrix product reaches: the most that any share of it could."""
    import transformers

    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    if not ON_GPU:
        report.line("machine", card=None, **versions)
        return
    card = torch.cuda.get_device_properties(0)
    left, right = (torch.randn(8192, 8192, dtype=torch.bfloat16, device=DEVICE) for _ in range(2))
    times = []
    for _ in range(8):
        begin = now()
        left @ right
        times.append(now() - begin)
    rate = 2 * 8192**3 / statistics.median(times) / 1e12
    report.line("machine", card=card.name, gib=card.total_memory / GIB, matmul_tflops=rate, **versions)


def run(policy: Policy, batches: Sequence[MicroBatch], gradient: bool = True) -> torch.Tensor:
    """The passes of an update over the micro-batches, the tower's included; log-probs of all response tokens."""
    policy.forget_pictures()
    kept = []
    try:
        with torch.set_grad_enabled(gradient):
            for batch in batches:
                logprobs, _ = policy(batch)
                kept.append(logprobs.detach())
                if gradient:
                    (-logprobs.mean() / len(batches)).backward()
    finally:
        policy.zero_grad(set_to_none=True)
    return torch.cat(kept)


def measure(policy: Policy, batches: Sequence[MicroBatch], shares: bool = True) -> dict[str, Any]:
    """Time, memory, throughput and use of the card by the passes over these micro-batches."""
    run(policy, batches)
    reset_peak()
    times = []
    for _ in range(2):
        begin = now()
        run(policy, batches)
        times.append(now() - begin)
    figures: dict[str, Any] = {"peak_gib": peak(), "pass_s": min(times), "micro_batches": len(batches)}
    figures["rows"] = [list(batch.input_ids.shape) for batch in batches]
    tokens, targets = (sum(counts) for counts in zip(*map(_tokens, batches), strict=True))
    every, answer = weights_a_token(policy)
    products = every * tokens + answer * targets
    figures |= {"tokens": tokens, "tokens_per_s": tokens / min(times), "response_tokens_per_s": targets / min(times)}
    top = next((rate for name, rate in PEAK.items() if ON_GPU and name in torch.cuda.get_device_name()), None)
    if top is not None:
        figures |= {f"mfu_{n}n": n * products / min(times) / top for n in (6, 8)}
    begin = now()
    run(policy, batches, gradient=False)
    figures["forward_s"] = now() - begin
    if shares:
        with watched(policy) as watch:
            run(policy, batches)
        seconds = watch.seconds()
        figures["shares"] = {region: time / sum(seconds.values()) for region, time in sorted(seconds.items())}
    return figures


def _tokens(batch: MicroBatch) -> tuple[int, int]:
    return int(batch.attention_mask.sum()), len(batch.targets)


def learner(report: Report, size: str, dtype: torch.dtype, scale: int) -> None:
    """Every shape through the policy, cut into micro-batches as the trainer cuts it."""
    policy = build(size, dtype, DEVICE)
    kind = policy.model.model.language_model.config._attn_implementation
    report.line("learner", size=size, weights_gib=allocated(), weights=sum(p.numel() for p in policy.parameters()))
    for numbers in SHAPES:
        with report.case("learner", size=size, shape=numbers):
            figures = measure(policy, batches_of(policy, Shape(*numbers, scale=scale)))
            report.line("learner", size=size, shape=numbers, attention=kind, **figures)


def flex_against_sdpa(report: Report, size: str, dtype: torch.dtype, scale: int) -> None:
    """Log-probs through flex attention against SDPA's, then time and memory of the passes.

    How far rounding takes log-probs is seen where SDPA computes each response in a row of its own; how far a wrong mask
    takes them, where every response also sees those before it.
    """
    policy = build(size, dtype, DEVICE)
    rows, batches = _rows_and_batches(policy, USUAL, scale)
    for row, batch in zip(rows, batches, strict=True):
        if not torch.equal(attention.dense_mask(attention.segments_of(row)), batch.attends):
            raise AssertionError("the block mask's segments do not give the mask that the learner made")
    usual = run(policy, batches, gradient=False)
    alone = [collate([[sample]], policy.image_token, policy.pad_token) for row in rows for s in row for sample in s]
    causal = [replace(batch, attends=torch.ones_like(batch.attends).tril()) for batch in batches]
    for against, others in (("sdpa, rows of their own", alone), ("sdpa, causal: wrong", causal)):
        report.line("flex", size=size, against=against, **_gap(usual, run(policy, others, gradient=False)))
    for dynamic in (True, False):
        with report.case("flex", size=size, any_width=dynamic):
            with attention.through_flex(policy, attention.flex(dynamic)):
                begin = now()
                logprobs = run(policy, _with_block_masks(rows, batches), gradient=False)
                figures = {"first_pass_s": now() - begin} | _gap(usual, logprobs)
                report.line("flex", size=size, any_width=dynamic, against="sdpa", **figures)
                # On a CPU flex attention has no backward pass.
                for numbers in (USUAL, LONG) if ON_GPU else ():
                    figures = measure(policy, _with_block_masks(*_rows_and_batches(policy, numbers, scale)))
                    report.line("flex", size=size, any_width=dynamic, shape=numbers, **figures)
            # The other way is only for where this one fails.
            return


def _rows_and_batches(policy: Policy, numbers: tuple[int, int, int, int], scale: int) -> tuple[Any, list[MicroBatch]]:
    shape = Shape(*numbers, scale=scale)
    return rows_of(policy, shape), batches_of(policy, shape)


def _with_block_masks(rows: Any, batches: Sequence[MicroBatch]) -> list[MicroBatch]:
    masks: list[Any] = [attention.block_mask(attention.segments_of(row).to(DEVICE)) for row in rows]
    return [replace(batch, attends=mask) for batch, mask in zip(batches, masks, strict=True)]


def _gap(usual: torch.Tensor, other: torch.Tensor) -> dict[str, float]:
    distance = (usual - other).abs()
    return {"max": float(distance.max()), "mean": float(distance.mean())}


def checkpointing(report: Report, size: str, dtype: torch.dtype, scale: int) -> None:
    """Time and memory with and without activation checkpointing; half the batch too, should the whole not fit."""
    policy = build(size, dtype, DEVICE)
    for numbers in ((740, 1500, 4, 1), USUAL):
        batches = batches_of(policy, Shape(*numbers, scale=scale))
        for on in (True, False):
            with report.case("checkpointing", size=size, shape=numbers, on=on):
                if on:
                    policy.model.gradient_checkpointing_enable({"use_reentrant": False})
                else:
                    policy.model.gradient_checkpointing_disable()
                figures = measure(policy, batches, shares=False)
                report.line("checkpointing", size=size, shape=numbers, on=on, **figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--small", action="store_true", help="two layers and short rows, on a CPU")
    parser.add_argument("--seconds", type=float, default=460, help="what is not measured by then is left out")
    asked = parser.parse_args()
    if not asked.small and not ON_GPU:
        parser.error("there is no GPU; --small tries the script without one")
    dtype, scale = (torch.float32, SMALL) if asked.small else (torch.bfloat16, 1)
    large, medium = ("small", "small") if asked.small else ("7B", "3B")
    heads, widths = ((4, 2, 16), (205, 337, 512)) if asked.small else ((28, 4, 128), (4096, 6740, 16384))
    report = Report(asked.seconds)
    with report.section("machine", 40):
        machine(report)
    for size, seconds in ((large, 150), (medium, 90))[: 1 if asked.small else 2]:
        with report.section("learner", seconds):
            learner(report, size, dtype, scale)
    with report.section("attention", 90):
        attention.alone(report, heads, dtype, widths)
    with report.section("flex", 110):
        flex_against_sdpa(report, large, dtype, scale)
    with report.section("checkpointing", 45):
        checkpointing(report, medium, dtype, scale)
    with report.section("zero", 130):
        zero.compare(report, medium, Shape(*USUAL, scale=scale))


if __name__ == "__main__":
    main()
