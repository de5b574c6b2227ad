"""Small datasets for tests: problems, versions that hold them, stored responses, recipes and pictures."""

import io
from pathlib import Path
from typing import Any

import polars as pl
from PIL import Image

from workbench.schema import PROBLEMS, RESPONSES, Problem
from workbench.workspace import DatasetVersion, Workspace, write_json, write_table


def problem(source_id: str, question: str = "How many?", answer: str = "5", **more: Any) -> Problem:
    fields: dict[str, Any] = {"images": (), "answer_type": "number", "language": "en", **more}
    return Problem(source="t", source_id=source_id, question=question, answer=answer, **fields)


def publish(workspace: Workspace, name: str, problems: list[Problem]) -> DatasetVersion:
    with workspace.new_version(name) as version:
        write_table(version.problems, [p.row() for p in problems], PROBLEMS)
        write_json(version.path / "manifest.json", {"kind": "test"})
    return workspace.dataset(name)


def respond(workspace: Workspace, verdicts: dict[Problem, str], model: str = "m", made_for: str | None = None) -> None:
    """Store one response for each letter of a problem's text: c correct, w wrong, u unscorable."""
    names = {"c": "correct", "w": "wrong", "u": "unscorable"}
    rows = [
        {
            **dict.fromkeys(RESPONSES.names),
            "problem_id": item.problem_id,
            "content_hash": made_for or item.content_hash,
            "model": model,
            "sample_index": index,
            "verdict": names[letter],
        }
        for item, letters in verdicts.items()
        for index, letter in enumerate(letters)
    ]
    write_table(workspace.responses("d", model) / f"v001-{made_for}.parquet", rows, RESPONSES)


def recipe(tmp_path: Path, text: str) -> str:
    (tmp_path / "r.yaml").write_text(text)
    return str(tmp_path / "r.yaml")


def png(color: str, size: tuple[int, int] = (60, 40)) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGB", size, color)
    image.paste("white", (2, 2, size[0] // 2, size[1] // 2))
    image.save(out, "PNG")
    return out.getvalue()


def decided(workspace: Workspace, ref: str, problems: list[Problem]) -> dict[str, tuple[str, str]]:
    """source_id → (verdict, reason) of its one keep or drop."""
    rows = pl.read_parquet(workspace.dataset(ref).decisions).filter(pl.col("verdict") != "flag")
    names = {p.problem_id: p.source_id for p in problems}
    assert rows["problem_id"].n_unique() == rows.height == len(names)
    return {names[r["problem_id"]]: (r["verdict"], r["reason"]) for r in rows.to_dicts()}
