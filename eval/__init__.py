"""Benchmarks: sample a model, score stored answers, compare models.

Public names: `evaluate`, `score_file`, `compare`, `summarize`. For plug-ins: `SCORERS` and `right_or_wrong`.
"""

from typing import TYPE_CHECKING

from workbench.public import lazy_names

if TYPE_CHECKING:
    from eval.comparison import compare
    from eval.run import evaluate
    from eval.score import score_file
    from eval.scorers import SCORERS, right_or_wrong
    from eval.summary import summarize

__all__ = [
    "SCORERS",
    "compare",
    "evaluate",
    "right_or_wrong",
    "score_file",
    "summarize",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "SCORERS": "eval.scorers",
        "compare": "eval.comparison",
        "evaluate": "eval.run",
        "right_or_wrong": "eval.scorers",
        "score_file": "eval.score",
        "summarize": "eval.summary",
    },
)
