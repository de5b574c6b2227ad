"""No kind of problem outweighs the others: at most so many of each subject, grade, answer type, difficulty, …"""

from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import Field

from pipelines.steps.base import Context, StepParams, findings, step
from pipelines.steps.difficulty import pass_rates, response_files

Kind = Literal["source", "subject", "topic", "grade", "level", "answer_type", "language", "difficulty"]


class BalanceParams(StepParams):
    """Problems alike in all columns of `by` are a cell; of each at most `cap` stay, or as many as the smallest has.

    `seed` decides which. `difficulty` is the pass rate of `model` (None: all, pooled) in `bins` of equal width, with
    problems never and always solved in cells of their own.
    """

    by: list[Kind] = Field(min_length=1)
    cap: int | None = Field(None, ge=1)
    seed: int = 0
    bins: int = Field(5, ge=1, le=100)
    model: str | list[str] | None = None


def reads(params: BalanceParams, context: Context) -> list[Path]:
    """The response files, where difficulty counts."""
    return response_files(context, params.model) if "difficulty" in params.by else []


@step("balance", BalanceParams, reads=reads)
def balance(problems: pl.DataFrame, params: BalanceParams, context: Context) -> pl.DataFrame:
    """Reason: over_cap, with the problem's cell, how many it held, and the cap."""
    columns: dict[str, pl.Expr | pl.Series] = {name: pl.col(name) for name in params.by if name != "difficulty"}
    if "difficulty" in params.by:
        columns["difficulty"] = _difficulty(problems, params, context)
    rows = problems.select("problem_id", **columns)
    # The order is that of a hash, so that a problem's turn does not hang on which others there are.
    turn = pl.concat_str(pl.lit(f"{params.seed}/"), "problem_id").hash(0)
    rows = rows.with_columns(held=pl.len().over(params.by), turn=turn)
    rows = rows.with_columns(place=pl.struct("turn", "problem_id").rank("ordinal").over(params.by))
    smallest = int(rows.select(pl.col("held").min()).item())
    cap = params.cap if params.cap is not None else smallest
    if params.cap is None:
        context.say(f"the smallest of {rows.select(params.by).n_unique()} cells holds {smallest}")
    over = rows.filter(pl.col("place") > cap).with_columns(cap=pl.lit(cap))
    return findings(over, "over_cap", *params.by, "held", "cap")


def _difficulty(problems: pl.DataFrame, params: BalanceParams, context: Context) -> pl.Series:
    """`0`, `0.0-0.2`, …, `1`, or `unknown`, in the order of the problems."""
    rates = pass_rates(problems, params.model, context)
    bin_ = (pl.col("rate") * params.bins).floor().clip(0, params.bins - 1)
    low, high = (bin_ / params.bins).round(3), ((bin_ + 1) / params.bins).round(3)
    label = (
        pl.when(pl.col("rate").is_null())
        .then(pl.lit("unknown"))
        .when(pl.col("rate") == 0)
        .then(pl.lit("0"))
        .when(pl.col("rate") == 1)
        .then(pl.lit("1"))
        .otherwise(pl.format("{}-{}", low, high))
    )
    rates = rates.select("problem_id", difficulty=label)
    return problems.select("problem_id").join(rates, on="problem_id", how="left", maintain_order="left")["difficulty"]
