"""The learner on DeepSpeed ZeRO, on GPUs with NCCL or on the CPU with gloo."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import deepspeed
import torch

from train.config import TrainConfig
from train.distributed import Ranks
from train.learner.batching import MicroBatch
from train.learner.lora import weights
from train.learner.optimizer import adamw, set_lr
from train.learner.policy import Policy
from workbench.errors import UserError


class DeepSpeedLearner:
    """`Learner` over one DeepSpeed engine a rank."""

    def __init__(self, policy: Policy, config: TrainConfig, ranks: Ranks):
        assert config.deepspeed is not None
        logging.getLogger("DeepSpeed").setLevel(logging.WARNING)
        self.policy = policy
        self.world = ranks.world
        self.stage = config.deepspeed.stage
        self._norm = 0.0
        # Here DeepSpeed would clip without telling the norm.
        own_clip = self.stage == 0 and config.dtype == "float32"
        zero: dict[str, Any] = {"stage": self.stage}
        if self.stage == 3:
            # Otherwise small parameters stay whole between passes, where the reference could not take their place.
            zero["stage3_param_persistence_threshold"] = 0
            # A module's weights are gathered on all ranks at once. A frozen tower stays whole on each, or a rank with
            # pictures would wait for ever for one without; beside the language model it is small.
            policy.hide_frozen_tower()
        settings: dict[str, Any] = {
            "train_micro_batch_size_per_gpu": 1,
            "gradient_accumulation_steps": 1,
            # `update` alone is the boundary, however many micro-batches came before it.
            "managed_gradient_accumulation": False,
            "gradient_clipping": 0.0 if own_clip else config.optimizer.grad_clip,
            "zero_optimization": zero,
            "bf16": {"enabled": config.dtype == "bfloat16"},
            # Sums in bf16 would depend on the cut into micro-batches, and small terms would be lost in them.
            "data_types": {"grad_accum_dtype": "fp32"},
            "steps_per_print": 1_000_000_000,
        }
        optimizer = adamw(policy, config.optimizer)
        if own_clip:
            trained = [p for p in policy.parameters() if p.requires_grad]

            def clip(*_: Any) -> None:
                self._norm = float(torch.nn.utils.clip_grad_norm_(trained, config.optimizer.grad_clip))

            optimizer.register_step_pre_hook(clip)
        self.engine, *_ = deepspeed.initialize(model=policy, optimizer=optimizer, config=settings)

    def forward(self, batch: MicroBatch) -> tuple[torch.Tensor, torch.Tensor]:
        return self.engine(batch)

    def backward(self, loss: torch.Tensor) -> None:
        # DeepSpeed averages over the ranks; the loss is already this rank's share of a global sum.
        self.engine.backward(loss * self.world, scale_wrt_gas=False)

    def update(self, lr: float) -> float:
        set_lr(self.engine.optimizer, lr)
        self.engine.step()
        norm = self.engine.get_global_grad_norm()
        return self._norm if norm is None else float(norm)

    def weights(self, trainable_only: bool) -> Iterator[tuple[str, torch.Tensor]]:
        for weight in weights(self.policy, trainable_only):
            if self.stage < 3:
                yield weight.name, weight.whole()
                continue
            with deepspeed.zero.GatheredParameters([p for p in weight.parameters if hasattr(p, "ds_tensor")]):
                # A copy, since the receiver may still hold it when the parameter is in pieces again.
                whole = weight.whole().clone()
            yield weight.name, whole

    def held(self) -> Iterator[tuple[str, torch.Tensor]]:
        if self.stage == 3:
            # What the last pass gathered would otherwise be used once more in place of what is written here.
            self.engine.empty_partition_cache()
        for name, parameter in self.policy.weights(trainable_only=True):
            yield name, getattr(parameter, "ds_tensor", parameter).detach()

    def save(self, folder: Path) -> None:
        self.engine.save_checkpoint(str(folder), tag="state", save_latest=False, exclude_frozen_parameters=True)

    def load(self, folder: Path) -> None:
        written = len(list(folder.glob("state/*optim_states.pt")))
        if self.stage > 0 and written != self.world:
            raise UserError(f"{folder} was written by {written} DeepSpeed ranks, this run has {self.world}")
        loaded, _ = self.engine.load_checkpoint(str(folder), tag="state", load_module_strict=False)
        if loaded is None:
            raise FileNotFoundError(f"DeepSpeed found no state in {folder}")
