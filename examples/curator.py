"""A curator's morning: problems of two kinds go in, a training set comes out, and every dropped problem has a reason.

    python examples/curator.py FOLDER

Needs no GPU and no model; FOLDER gets a workspace (open it with `eureka app --workspace FOLDER/workspace`) and an
export. In a notebook, call the functions one by one.
"""

import json
import sys
from pathlib import Path

import polars as pl
from PIL import Image, ImageDraw

from pipelines import CurationReport, ImportReport, curate, export, import_dataset, import_synth
from workbench import Workspace

RECIPE = """
steps:
  - step: schema                # lengths, options, language
    max_question: 200
  - step: images                # decodable, not blank, not tiny
  - step: exact_duplicates
  - step: near_duplicate_text   # other words, same numbers and answer
  - step: verifiable            # can the verifier score the gold answer?
  - step: balance
    by: [subject]
    cap: 20
  - step: split                 # near-duplicates stay in one split
"""


def write_problems(folder: Path) -> Path:
    """Eight problems as JSON lines, as a colleague would send them: two are the same, two cannot be problems."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", (200, 120), "white")
    ImageDraw.Draw(picture).polygon([(20, 100), (180, 100), (100, 20)], outline="black", width=3)
    picture.save(folder / "triangle.png")
    angles = [(50, 60), (35, 80), (70, 45)]
    rows: list[dict[str, object]] = [
        {
            "id": f"angle-{a}",
            "question": f"Two angles of the triangle are {a}° and {b}°. How large is the third, in degrees?",
            "answer": str(180 - a - b),
            "images": ["triangle.png"],
            "subject": "geometry",
        }
        for a, b in angles
    ]
    rows += [
        {
            **rows[0],
            "id": "again",
            "question": "How large, in degrees, is the third angle of the triangle if two are 50° and 60°?",
        },
        {"id": "proof", "question": "Prove that the sum of two odd numbers is even.", "answer": "see the solution"},
        {"id": "sum", "question": "What is 17 + 25?", "answer": "42", "subject": "arithmetic"},
        {"id": "no-answer", "question": "How many corners has a cube?"},
        {"id": "no-picture", "question": "What does the picture show?", "answer": "2", "images": ["lost.png"]},
    ]
    path = folder / "problems.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def show_import(report: ImportReport) -> None:
    print(f"{report.ref}: {report.kept} problems")
    for row in report.rejected:
        print(f"  rejected {row.source_id}: {row.reason}")


def show_curation(workspace: Workspace, report: CurationReport) -> None:
    for step in report.funnel:
        dropped = ", ".join(f"{count} {reason}" for reason, count in step.dropped.items()) or "none"
        print(f"  {step.step:<20} {step.n_in:>4} in, dropped: {dropped}")
    # Exactly one keep or drop per problem, with the figures behind it.
    decisions = pl.read_parquet(workspace.dataset(report.ref).decisions)
    for row in decisions.filter(verdict="drop").head(3).iter_rows(named=True):
        print(f"  {row['problem_id']} dropped by {row['step']}: {row['reason']} {row['detail']}")


def main(folder: Path) -> None:
    workspace = Workspace(folder / "workspace")
    show_import(import_dataset(workspace, write_problems(folder / "incoming"), "jsonl", "incoming"))
    show_import(import_synth(workspace, "figures", count=60, seed=0))

    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE)
    report = curate(workspace, recipe, ["incoming", "figures"], "clean")
    print(f"{report.ref}:")
    show_curation(workspace, report)

    written = export(workspace, "clean", "verl", folder / "clean-verl")
    print(f"{written.ref} for verl: {written.splits} in {written.path}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
