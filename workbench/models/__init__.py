"""Models on disk: what a model's name stands for, and whether a model folder is whole."""

from workbench.models.names import TINY, checkpoints, pin_model, resolve_model

__all__ = ["TINY", "checkpoints", "pin_model", "resolve_model"]
