"""Whose time a forward and backward pass takes: marks around modules, on the device's own clock.

A mark is an identity in the graph that notes the time when the forward pass and when the backward pass goes through it.
What a region does inside another counts for the inner one only, so the shares add up to the whole.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from tests.gpu.report import ON_GPU
from train.learner.policy import Policy

# Who runs (`region`) in which call, and whether forward or backward.
Key = tuple[str, int, str]


class Stopwatch:
    """The marks of one pass in the order in which the device reached them."""

    def __init__(self) -> None:
        self.marks: list[tuple[Any, Key, bool]] = []
        self.calls = 0

    def mark(self, key: Key, opens: bool) -> None:
        if ON_GPU:
            stamp: Any = torch.cuda.Event(enable_timing=True)
            stamp.record()
        else:
            stamp = time.perf_counter()
        self.marks.append((stamp, key, opens))

    def timed(self, function: Callable[..., Any], region: str) -> Callable[..., Any]:
        """`function` with marks on its first floating-point argument and on what it returns first."""

        def call(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            number = self.calls
            place = next((i for i, value in enumerate(arguments) if _is_float(value)), None)
            name = next((key for key, value in named.items() if _is_float(value)), None)
            if place is not None:
                marked = _Mark.apply(arguments[place], self, region, number, True)
                arguments = (*arguments[:place], marked, *arguments[place + 1 :])
            elif name is not None:
                named = named | {name: _Mark.apply(named[name], self, region, number, True)}
            else:
                self.mark((region, number, "forward"), True)
            result = function(*arguments, **named)
            if _is_float(result):
                return _Mark.apply(result, self, region, number, False)
            if isinstance(result, tuple) and _is_float(result[0]):
                return (_Mark.apply(result[0], self, region, number, False), *result[1:])
            self.mark((region, number, "forward"), False)
            return result

        return call

    def seconds(self) -> dict[str, float]:
        """Exclusive time by region."""
        if ON_GPU:
            torch.cuda.synchronize()
        totals: dict[str, float] = defaultdict(float)
        stack: list[Key] = []
        for (stamp, key, opens), (later, _, _) in zip(self.marks, self.marks[1:], strict=False):
            if opens:
                stack.append(key)
            elif key in stack:
                # A recomputed forward pass ends without a mark as soon as it has what the backward pass needs.
                del stack[stack.index(key) :]
            region = "other" if not stack else "vision" if stack[0][0] == "vision" else stack[-1][0]
            totals[region] += later - stamp if isinstance(stamp, float) else stamp.elapsed_time(later) / 1000
        return dict(totals)


class _Mark(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: torch.Tensor, watch: Stopwatch, region: str, number: int, opens: bool) -> torch.Tensor:
        ctx.watch, ctx.key, ctx.opens = watch, (region, number, "backward"), not opens
        watch.mark((region, number, "forward"), opens)
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        ctx.watch.mark(ctx.key, ctx.opens)
        return gradients[0], None, None, None, None


def _is_float(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


@contextmanager
def watched(policy: Policy) -> Iterator[Stopwatch]:
    """Marks around the policy's vision tower, attention, MLPs and head until the end of the block.

    `attention` is what grows with the square of the width; the linear layers around it are `projections`.
    """
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    watch = Stopwatch()
    language = policy.model.model.language_model
    kind = language.config._attn_implementation
    attention = ALL_ATTENTION_FUNCTIONS[kind]
    regions: list[tuple[Any, str, str]] = [(policy, "_vision", "vision"), (policy, "_head", "head")]
    for layer in language.layers:
        regions += [(layer, "forward", "other"), (layer.self_attn, "forward", "projections")]
        regions += [(layer.mlp, "forward", "mlp")]
    for owner, name, region in regions:
        setattr(owner, name, watch.timed(getattr(owner, name), region))
    ALL_ATTENTION_FUNCTIONS[kind] = watch.timed(attention, "attention")
    watch.mark(("pass", 0, "start"), False)
    try:
        yield watch
        watch.mark(("pass", 0, "end"), False)
    finally:
        ALL_ATTENTION_FUNCTIONS[kind] = attention
        for owner, name, _ in regions:
            delattr(owner, name)
