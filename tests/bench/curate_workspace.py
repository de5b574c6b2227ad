"""A workspace of any number of problems for the Curate page: two dataset versions, decisions, stored responses."""

import io
import random
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image, ImageDraw

from workbench.images import ImageStore
from workbench.schema import DECISIONS, PROBLEMS, RESPONSES
from workbench.workspace import Workspace, write_json, write_table

SEED = 20260301
SOURCES = ("k12", "mathv", "tabmwp", "synth")
SUBJECTS = ("algebra", "analytic geometry", "arithmetic", "biology", "chemistry", "combinatorics", "counting",
            "metric geometry", "physics", "solid geometry", "statistics", "transformations")  # fmt: skip
TYPES = ("number", "number", "number", "choice", "expression", "text", "interval")
WORDS = ("triangle", "angle", "table", "figure", "how", "many", "coins", "the", "of", "is", "area", "shaded", "sum",
         "what", "ratio", "circle", "in", "degrees", "find", "numbers", "cards", "beaker", "mass")  # fmt: skip
SAMPLES = 4


def build(root: Path, problems: int, pictures: int, answered: int) -> Workspace:
    """`problems` rows in `big@v001`, all judged in `curated@v001`; the first `answered` have SAMPLES answers."""
    workspace = Workspace(root)
    rng = np.random.default_rng(SEED)
    frame = _problems(problems, _pictures(workspace, pictures), rng)
    with workspace.new_version("big") as version:
        write_table(version.problems, frame.to_arrow(), PROBLEMS)
        write_json(version.path / "manifest.json", {"inputs": []})
    fates = _decisions(frame, rng)
    kept = fates.filter(pl.col("verdict") == "keep").select("problem_id")
    with workspace.new_version("curated") as version:
        left = frame.join(kept, "problem_id", how="semi", maintain_order="left")
        write_table(version.problems, left.to_arrow(), PROBLEMS)
        write_table(version.decisions, fates.to_arrow(), DECISIONS)
        write_json(version.path / "manifest.json", {"inputs": ["big@v001"]})
    write_table(workspace.responses("big", "base") / "v001.parquet", _responses(frame.head(answered), rng), RESPONSES)
    return workspace


def ids(workspace: Workspace) -> list[str]:
    return pl.read_parquet(workspace.dataset("big").problems, columns=["problem_id"])["problem_id"].to_list()


def _pictures(workspace: Workspace, count: int) -> list[str]:
    store, rng = ImageStore(workspace.images), random.Random(SEED)
    found = []
    for number in range(count):
        picture = Image.new("RGB", (64, 48), "white")
        draw = ImageDraw.Draw(picture)
        draw.polygon([(rng.randrange(64), rng.randrange(48)) for _ in range(4)], fill=f"hsl({number % 360}, 60%, 70%)")
        draw.text((4, 4), str(number), fill="black")
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        found.append(store.put(buffer.getvalue()))
    return found


def _problems(count: int, pictures: list[str], rng: np.random.Generator) -> pl.DataFrame:
    numbers = np.arange(count)
    words = np.array(WORDS)[rng.integers(0, len(WORDS), (count, 30))]
    questions = [" ".join(line) for line in words]
    shown = np.array(pictures)[rng.integers(0, len(pictures), count)]
    types = np.array(TYPES)[rng.integers(0, len(TYPES), count)]
    frame = pl.DataFrame(
        {
            "number": numbers,
            "source": np.array(SOURCES)[numbers * len(SOURCES) // count],
            "question": questions,
            "picture": shown,
            "answer_type": types,
            "answer": rng.integers(0, 1000, count).astype(str),
            "subject": np.array(SUBJECTS)[rng.integers(0, len(SUBJECTS), count)],
            "topic": np.char.add("topic ", rng.integers(0, 80, count).astype(str)),
            "grade": rng.integers(1, 13, count).astype(str),
            "language": np.array(["en", "en", "en", "zh"])[rng.integers(0, 4, count)],
        }
    )
    source_id = pl.col("number").cast(pl.String)
    choices = pl.when(pl.col("answer_type") == "choice").then(pl.lit(pl.Series([["12", "24", "36", "48"]])))
    return frame.with_columns(
        problem_id=_hex(pl.col("number").hash(1)),
        content_hash=_hex(pl.col("number").hash(2)),
        source_id=source_id,
        question=pl.col("question") + " (" + source_id + ")?",
        images=pl.concat_list("picture"),
        choices=choices.otherwise(None),
        answer=pl.when(pl.col("answer_type") == "choice").then(pl.lit("B")).otherwise("answer"),
        solution=pl.col("question").str.slice(0, 120),
        level=pl.lit(None, pl.String),
        license=pl.lit("CC-BY-4.0"),
        split=pl.lit("train"),
        extra=pl.lit("{}"),
    ).select(PROBLEMS.names)


def _hex(number: pl.Expr) -> pl.Expr:
    """Sixteen hex digits of a 64-bit number, as problem ids look."""
    return number.map_elements(lambda value: f"{value:016x}", return_dtype=pl.String)


def _decisions(frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """A third is dropped for one of four reasons; a near-duplicate's twin is the problem before it."""
    reasons = np.array(["too_easy", "too_hard", "near_duplicate_text", "answer_type"])
    dropped = rng.random(frame.height) < 1 / 3
    twin = (
        pl.col("problem_id")
        .shift(1, fill_value="")
        .map_elements(lambda value: f'{{"twin": "{value}", "similarity": 0.91}}', return_dtype=pl.String)
    )
    reason = np.where(dropped, reasons[rng.integers(0, len(reasons), frame.height)], "kept")
    return frame.select("problem_id", reason=pl.Series(reason), detail=twin).with_columns(
        step=pl.when(pl.col("reason") == "kept").then(pl.lit("end")).otherwise(pl.lit("filter")),
        verdict=pl.when(pl.col("reason") == "kept").then(pl.lit("keep")).otherwise(pl.lit("drop")),
        detail=pl.when(pl.col("reason") == "near_duplicate_text").then("detail").otherwise(pl.lit("{}")),
        dataset_version=pl.lit("curated@v001"),
    )


def _responses(frame: pl.DataFrame, rng: np.random.Generator) -> "object":
    many = frame.select("problem_id", "content_hash", "answer").join(
        pl.DataFrame({"sample_index": pl.Series(range(SAMPLES), dtype=pl.Int32)}), how="cross"
    )
    right = pl.Series(rng.random(many.height) < np.repeat(rng.random(frame.height), SAMPLES))
    said = pl.when(right).then("answer").otherwise(pl.lit("7"))
    text = pl.lit("<think> The figure shows it, so I add the numbers. </think><answer> ") + said + pl.lit(" </answer>")
    return many.with_columns(
        model=pl.lit("base"),
        response=text,
        n_tokens=pl.lit(24, pl.Int32),
        finish_reason=pl.lit("stop"),
        verdict=pl.when(right).then(pl.lit("correct")).otherwise(pl.lit("wrong")),
        extracted=said,
        rule=pl.lit("answer_tag"),
        span=pl.lit(None, pl.List(pl.Int32)),
        sampling=pl.lit("{}"),
    ).to_arrow()
