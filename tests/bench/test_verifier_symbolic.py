"""Verdicts a second on pairs that need more than reading numbers, ours against math-verify, both warm."""

import json
import re
import time
from pathlib import Path

from workbench.verify import Pair, Verdict, Verifier

PAIRS = Path(__file__).parents[1] / "workbench" / "verify" / "equivalence.jsonl"
# An unknown, a function, a root or a constant.
_SYMBOLIC = re.compile(
    r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])|\\(?:sin|cos|tan|cot|sec|csc|log|ln|sqrt|pi|binom|sum|int)"
)


def symbolic_pairs() -> list[tuple[Pair, bool]]:
    """Equal forms and wrong twins of every gold with a symbol in it, as formulas, each with what is right."""
    rows = map(json.loads, PAIRS.read_text().splitlines())
    return [
        (Pair(f"${row['gold']}$", f"${answer}$"), right)
        for row in rows
        if _SYMBOLIC.search(row["gold"])
        for key, right in (("equal", True), ("wrong", False))
        for answer in row[key]
    ]


def test_symbolic_pairs_against_math_verify() -> None:
    """Prints both speeds by the clock and their ratio, from one run; our worker and math-verify's SymPy are warm."""
    from math_verify import parse, verify

    pairs, right = zip(*symbolic_pairs(), strict=True)

    def theirs_of(pair: Pair) -> bool:
        sides = (parse(text, parsing_timeout=None) for text in (pair.gold, pair.response))
        return verify(*sides, timeout_seconds=None)

    warming = Pair("$\\sin^2 x$", "$1-\\cos^2 x$")
    with Verifier() as verifier:
        verifier.judge([warming])
        start = time.perf_counter()
        judged = verifier.judge(pairs)
        ours = time.perf_counter() - start

    theirs_of(warming)
    start = time.perf_counter()
    theirs_right = [theirs_of(pair) for pair in pairs]
    theirs = time.perf_counter() - start

    def agreement(verdicts: list[bool]) -> float:
        return sum(a == b for a, b in zip(verdicts, right, strict=True)) / len(right)

    ours_right = [j.verdict is Verdict.CORRECT for j in judged]
    print(f"\n{len(pairs)} symbolic pairs, one worker, by the clock")
    print(f"ours         {len(pairs) / ours:8.0f}/s   right {agreement(ours_right):.3f}")
    print(f"math-verify  {len(pairs) / theirs:8.0f}/s   right {agreement(theirs_right):.3f}")
    print(f"ratio        {theirs / ours:8.1f}x")
    assert agreement(ours_right) > agreement(theirs_right)
    assert theirs / ours >= 5
