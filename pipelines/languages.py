"""In which language a question is, told by its script."""

import re

import polars as pl

# Ranges that Python's and Rust's regular expressions read alike. Kana and Hangul come before the Chinese characters
# that their texts hold too. Greek is left out: in problems its letters are variables.
SCRIPTS = {
    "ja": "[\u3041-\u30ff\u31f0-\u31ff]",
    "ko": "[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]",
    "zh": "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]",
    "ru": "[\u0400-\u04ff]",
    "ar": "[\u0600-\u06ff]",
    "hi": "[\u0900-\u097f]",
    "th": "[\u0e00-\u0e7f]",
}
# Of all letters; LaTeX commands are no letters of the text.
_SHARE = 0.1
_COMMAND = r"\\[A-Za-z]+"
_LETTER = r"\p{L}"


def language_of(question: str) -> str:
    """The language of the first script that has at least a tenth of the letters, else `en`."""
    letters = sum(c.isalpha() for c in re.sub(_COMMAND, "", question))
    found = (
        name for name, script in SCRIPTS.items() if letters and len(re.findall(script, question)) / letters >= _SHARE
    )
    return next(found, "en")


def script_language(question: pl.Expr) -> pl.Expr:
    """`language_of` for a column."""
    letters = question.str.replace_all(_COMMAND, "").str.count_matches(_LETTER)
    language = pl.lit("en")
    for name, script in reversed(SCRIPTS.items()):
        is_it = (letters > 0) & (question.str.count_matches(script) >= _SHARE * letters)
        language = pl.when(is_it).then(pl.lit(name)).otherwise(language)
    return language
