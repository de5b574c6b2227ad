"""Does the row hold a usable problem: lengths, language, options that can be told apart."""

import polars as pl
from pydantic import Field

from pipelines.languages import SCRIPTS, script_language
from pipelines.steps.base import Context, StepParams, findings, step, together


class SchemaParams(StepParams):
    """Lengths count characters; `languages` None lets all pass; `need_image` drops problems of text alone."""

    min_question: int = Field(1, ge=0)
    max_question: int = Field(20_000, ge=1)
    max_answer: int = Field(2_000, ge=1)
    languages: list[str] | None = None
    need_image: bool = False


@step("schema", SchemaParams, strict=True)
def schema(problems: pl.DataFrame, params: SchemaParams, context: Context) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Reasons: question_too_short or _too_long, empty_answer, answer_too_long, repeated_option, language, no_image.

    A problem without a language gets that of its script. The flag other_script is for a stated language that is
    written in another script than the question.
    """
    rows = problems.select(
        "problem_id",
        "choices",
        "language",
        question_chars=pl.col("question").fill_null("").str.strip_chars().str.len_chars(),
        answer_chars=pl.col("answer").fill_null("").str.strip_chars().str.len_chars(),
        n_images=pl.col("images").list.len().fill_null(0),
        script=script_language(pl.col("question").fill_null("")),
    )
    stated = pl.col("language")
    unstated = rows.filter(stated.is_null()).select("problem_id", language="script")
    repeated = pl.col("choices").list.n_unique() < pl.col("choices").list.len()
    question, answer = pl.col("question_chars"), pl.col("answer_chars")
    parts = [
        findings(rows.filter(question < params.min_question), "question_too_short", "question_chars"),
        findings(rows.filter(question > params.max_question), "question_too_long", "question_chars"),
        findings(rows.filter(answer == 0), "empty_answer", "answer_chars"),
        findings(rows.filter(answer > params.max_answer), "answer_too_long", "answer_chars"),
        findings(rows.filter(repeated), "repeated_option", "choices"),
    ]
    if params.languages is not None:
        other = ~stated.fill_null(pl.col("script")).is_in(params.languages)
        parts.append(findings(rows.filter(other), "language", "language", "script"))
    if params.need_image:
        parts.append(findings(rows.filter(pl.col("n_images") == 0), "no_image", "n_images"))
    # A language with a script of its own, against a question in another one.
    own = pl.when(stated.is_in(list(SCRIPTS))).then(stated).otherwise(pl.lit("en"))
    parts.append(findings(rows.filter(own != pl.col("script")), "other_script", "language", "script", verdict="flag"))
    return together(parts), unstated
