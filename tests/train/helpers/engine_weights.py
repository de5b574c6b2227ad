"""The weights a vLLM engine multiplies with, under the learner's names: what a sync has to leave in it."""

from collections.abc import Iterable
from typing import Any

import torch

# What vLLM holds as one parameter, in this order.
FUSED = {"qkv_proj": ("q_proj", "k_proj", "v_proj"), "gate_up_proj": ("gate_proj", "up_proj")}


def engine_weights(model: Any) -> dict[str, torch.Tensor]:
    """For `llm.apply_model`: every weight of vLLM's model by its own name.

    On the CPU a linear layer keeps only a packed copy, whose numbers come out exactly where it multiplies the identity.
    """
    from vllm.model_executor.layers.linear import LinearBase
    from vllm.model_executor.layers.vocab_parallel_embedding import ParallelLMHead

    found = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for name, layer in model.named_modules():
        if isinstance(layer, LinearBase | ParallelLMHead):
            width = layer.embedding_dim if isinstance(layer, ParallelLMHead) else layer.input_size
            identity = torch.eye(width, dtype=torch.float32)
            found[f"{name}.weight"] = layer.quant_method.apply(layer, identity, bias=None).T.contiguous()
    return found


def fused(weights: Iterable[tuple[str, torch.Tensor]], names: Iterable[str]) -> dict[str, torch.Tensor]:
    """The learner's weights, put together under vLLM's names of them."""
    own = dict(weights)
    return {name: torch.cat([own.pop(part) for part in parts_of(name)]) for name in names} | own


def parts_of(name: str) -> list[str]:
    """The learner's names of what vLLM calls `name`."""
    place = name.replace("language_model.model.", "model.language_model.").replace("language_model.lm_head", "lm_head")
    if place.startswith("visual."):
        place = f"model.{place}"
    for whole, parts in FUSED.items():
        if f".{whole}." in place:
            return [place.replace(whole, part) for part in parts]
    return [place]
