"""Attention of shared prompts as a block mask, and attention alone: dense mask, causal, block mask."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import functional
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from tests.gpu.report import DEVICE, ON_GPU, Report, allocated, now, peak, reset_peak
from train.learner.batching import TrainSample, length
from train.learner.policy import Policy


def segments_of(rows: Sequence[Sequence[TrainSample]]) -> torch.Tensor:
    """Whose each position is, (rows, width): 0 padding, 1 the prompt, 2 and on the responses behind it."""
    segments = torch.zeros(len(rows), max(map(length, rows)), dtype=torch.int32)
    for index, row in enumerate(rows):
        lengths = [len(row[0].prompt_ids), *(len(sample.response_ids) for sample in row)]
        owners = torch.arange(1, len(lengths) + 1, dtype=torch.int32).repeat_interleave(torch.tensor(lengths))
        segments[index, : len(owners)] = owners
    return segments


def block_mask(segments: torch.Tensor) -> BlockMask:
    """A position sees earlier ones of its own segment and, if it is no padding, of the prompt."""

    def sees(row: Any, head: Any, query: Any, key: Any) -> Any:
        own, other = segments[row, query], segments[row, key]
        return (key <= query) & ((own == other) | ((other == 1) & (own > 0)))

    rows, width = segments.shape
    return create_block_mask(sees, rows, None, width, width, device=str(segments.device))


def dense_mask(segments: torch.Tensor) -> torch.Tensor:
    """The same as booleans, (rows, 1, width, width)."""
    own, other = segments[:, None, :, None], segments[:, None, None, :]
    earlier = torch.ones(segments.shape[1], segments.shape[1], dtype=torch.bool, device=segments.device).tril()
    return earlier & ((own == other) | ((other == 1) & (own > 0)))


def shared_prompt(width: int) -> torch.Tensor:
    """Segments of one row: a prompt on a ninth of the width, and responses of about 1,500 tokens, at least two."""
    prompt = width // 9
    count = max(2, round((width - prompt) / 1500))
    owners = torch.arange(width - prompt, device=DEVICE) * count // (width - prompt) + 2
    return torch.cat([torch.ones(prompt, dtype=owners.dtype, device=DEVICE), owners])[None].int()


def flex(dynamic: bool) -> Callable[..., torch.Tensor]:
    """Flex attention compiled for any width or for each anew; on a CPU, where there is no backward pass, as it is."""
    torch._dynamo.reset()
    return torch.compile(flex_attention, dynamic=dynamic) if ON_GPU else flex_attention


@contextmanager
def through_flex(policy: Policy, function: Callable[..., torch.Tensor]) -> Iterator[None]:
    """The policy's language model takes block masks until the end of the block."""
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    def attend(_: Any, query: Any, key: Any, value: Any, mask: Any, scaling: Any = None, **__: Any) -> Any:
        result = function(query, key, value, block_mask=mask, scale=scaling, enable_gqa=True)
        return result.transpose(1, 2).contiguous(), None

    config = policy.model.model.language_model.config
    usual = config._attn_implementation
    ALL_ATTENTION_FUNCTIONS["measured_flex"] = attend
    config._attn_implementation = "measured_flex"
    try:
        yield
    finally:
        config._attn_implementation = usual


def alone(report: Report, heads: tuple[int, int, int], dtype: torch.dtype, widths: Sequence[int]) -> None:
    """Forward and backward of attention with (query heads, key heads, head dimension) on a prompt with responses."""
    queries, keys, size = heads
    share = queries // keys

    def inputs(width: int) -> list[torch.Tensor]:
        return [torch.randn(1, n, width, size, dtype=dtype, device=DEVICE) for n in (queries, keys, keys)]

    def repeated(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        # As transformers calls it: with a mask, key heads are repeated.
        k, v = k.repeat_interleave(share, 1), v.repeat_interleave(share, 1)
        return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)

    def causal(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)

    def blocks(width: int, dynamic: bool, function: Callable[..., torch.Tensor]) -> bool:
        what = {"width": width, "kind": "flex", "any_width": dynamic}
        with report.case("attention", **what):
            begin = now()
            mask = block_mask(shared_prompt(width))
            cost = {"mask_ms": 1000 * (now() - begin), "sparsity": float(mask.sparsity())}
            figures = _time(lambda q, k, v: function(q, k, v, block_mask=mask, enable_gqa=True), inputs(width))
            report.line("attention", **what, **cost, **figures)
            return True
        return False

    compiled, missing = flex(dynamic=True), []
    for width in widths:
        with report.case("attention", width=width, kind="dense"):
            mask = dense_mask(shared_prompt(width))
            figures = _time(lambda q, k, v, mask=mask: repeated(q, k, v, mask), inputs(width))
            report.line("attention", width=width, kind="dense", seen=float(mask.float().mean()), **figures)
        with report.case("attention", width=width, kind="causal"):
            report.line("attention", width=width, kind="causal", **_time(causal, inputs(width)))
        if not blocks(width, True, compiled):
            missing.append(width)
    compiled = flex(dynamic=False)
    for width in missing or widths[1:2]:
        blocks(width, False, compiled)


def _time(attend: Callable[..., torch.Tensor], inputs: list[torch.Tensor], repeats: int = 5) -> dict[str, float]:
    """Milliseconds of one call, forward and backward, after a first one, and the memory it takes above its inputs."""
    inputs = [value.detach().requires_grad_(ON_GPU) for value in inputs]
    times: list[tuple[float, float]] = []
    base = allocated()
    for turn in range(repeats + 1):
        if turn == 1:
            reset_peak()
        begin = now()
        result = attend(*inputs)
        middle = now()
        if ON_GPU:
            torch.autograd.grad(result, inputs, torch.ones_like(result))
        times.append((middle - begin, now() - middle))
        del result
    forward, backward = (1000 * statistics.median(column) for column in zip(*times[1:], strict=True))
    return {"forward_ms": forward, "backward_ms": backward, "peak_gib": peak() - base, "first_call_s": sum(times[0])}
