"""Answers with the verdict of a careful grader, written by people who had not seen the verifier.

Half of them are right: equal forms and free text as models write it. The others are near misses, hedges and hacks.
"""

import json
from collections import Counter
from pathlib import Path

from workbench.verify import Pair, Verdict, Verifier

ROWS = [json.loads(line) for line in Path(__file__).with_name("graded.jsonl").read_text("utf-8").splitlines()]
# What a rule cannot know yet: (gold, end of the response), all of them right answers that are refused.
REFUSED = {
    ("y=\\pm\\frac{3}{4}x", "$\\boxed{3x\\pm4y=0}$"),  # both signs on the side of the unknown that is not asked for
    ("A", "Both forces are equal."),  # an option's text behind another sentence
    ("8, 4", "Little Monkey ate 4 strawberries."),  # a verb for each of several values
}


def test_every_verdict_is_the_grader_s() -> None:
    pairs = [
        Pair(row["gold"], row["response"], tuple(row.get("choices", ())) or None, question=row.get("question"))
        for row in ROWS
    ]
    with Verifier() as verifier:
        judged = verifier.judge(pairs)
    differing = [
        (row["cause"], row["gold"], row["response"], judgement.reason)
        for row, judgement in zip(ROWS, judged, strict=True)
        if (judgement.verdict is Verdict.CORRECT) != row["right"]
        and not any(row["gold"] == gold and row["response"].endswith(end) for gold, end in REFUSED)
    ]
    assert differing == []


def test_the_rows_are_of_both_kinds_and_many_causes() -> None:
    kinds = Counter(row["right"] for row in ROWS)
    assert min(kinds.values()) > 700 and len({row["cause"] for row in ROWS}) > 80
