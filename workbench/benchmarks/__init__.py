"""The benchmarks, one file each: `BENCHMARKS` finds one by its name. Every module of this folder is loaded."""

import importlib
import pkgutil

from workbench.benchmarks.base import (
    BENCHMARKS,
    Benchmark,
    ItemSet,
    Published,
    benchmarks,
    find_benchmark,
    get_benchmark,
    scores_name,
)
from workbench.benchmarks.items import Graded, Item, Loaded
from workbench.draft import Draft

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = [
    "BENCHMARKS",
    "Benchmark",
    "Draft",
    "Graded",
    "Item",
    "ItemSet",
    "Loaded",
    "Published",
    "benchmarks",
    "find_benchmark",
    "get_benchmark",
    "scores_name",
]
