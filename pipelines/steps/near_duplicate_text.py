"""The same problem in other words or another spelling, with the same pictures: the first one stays."""

import polars as pl
from pydantic import Field

from pipelines.similarity.twins import read_problems, text_twins
from pipelines.steps.base import Context, StepParams, findings, step, together


class NearDuplicateTextParams(StepParams):
    """`jaccard` is the least Jaccard index of two questions' content words and numbers."""

    jaccard: float = Field(0.5, gt=0, le=1)


@step("near_duplicate_text", NearDuplicateTextParams)
def near_duplicate_text(problems: pl.DataFrame, params: NearDuplicateTextParams, context: Context) -> pl.DataFrame:
    """Reasons: near_duplicate_text, with its twin and their similarity; conflicting_answer, a flag.

    Numbers, formulae, symbols, options and answers of twins are equal, so problems made from one template are none;
    their pictures are the same files or re-encoded and resized copies. The flag is for equal text and pictures with
    another gold: one of the two is wrong.
    """
    rows = read_problems(problems, context.workspace)
    twins = text_twins(rows, params.jaccard, ["decisive", "answer", "pictures"])
    return together([twin_findings(twins, rows, "near_duplicate_text"), _conflicts(rows)])


def twin_findings(twins: pl.DataFrame, rows: pl.DataFrame, reason: str) -> pl.DataFrame:
    """A drop for each row of TWINS; the detail has the twin's problem_id and the similarity of their words."""
    named = twins.select(
        problem_id=rows["problem_id"].gather(twins["row"]),
        twin=rows["problem_id"].gather(twins["twin"]),
        similarity=pl.col("similarity").round(3),
    )
    return findings(named, reason, "twin", "similarity")


def _conflicts(rows: pl.DataFrame) -> pl.DataFrame:
    same = ["text", "choices", "pictures"]
    rows = rows.with_columns(
        twin=pl.col("problem_id").first().over(same), twins_answer=pl.col("answer").first().over(same)
    )
    other = rows.filter(pl.col("answer") != pl.col("twins_answer"))
    return findings(other, "conflicting_answer", "twin", "answer", "twins_answer", verdict="flag")
