"""Who decides whether an answer is right: the verifier's rules, or a scorer of one's own."""

from collections.abc import Callable, Sequence

from workbench.benchmarks import Item, ItemSet
from workbench.errors import UserError
from workbench.registry import Registry
from workbench.verify import shared_verifier
from workbench.verify.verdict import Judgement, Verdict

# Takes a benchmark, some of its items and one response to each; gives a judgement of each, in order.
Scorer = Callable[[ItemSet, Sequence[Item], Sequence[str]], Sequence[Judgement]]

SCORERS: Registry[Scorer] = Registry("scorer")


@SCORERS.register("rules")
def rules(benchmark: ItemSet, items: Sequence[Item], responses: Sequence[str]) -> Sequence[Judgement]:
    """The verifier with the conventions of the benchmark's profile."""
    pairs = [item.pair(response) for item, response in zip(items, responses, strict=True)]
    return shared_verifier(benchmark.profile).judge(pairs)


def right_or_wrong(right: bool | None, reason: str, extracted: str | None = None) -> Judgement:
    """The judgement of a scorer that has no more to say; None where the answer cannot be scored."""
    verdict = Verdict.UNSCORABLE if right is None else Verdict.CORRECT if right else Verdict.WRONG
    return Judgement(verdict, reason, extracted, None, None, None, 0.0)


def judgements(name: str, benchmark: ItemSet, items: Sequence[Item], responses: Sequence[str]) -> Sequence[Judgement]:
    """What a scorer says of each response. UserError unless it says something of each."""
    given = SCORERS[name](benchmark, items, responses)
    if len(given) != len(items) or not all(isinstance(judgement, Judgement) for judgement in given):
        raise UserError(
            f"scorer {name} gave {len(given)} results for {len(items)} answers; it must give a Judgement of each, as "
            "`right_or_wrong` makes them"
        )
    return given


def known_scorer(name: str) -> str:
    """The name itself. UserError, with those that there are, for one that is none."""
    SCORERS[name]
    return name


def label(name: str, benchmark: ItemSet) -> str:
    """What the scores table calls a scorer: `rules:k12`, or its name."""
    return f"rules:{benchmark.profile}" if name == "rules" else name
