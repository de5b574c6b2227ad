"""Right answers in the forms in which people and models write them, and answers that only look like them."""

import json
from pathlib import Path

from workbench.verify import Pair, Verdict, Verifier

ROWS = [json.loads(line) for line in (Path(__file__).parent / "forms.jsonl").read_text(encoding="utf-8").splitlines()]


def test_forms_of_right_answers_and_what_looks_like_them() -> None:
    pairs = [(row["gold"], answer, True) for row in ROWS for answer in row.get("right", [])]
    pairs += [(row["gold"], answer, False) for row in ROWS for answer in row.get("wrong", [])]
    with Verifier() as verifier:
        judged = verifier.judge([Pair(gold, answer) for gold, answer, _ in pairs])
    faults = [
        f"{gold}  {'refuses' if right else 'accepts'}  {answer}: {j.reason}"
        for (gold, answer, right), j in zip(pairs, judged, strict=True)
        if (j.verdict is Verdict.CORRECT) is not right
    ]
    assert not faults, "\n".join(faults)
