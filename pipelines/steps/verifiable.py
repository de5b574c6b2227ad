"""Can a rule judge answers to this problem: the gold must be of a type that the verifier knows, and asked for alone."""

from collections.abc import Sequence
from functools import partial

import polars as pl

from pipelines.parallel import in_processes
from pipelines.progress import progress
from pipelines.steps.base import Context, StepParams, findings, step, together
from workbench.schema import AnswerType
from workbench.verify import shared_verifier

# A proof has no answer to compare; what stands in its answer column is a text.
_PROOF = r"(?i)\b(?:prove|show) that\b|(?:^|[.;:,]\s*)(?:to )?prove\b|证明|求证"
# The marks of parts: (1) ① (a) (i) Part A. Statements to choose from are marked too, so a part must ask something.
_PART = r"(?:[((](?:\d|[a-f]|i{1,3}|iv)[))]|[①-⑨]|\bPart [A-F1-9]\b)"
_ASKS = (
    r"(?i)[??]|_{2,}|\b(?:find|calculate|determine|compute|evaluate|express|solve|prove|show|draw|explain|write|what|how"
    r"|which|is|are)\b|求|证明|写出|计算|试|多少|是否|判断|画出|直接"
)
_AT_ONCE = 2_000
# Golds that one process reads sooner than others start.
_ALONE = 20_000

Gold = tuple[str, tuple[str, ...] | None, str | None]


class VerifiableParams(StepParams):
    """`answer_types` None allows all that the verifier knows; `profile` names the verifier's conventions.

    Proofs are dropped unless `drop_proofs` is false; several parts and multiple choice only where asked for.
    """

    answer_types: list[AnswerType] | None = None
    profile: str = "default"
    drop_proofs: bool = True
    drop_parts: bool = False
    drop_choices: bool = False


@step("verifiable", VerifiableParams)
def verifiable(problems: pl.DataFrame, params: VerifiableParams, context: Context) -> pl.DataFrame:
    """Reasons: proof, several_parts (a flag where they may stay), choice, unscorable_gold, answer_type."""
    rows = problems.select(
        "problem_id",
        "answer",
        "answer_type",
        gold_type=gold_types(problems, params.profile),
        proof=pl.col("question").str.contains(_PROOF),
        n_parts=_parts(pl.col("question")),
        is_choice=pl.col("choices").list.len().fill_null(0) > 0,
    )
    # A type that the source stated counts before the one that the verifier reads from the gold.
    rows = rows.with_columns(type=pl.coalesce("answer_type", "gold_type"))
    parts = [findings(rows.filter("proof"), "proof")] if params.drop_proofs else []
    asked = findings(
        rows.filter((pl.col("n_parts") >= 2) & ~pl.col("proof")),
        "several_parts",
        "n_parts",
        verdict="drop" if params.drop_parts else "flag",
    )
    parts.append(asked)
    if params.drop_choices:
        parts.append(findings(rows.filter(pl.col("is_choice") | (pl.col("type") == "choice")), "choice", "type"))
    parts.append(findings(rows.filter(pl.col("gold_type").is_null()), "unscorable_gold", "answer"))
    if params.answer_types is not None:
        other = ~pl.col("type").is_in(params.answer_types).fill_null(False)
        parts.append(findings(rows.filter(other), "answer_type", "type"))
    return together(parts)


def _parts(question: pl.Expr) -> pl.Expr:
    """How many marked parts of a question ask something; text before the first mark is no part."""
    # Rust's regular expressions have no split, so the marks become a character that no text holds.
    pieces = question.str.replace_all(_PART, "\x1f").str.split("\x1f").list.slice(1)
    return pieces.list.eval(pl.element().str.contains(_ASKS)).list.sum().fill_null(0)


def gold_types(problems: pl.DataFrame, profile: str) -> pl.Series:
    """The verifier's type of each gold, in order; None where it cannot judge answers to it.

    Equal golds are read once, and many of them in several processes.
    """
    given = problems.select("answer", "choices", "answer_type")
    keys = given.select(key=pl.struct(pl.all()).struct.json_encode())["key"]
    first = given.filter(keys.is_first_distinct()).with_columns(key=keys.unique(maintain_order=True))
    golds: list[Gold] = [
        (answer, tuple(choices) if choices else None, stated) for answer, choices, stated, _ in first.iter_rows()
    ]
    types: list[str | None] = []
    with progress("reading golds", len(golds)) as advance:
        for part, found in in_processes(partial(_types, profile), golds, _AT_ONCE, alone=_ALONE):
            types += found
            advance(len(part))
    known = first.select("key", gold_type=pl.Series(types, dtype=pl.String))
    return keys.to_frame().join(known, on="key", how="left", maintain_order="left")["gold_type"]


def _types(profile: str, golds: Sequence[Gold]) -> list[str | None]:
    verifier = shared_verifier(profile)
    return [verifier.gold_type(*gold) for gold in golds]
