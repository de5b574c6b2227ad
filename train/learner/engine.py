"""What turns losses into new weights: one interface, plain torch in one process or DeepSpeed in any number.

The caller owns the batch: it calls `backward` for every micro-batch with losses whose weights sum to 1 over all ranks,
then `update` once. Gradients add up, nothing is divided by ranks or micro-batches.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import torch

from train.config import TrainConfig
from train.distributed import Ranks, refuse_several
from train.learner.batching import MicroBatch
from train.learner.lora import adapt, weights
from train.learner.optimizer import adamw, set_lr
from train.learner.policy import Policy
from workbench.errors import UserError


class Learner(Protocol):
    """Holds the policy and its optimizer."""

    policy: Policy

    def forward(self, batch: MicroBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """`Policy.forward`, the way this engine needs it called."""
        ...

    def backward(self, loss: torch.Tensor) -> None:
        """Add this rank's part of the gradient."""
        ...

    def update(self, lr: float) -> float:
        """Clip, step, clear; returns the global norm of the whole gradient before clipping."""
        ...

    def weights(self, trainable_only: bool) -> Iterator[tuple[str, torch.Tensor]]:
        """Whole weights by Hugging Face name, LoRA added; every rank calls it and exhausts it.

        `trainable_only` gives those of layers that training changes.
        """
        ...

    def held(self) -> Iterator[tuple[str, torch.Tensor]]:
        """What this rank holds of each trainable parameter, to read or to write in place; all of it below ZeRO-3."""
        ...

    def save(self, folder: Path) -> None:
        """Write optimizer and master weights; called by every rank."""
        ...

    def load(self, folder: Path) -> None:
        """Restore what `save` wrote, so that training goes on bit for bit."""
        ...


class TorchLearner:
    """AdamW in one process. Weights are held in fp32; with bfloat16 the forward pass runs under autocast."""

    def __init__(self, policy: Policy, config: TrainConfig):
        self.policy = policy
        self.grad_clip = config.optimizer.grad_clip
        self.autocast = config.dtype == "bfloat16"
        self.optimizer = adamw(policy, config.optimizer)

    def forward(self, batch: MicroBatch) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.autocast(self.policy.bias.device.type, torch.bfloat16, enabled=self.autocast):
            return self.policy(batch)

    def backward(self, loss: torch.Tensor) -> None:
        loss.backward()

    def update(self, lr: float) -> float:
        trained = [p for p in self.policy.parameters() if p.requires_grad]
        norm = torch.nn.utils.clip_grad_norm_(trained, self.grad_clip)
        set_lr(self.optimizer, lr)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(norm)

    def weights(self, trainable_only: bool) -> Iterator[tuple[str, torch.Tensor]]:
        for weight in weights(self.policy, trainable_only):
            yield weight.name, weight.whole()

    def held(self) -> Iterator[tuple[str, torch.Tensor]]:
        for name, parameter in self.policy.weights(trainable_only=True):
            yield name, parameter.detach()

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        state = {"optimizer": self.optimizer.state_dict(), "weights": dict(self.held())}
        torch.save(state, folder / "learner.pt")

    def load(self, folder: Path) -> None:
        if not (folder / "learner.pt").exists():
            raise UserError(f"{folder} was not written by plain torch in one process; resume it the way it was started")
        state = torch.load(folder / "learner.pt", map_location=self.policy.bias.device, weights_only=True)
        self.optimizer.load_state_dict(state["optimizer"])
        with torch.no_grad():
            for name, held in self.held():
                held.copy_(state["weights"][name])


class GradientWatch:
    """Sees which trainable parameters the backward passes of an update reached."""

    def __init__(self, policy: Policy):
        self.names = [name for name, p in policy.named_parameters() if p.requires_grad]
        self.reached: set[str] = set()
        for name, parameter in policy.named_parameters():
            if parameter.requires_grad:
                parameter.register_hook(lambda _, name=name: self.reached.add(name))

    def check(self) -> None:
        """RuntimeError naming the parameters without a gradient since the last check: they would stay frozen unseen."""
        missing = [name for name in self.names if name not in self.reached]
        self.reached.clear()
        if missing:
            raise RuntimeError(f"{len(missing)} trainable parameters got no gradient, the first is {missing[0]}")


def make_learner(model: Path, config: TrainConfig, ranks: Ranks) -> Learner:
    """Load the policy from a Hugging Face folder into the engine the config asks for."""
    if config.deepspeed is None:
        refuse_several(ranks.world)
    # Plain torch keeps fp32 weights, since bf16 ones would round small updates away; DeepSpeed keeps its own copy.
    half = config.deepspeed is not None and config.dtype == "bfloat16"
    policy = Policy.load(
        model,
        torch.bfloat16 if half else torch.float32,
        config.rollout.temperature,
        config.freeze_vision,
        config.gradient_checkpointing,
    )
    policy.entropy_gradient = config.algorithm.entropy_bonus > 0
    if config.lora is not None:
        adapt(policy, config.lora, config.seed)
    if config.deepspeed is None:
        return TorchLearner(policy, config)
    from train.learner.engine_deepspeed import DeepSpeedLearner

    return DeepSpeedLearner(policy, config, ranks)
