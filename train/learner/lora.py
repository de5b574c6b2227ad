"""LoRA: low-rank pairs beside the language model's linear layers, which alone are trained (arXiv 2106.09685).

Sampler and checkpoints know nothing of it: they get whole weights, W + (α/r)·B·A. With B = 0 at the start the policy is
the base model, so a reference model is the same policy with the pairs it began with.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from train.config import LoRAConfig
from train.learner.policy import Policy

# What peft calls the only set of pairs we use.
ADAPTER = "default"


def adapt(policy: Policy, config: LoRAConfig, seed: int) -> None:
    """Put a pair beside each linear layer of the language model and freeze its own weights, in place.

    The pairs are the same on every rank and in every attempt to start a run: they follow from the seed.
    """
    from peft import LoraConfig, inject_adapter_in_model

    sight = () if policy.freeze_vision else policy.family.sight
    trained = [p for name, p in policy.model.named_parameters() if set(sight) & set(name.split("."))]
    layers = [
        name
        for name, module in policy.model.named_modules()
        if isinstance(module, nn.Linear) and "language_model" in name.split(".")
    ]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        pairs = LoraConfig(r=config.rank, lora_alpha=config.alpha, target_modules=layers)  # type: ignore[arg-type]
        inject_adapter_in_model(pairs, policy.model, adapter_name=ADAPTER)
    for parameter in trained:
        parameter.requires_grad = True


@dataclass(frozen=True)
class Weight:
    """A weight by its Hugging Face name, and the pair that belongs to it: up (out, r), down (r, in)."""

    name: str
    own: nn.Parameter
    pair: tuple[nn.Parameter, nn.Parameter] | None = None
    scale: float = 1.0

    @property
    def parameters(self) -> list[nn.Parameter]:
        return [self.own, *(self.pair or ())]

    @torch.no_grad()
    def whole(self) -> torch.Tensor:
        """The weight as the forward pass uses it; a view where there is no pair."""
        if self.pair is None:
            return self.own.detach()
        up, down = self.pair
        return (self.own.float() + self.scale * (up.float() @ down.float())).to(self.own.dtype)


def weights(policy: Policy, trainable_only: bool) -> Iterator[Weight]:
    """Every weight of the model; `trainable_only`: those of layers that training changes.

    A layer comes with its bias even if only its weight changes: vLLM loads a layer as a whole.
    """
    for name, parameter in policy.weights(trainable_only=False):
        *place, kind = name.split(".")
        if any(part.startswith("lora_") for part in place):
            continue
        if place and place[-1] == "base_layer":
            layer = policy.model.get_submodule(".".join(place[:-1]))
            pair = layer.lora_B[ADAPTER].weight, layer.lora_A[ADAPTER].weight
            plain = ".".join([*place[:-1], kind])
            yield Weight(plain, parameter, pair if kind == "weight" else None, layer.scaling[ADAPTER])
        elif parameter.requires_grad or not trainable_only:
            yield Weight(name, parameter)
