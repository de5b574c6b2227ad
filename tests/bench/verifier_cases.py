"""How many rows of labelled case files the verifier judges as expected, by cause.

python -m tests.bench.verifier_cases FILE.jsonl … [--failures]

Rows: {id, cause, profile?, gold, response, expected, choices?, answer_type?, ordered?, precision?, tolerance?, unit?,
question?}; `expected` is a verdict.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from workbench.verify import Verifier
from workbench.verify.rows import pair_of_row


def main() -> None:
    """Print the share of rows judged as expected, and with --failures every other row."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--failures", action="store_true")
    arguments = parser.parse_args()
    verifiers: dict[str, Verifier] = {}
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for path in arguments.files:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            profile = row.get("profile", "default")
            verifier = verifiers.setdefault(profile, Verifier(profile))
            (judgement,) = verifier.judge([pair_of_row(row)])
            total[row["cause"]] += 1
            right[row["cause"]] += judgement.verdict.value == row["expected"]
            if arguments.failures and judgement.verdict.value != row["expected"]:
                shown = json.dumps({k: row[k] for k in ("gold", "response") if k in row}, ensure_ascii=False)
                print(
                    f"{row['cause']} {row['id']} {profile}: expected {row['expected']}, got {judgement.verdict.value}"
                )
                print(f"    {judgement.reason}, extracted {judgement.extracted!r}; {shown[-600:]}")
    for cause in sorted(total):
        print(f"{cause:20s} {right[cause]:4d} of {total[cause]:4d}")
    print(f"{'all':20s} {right.total():4d} of {total.total():4d} = {right.total() / max(1, total.total()):.1%}")
    for verifier in verifiers.values():
        verifier.close()


if __name__ == "__main__":
    main()
