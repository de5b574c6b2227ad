"""Curation steps, one file each; every module of this folder is loaded so that it can register itself."""

import importlib
import pkgutil

from pipelines.steps.base import FINDINGS, LONG, STEPS, Context, Step, StepParams, findings, step, together

__all__ = ["FINDINGS", "LONG", "STEPS", "Context", "Step", "StepParams", "findings", "step", "together"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
