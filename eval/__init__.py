"""Benchmarks: sample a model, score stored answers, compare models.

Public names: `evaluate`, `score_file`, `compare`, `summarize`.
"""

from typing import TYPE_CHECKING

from workbench.public import lazy_names

if TYPE_CHECKING:
    from eval.comparison import compare
    from eval.run import evaluate
    from eval.score import score_file
    from eval.summary import summarize

__all__ = ["compare", "evaluate", "score_file", "summarize"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "compare": "eval.comparison",
        "evaluate": "eval.run",
        "score_file": "eval.score",
        "summarize": "eval.summary",
    },
)
