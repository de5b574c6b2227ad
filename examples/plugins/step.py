"""A curation step that compares question and solution: a solution about other numbers belongs to another problem.

A recipe names it with its file, whose path starts at the recipe's folder:

    plugins: [step.py]
    steps:
      - step: solution_fits
        least: 0.5

Or `eureka curate recipe.yaml --input mine --output clean --plugin step.py`.
"""

import polars as pl
from pydantic import Field

from pipelines import Context, StepParams, findings, step

NUMBER = r"\d+(?:\.\d+)?"


class Params(StepParams):
    """`least`: the share of the question's numbers that the solution must use."""

    least: float = Field(0.5, ge=0, le=1)


# Problems come with all columns but the long ones, `solution` and `extra`, which a step asks for.
@step("solution_fits", Params, columns=["solution"])
def solution_fits(problems: pl.DataFrame, params: Params, context: Context) -> pl.DataFrame:
    """Reason: other_solution. Its detail has the numbers and the share that the solution uses."""
    rows = problems.filter(pl.col("solution").is_not_null()).with_columns(
        asked=pl.col("question").str.extract_all(NUMBER).list.unique().list.sort(),
        used=pl.col("solution").str.extract_all(NUMBER),
    )
    share = pl.col("asked").list.set_intersection("used").list.len() / pl.col("asked").list.len()
    rows = rows.with_columns(share=share).filter(pl.col("asked").list.len() > 0)
    context.say(f"{problems.height - rows.height} problems have no solution or no number and were not compared")
    return findings(rows.filter(pl.col("share") < params.least), "other_solution", "asked", "share")
