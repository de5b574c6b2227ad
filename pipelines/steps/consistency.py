"""Do question and pictures fit: a figure that is spoken of is there, and placeholders and pictures are as many."""

import polars as pl

from pipelines.steps.base import Context, StepParams, findings, step, together

# What is spoken of as lying before the reader. A "graph" may be a function's that nobody drew, a "figure" any shape.
_FIGURE = "(?:figure|diagram|picture|image|chart|drawing|illustration|photo)s?"
_WHERE = "(?:above|below|here|to the (?:left|right)|on the (?:left|right)|at (?:left|right))"
_WHICH = "(?:following|given|adjacent|accompanying|right|left|above|below)"
_MENTION = "|".join(
    [
        rf"(?i)\b(?:in|from|on|see|given) (?:the|this|these) (?:{_WHICH} )?{_FIGURE}\b",
        rf"\b(?:the|this) (?:{_FIGURE}|graph|table|map) (?:{_WHERE}|shows|shown|depicts|illustrates)\b",
        rf"\bthe following (?:{_FIGURE}|graph)\b",
        rf"\b(?:shown|pictured|drawn|illustrated|depicted) (?:in|on|by) (?:the|this) (?:{_WHICH} )?(?:graph|{_FIGURE})",
        rf"\b(?:is|are) (?:shown|pictured|drawn|illustrated|depicted) {_WHERE}\b",
        r"\bas (?:shown|pictured|drawn|illustrated|depicted)\b",
        r"\b(?:in|see) (?:fig\.|figure) ?\d",
        "如[上下左右]?图|[下上左右]图|图中|如图|图[1-9一二三四①②③](?:[所中是为,,]|$)|图所示",
    ]
)
# `<image>`, `<image1>`, `<image 2>`.
_MARK = r"<image\s*\d*\s*>"


class ConsistencyParams(StepParams):
    """No parameters: what does not fit does not fit."""


@step("consistency", ConsistencyParams)
def consistency(problems: pl.DataFrame, params: ConsistencyParams, context: Context) -> pl.DataFrame:
    """Reasons: figure_missing, image_count; flags: image_unused, parts_in_one_picture.

    `<image>` stands for the next picture, so there must be as many as pictures; where there is none, all pictures are
    shown before the text. `<image2>` is the second picture: one that does not exist is image_count, but where a problem
    has one picture only, that one usually holds the numbered parts (MATH-Vision's do). A picture whose number is never
    named is unused.
    """
    text = pl.concat_str(
        pl.col("question").fill_null(""), pl.col("choices").list.join("\n").fill_null(""), separator="\n"
    )
    rows = problems.select(
        "problem_id",
        n_images=pl.col("images").list.len().fill_null(0),
        marks=text.str.extract_all(_MARK),
        mention=pl.col("question").str.extract(rf"({_MENTION})", 1),
    ).with_columns(
        n_marks=pl.col("marks").list.len(),
        numbers=pl.col("marks").list.eval(pl.element().str.extract(r"(\d+)", 1).cast(pl.Int64)).list.drop_nulls(),
    )
    rows = rows.with_columns(
        highest=pl.col("numbers").list.max().fill_null(0),
        named=pl.col("numbers").list.n_unique(),
        plain=pl.col("n_marks") - pl.col("numbers").list.len(),
    )
    pictures, numbered = pl.col("n_images"), pl.col("highest") > 0
    uneven = (pl.col("plain") > 0) & (pl.col("plain") != pictures) & ~numbered
    beyond = numbered & (pl.col("highest") > pictures)
    figures = ("n_images", "n_marks")
    return together(
        [
            findings(
                rows.filter((pictures == 0) & (pl.col("n_marks") == 0) & pl.col("mention").is_not_null()),
                "figure_missing",
                "mention",
            ),
            findings(rows.filter(uneven | (beyond & (pictures != 1))), "image_count", *figures, "highest"),
            findings(
                rows.filter(beyond & (pictures == 1)), "parts_in_one_picture", *figures, "highest", verdict="flag"
            ),
            findings(
                rows.filter(numbered & ~beyond & (pl.col("plain") == 0) & (pl.col("named") < pictures)),
                "image_unused",
                *figures,
                verdict="flag",
            ),
        ]
    )
