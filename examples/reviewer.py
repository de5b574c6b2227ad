"""A reviewer's afternoon: judge answers, find second thoughts in them, and compare two models on the same problems.

    python examples/reviewer.py FOLDER

Needs no GPU and no model: the answers of two "models" are written here. In a notebook, call the functions one by one.
"""

import json
import sys
from pathlib import Path

import polars as pl

from eval import compare, score_file
from pipelines import import_synth
from workbench import Pair, Verifier, Workspace, analyze_reflection, judge

SECOND_THOUGHT = (
    "<think>17 + 25 = 32. Wait, let me check again: 7 + 5 is 12, so I carry one. 17 + 25 = 42.</think>"
    "<answer>42</answer>"
)


def judge_some_answers() -> None:
    """A verdict comes with its reason, and with where in the response the final answer stands."""
    for gold, response in [("1/2", "The answer is 0.5."), ("x > 3", "(3, \\infty)"), ("42", "Either 41 or 42.")]:
        judgement = judge(gold, response)
        print(f"  {gold!r} and {response!r}: {judgement.verdict} ({judgement.reason}), read {judgement.extracted!r}")
    # Many answers at once, by the conventions of a benchmark.
    pairs = [Pair("3.14", "about 3.1", precision=1), Pair("B", "The answer is 5.", choices=("4", "5", "6"))]
    print("  k12:", [judgement.verdict.value for judgement in Verifier("k12").judge(pairs)])


def find_second_thoughts() -> None:
    reflection = analyze_reflection(SECOND_THOUGHT)
    cues = [SECOND_THOUGHT[cue.start : cue.end] for cue in reflection.cues]
    print(f"  cues {cues}: {reflection.first_answer} before the first, {reflection.final_answer} at the end")


def write_answers(workspace: Workspace, path: Path, wrong_every: int) -> Path:
    """Stored answers of a model that errs on every so-manieth problem."""
    problems = pl.read_parquet(workspace.dataset("heldout").problems)
    rows = [
        {"id": problem, "response": f"\\boxed{{{'no idea' if index % wrong_every == 0 else answer}}}"}
        for index, (problem, answer) in enumerate(problems.select("problem_id", "answer").iter_rows())
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def main(folder: Path) -> None:
    judge_some_answers()
    find_second_thoughts()
    workspace = Workspace(folder / "workspace")
    import_synth(workspace, "heldout", count=60, seed=3)
    for model, wrong_every in (("weak", 2), ("strong", 5)):
        file = write_answers(workspace, folder / f"{model}.jsonl", wrong_every)
        scored = score_file(workspace, file, "dataset", "heldout", progress=False)
        print(f"  {model}: accuracy {scored.summary.accuracy}, {len(scored.rejected)} rows rejected")
    (comparison,) = compare(workspace, "weak", "strong")
    print(f"  strong − weak {comparison.difference}, p = {comparison.p_value:.4f}")
    print(f"  {comparison.gained} problems gained, {comparison.lost} lost")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
