"""Languages are told by script, alike for one text and for a column."""

import polars as pl
import pytest

from pipelines.languages import language_of, script_language

CASES = [
    ("Find $x$ in the figure.", "en"),
    ("如图,求 $\\frac{a}{b}$ 的值", "zh"),
    ("The surname 王 is common in China; how many?", "en"),
    ("$1+1$", "en"),
    ("", "en"),
    ("次の図で、角 $x$ の大きさを求めなさい。", "ja"),
    ("그림에서 각 x의 크기를 구하시오.", "ko"),
    ("Найдите угол ABC.", "ru"),
    ("أوجد قيمة الزاوية x", "ar"),
    ("α + β = γ, find γ", "en"),
]


@pytest.mark.parametrize(("question", "language"), CASES)
def test_language(question: str, language: str) -> None:
    assert language_of(question) == language


def test_a_column_is_read_like_its_texts() -> None:
    column = pl.DataFrame(CASES, schema=["question", "language"], orient="row")
    assert column.select(script_language(pl.col("question")).alias("language"))["language"].to_list() == [
        language_of(question) for question, _ in CASES
    ]
