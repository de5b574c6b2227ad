"""Input formats, one file each; every module of this folder is loaded so that it can register itself."""

import importlib
import pkgutil

from pipelines.sources.base import SOURCES, Draft, Rejected, RowError, Source
from pipelines.sources.formats import find_source, known_formats

__all__ = ["SOURCES", "Draft", "Rejected", "RowError", "Source", "find_source", "known_formats"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
