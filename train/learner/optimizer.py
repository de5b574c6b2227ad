"""AdamW over the policy's trainable parameters, and the learning rate of each update."""

import math

import torch

from train.config import OptimizerConfig
from train.learner.policy import Policy, is_vision


def adamw(policy: Policy, config: OptimizerConfig) -> torch.optim.AdamW:
    """AdamW over the trainable parameters; the vision tower's are a group of their own if it has its own rate."""
    groups: dict[float, list[torch.nn.Parameter]] = {}
    for name, parameter in policy.weights(trainable_only=True):
        own = config.vision_lr if is_vision(name) and config.vision_lr is not None else config.lr
        groups.setdefault(own / config.lr, []).append(parameter)
    parts = [{"params": parameters, "lr_share": share} for share, parameters in groups.items()]
    return torch.optim.AdamW(parts, lr=config.lr, betas=config.betas, weight_decay=config.weight_decay)


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Set the schedule's learning rate, of which each group has its share."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group["lr_share"]


def lr_at(update: int, total: int, config: OptimizerConfig) -> float:
    """Learning rate of the update with this index (from 0) of `total`: linear warm-up, then cosine to the floor."""
    warmup = math.ceil(config.warmup_ratio * total)
    if update < warmup:
        return config.lr * (update + 1) / warmup
    progress = (update - warmup) / max(1, total - warmup)
    floor = config.min_lr_ratio
    return config.lr * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))
