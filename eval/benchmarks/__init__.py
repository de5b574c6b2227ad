"""The benchmarks, one file each. A new file that registers itself in `BENCHMARKS` is found by its name."""

import importlib
import pkgutil

from eval.benchmarks.base import BENCHMARKS, Benchmark, Item, Loaded, find_benchmark, read_rows

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["BENCHMARKS", "Benchmark", "Item", "Loaded", "find_benchmark", "read_rows"]
