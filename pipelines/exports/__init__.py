"""Export targets, one file each; importing the package registers them."""

from pipelines.exports import easyr1, hf, mm_eureka, ms_swift, openrlhf, trl, verl
from pipelines.exports.base import EXPORTS, Export, Item, JsonLines, Table

__all__ = [
    "EXPORTS",
    "Export",
    "Item",
    "JsonLines",
    "Table",
    "easyr1",
    "hf",
    "mm_eureka",
    "ms_swift",
    "openrlhf",
    "trl",
    "verl",
]
