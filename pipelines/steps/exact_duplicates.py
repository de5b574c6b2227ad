"""The same question with the same pictures, options and answer: the first one stays."""

import polars as pl

from pipelines.steps.base import Context, StepParams, findings, step


class ExactDuplicatesParams(StepParams):
    """No parameters: equal content is equal content."""


@step("exact_duplicates", ExactDuplicatesParams)
def exact_duplicates(problems: pl.DataFrame, params: ExactDuplicatesParams, context: Context) -> pl.DataFrame:
    """Reason: exact_duplicate, its twin's id in the detail. The same picture with another question is none."""
    rows = problems.with_columns(twin=pl.col("problem_id").first().over("content_hash"))
    return findings(rows.filter(pl.col("twin") != pl.col("problem_id")), "exact_duplicate", "twin", "content_hash")
