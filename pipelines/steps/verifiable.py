"""Can a rule judge answers to this problem: the gold must be of a type that the verifier knows."""

import polars as pl

from pipelines.progress import progress
from pipelines.steps.base import Context, StepParams, findings, step, together
from workbench.schema import AnswerType
from workbench.verify import shared_verifier

# A proof has no answer to compare; what stands in its answer column is a text.
PROOF = r"(?i)\bprove that\b|(?:^|[.;:]\s*)prove\b|证明|求证"


class VerifiableParams(StepParams):
    """`answer_types` None allows all that the verifier knows; `profile` names the verifier's conventions."""

    answer_types: list[AnswerType] | None = None
    profile: str = "default"
    drop_proofs: bool = True


@step("verifiable", VerifiableParams)
def verifiable(problems: pl.DataFrame, params: VerifiableParams, context: Context) -> pl.DataFrame:
    """Reasons: unscorable_gold, proof, answer_type."""
    rows = problems.with_columns(gold_type=pl.Series(gold_types(problems, params.profile), dtype=pl.String))
    parts = [findings(rows.filter(pl.col("gold_type").is_null()), "unscorable_gold", "answer")]
    if params.drop_proofs:
        parts.append(findings(rows.filter(pl.col("question").str.contains(PROOF)), "proof"))
    if params.answer_types is not None:
        # A type that the source stated counts before the one that the verifier reads from the gold.
        rows = rows.with_columns(type=pl.coalesce("answer_type", "gold_type"))
        other = ~pl.col("type").is_in(params.answer_types).fill_null(False)
        parts.append(findings(rows.filter(other), "answer_type", "type"))
    return together(parts)


def gold_types(problems: pl.DataFrame, profile: str) -> list[str | None]:
    """The verifier's type of each gold, in order; None where it cannot judge answers to it."""
    verifier = shared_verifier(profile)
    known: dict[tuple[str, tuple[str, ...] | None, str | None], str | None] = {}
    types = []
    with progress("reading golds", problems.height) as advance:
        for answer, choices, stated in problems.select("answer", "choices", "answer_type").iter_rows():
            key = (answer, tuple(choices) if choices else None, stated)
            if key not in known:
                known[key] = verifier.gold_type(*key)
            types.append(known[key])
            advance(1)
    return types
