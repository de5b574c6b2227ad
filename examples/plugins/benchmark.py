"""A benchmark: its files, its prompt, its scoring and what is published, said once for import, evaluation and page.

`eureka eval score answers.jsonl --benchmark riddles --data riddles/ --plugin benchmark.py`
`eureka data import riddles/ --format riddles --name riddles --plugin benchmark.py`
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench import BENCHMARKS, TEMPLATES, Benchmark, Draft, Published


@BENCHMARKS.register("riddles")
class Riddles(Benchmark):
    """riddles.jsonl with rows {key, asks, solution, tags, picture}; the pictures' paths start at the file's folder."""

    title = "Riddles"
    layout = ("riddles.jsonl",)
    picture_columns = ("picture",)
    template = TEMPLATES["zero"]
    # The verifier's conventions, and the facts that accuracy is broken down by.
    profile = "mathvision"
    groups = ("tags",)
    published = (Published("a person", 50.0, "by hand", "a newspaper"),)

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        """One row; a column that it lacks (a KeyError) is a rejected row."""
        return Draft(row["key"], row["asks"], row["solution"], extra={"tags": row["tags"]}, row=row)

    def metrics(self, answers: Sequence[Any]) -> dict[str, float]:
        """Figures beside accuracy, from 0 to 1; an answer has item_id, sample_index, right and meta."""
        wrong = {answer.item_id for answer in answers if not answer.right}
        return {"always right": 1 - len(wrong) / len({answer.item_id for answer in answers})}
