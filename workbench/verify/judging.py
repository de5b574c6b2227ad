"""One answer judged in one call."""

from collections.abc import Sequence

from workbench.verify.verdict import Judgement, Pair
from workbench.verify.verifier import shared_verifier


def judge(
    gold: str,
    response: str,
    *,
    profile: str = "default",
    choices: Sequence[str] | None = None,
    answer_type: str | None = None,
    precision: int | None = None,
    tolerance: float | Sequence[float] | None = None,
    unit: str | None = None,
    question: str | None = None,
    ordered: bool | None = None,
) -> Judgement:
    """Whether the final answer of `response` (a bare answer or a whole completion) is `gold`.

    The settings are those of `Pair`; `profile` is a benchmark's conventions. Never raises for an answer or a gold,
    whatever they contain; UserError for a profile that does not exist. For many answers at once use
    `Verifier(profile).judge(pairs)`, which compares symbolic pairs in parallel.
    """
    pair = Pair(
        gold=gold,
        response=response,
        choices=tuple(choices) if choices else None,
        answer_type=answer_type,
        precision=precision,
        tolerance=tuple(tolerance) if isinstance(tolerance, Sequence) else tolerance,
        unit=unit,
        question=question,
        ordered=ordered,
    )
    return shared_verifier(profile).judge([pair])[0]
