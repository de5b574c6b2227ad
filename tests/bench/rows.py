"""Generated rows for the curation benchmark: a million problems over 200,000 pictures, known duplicates among them.

Everything follows from SEED and the number of rows. Of the rows, 3 % repeat an earlier one exactly, 4 % say an earlier
one in other words, 3 % show a re-encoded or resized copy of an earlier one's picture under the same question, and one
in 500 is an item of the benchmark with another name. A fifth as many pictures as rows, line drawings with labels; each
is asked about several times.
"""

import hashlib
import io
import random
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import polars as pl
from PIL import Image, ImageDraw, ImageFont

from pipelines.parallel import in_processes
from workbench.schema import PROBLEMS, content_hash, problem_id
from workbench.workspace import Workspace, write_json, write_table

SEED = 20_250_607
BENCHMARK_ITEMS = 10_000

_NAMES, _THINGS, _PLACES = (
    words.split()
    for words in (
        """Tom Anna Wei Maria John Lena Omar Priya Carlos Yuki Fatima Ivan Grace Noah Emma Liam Sofia Ravi Chen Amara
        Lucas Nina Hugo Zoe Ben Clara David Eva Felix Greta Hana Igor Julia Karl Lara Max Nora Oscar Paula Quinn""",
        """apples pears books marbles stamps coins shells pencils stickers cards buttons beads tickets flowers eggs
        cookies balloons pebbles magnets keys ribbons badges photos bottles candles seeds nails crates tiles bricks""",
        "market school garden library station museum harbour bakery workshop village farm park shop office theatre",
    )
)
# Each with its twin in other words; the numbers a and b, the answer by the rule beside them.
_TEMPLATES = [
    ("{name} has {a} {thing} and buys {b} more at the {place}. How many {thing} does {name} have?",
     "{name} owns {a} {thing}. At the {place} {name} then buys {b} more {thing}. How many {thing} are there now?", "+"),
    ("There are {a} boxes with {b} {thing} each at the {place}. {name} counts all {thing}. What is the total?",
     "At the {place} {name} counts the {thing} in {a} boxes with {b} {thing} each. Find the total.", "*"),
    ("{name} sells {b} of {a} {thing} at the {place}. How many {thing} remain unsold?",
     "Of {a} {thing}, {name} sells {b} at the {place}. Find how many {thing} remain unsold.", "-"),
    ("The figure shows a field near the {place}. One side is {a} m long, the other {b} m. What is its area for {name}?",
     "In the figure one side of a field near the {place} is {a} m, the other {b} m. Find its area for {name}.", "*"),
    ("Solve ${a}x + {b} = y$ for the {thing} that {name} drew at the {place} if $x = {b}$.",
     "If $x = {b}$, solve ${a}x + {b} = y$ for the {thing} {name} drew at the {place}.", "f"),
]  # fmt: skip
_RULES = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "f": lambda a, b: a * b + b}


def make(workspace: Workspace, rows: int) -> None:
    """Write the datasets `rows` and `bench` and their pictures into an empty workspace."""
    pictures = _pictures(workspace, rows // 5)
    rng = random.Random(SEED)
    bench = [_row(rng, "bench", number, None) for number in range(BENCHMARK_ITEMS)]
    _publish(workspace, "bench", bench)
    table: list[dict[str, Any]] = []
    for number in range(rows):
        chance = rng.random()
        picture = rng.choice(pictures) if rng.random() < 0.6 else None
        if number < 100 or chance >= 0.102:
            table.append(_row(rng, "rows", number, picture))
            continue
        earlier = rng.choice(table)
        if chance < 0.03:
            table.append(_again(earlier, number))
        elif chance < 0.07:
            table.append(_again(earlier, number, question=earlier["_twin"]))
        elif chance < 0.10:
            table.append(_again(earlier, number, images=[_COPY_OF.get(sha, sha) for sha in earlier["images"]]))
        else:
            item = rng.choice(bench)
            renamed = item["question"].replace(item["_name"], rng.choice(_NAMES))
            table.append(_again(item, number, question=renamed))
    _publish(workspace, "rows", table)


# Picture → its re-encoded copy, for a tenth of the pictures; filled by `make`.
_COPY_OF: dict[str, str] = {}


def _row(rng: random.Random, source: str, number: int, picture: str | None) -> dict[str, Any]:
    name, thing, place = (rng.choice(words) for words in (_NAMES, _THINGS, _PLACES))
    template, twin, rule = rng.choice(_TEMPLATES)
    a, b = rng.randint(100, 999), rng.randint(2, 99)
    fields = {"name": name, "thing": thing, "place": place, "a": a, "b": b}
    text, other = template.format(**fields), twin.format(**fields)
    row = _finished(source, number, text, [picture] if picture else [], str(_RULES[rule](a, b)))
    return row | {"_twin": other, "_name": name}


def _again(row: dict[str, Any], number: int, **changed: Any) -> dict[str, Any]:
    new = row | changed
    return new | _finished("rows", number, new["question"], new["images"], new["answer"])


def _finished(source: str, number: int, question: str, images: list[str], answer: str) -> dict[str, Any]:
    return {
        "problem_id": problem_id(source, str(number)),
        "content_hash": content_hash(question, images, None, answer),
        "source": source,
        "source_id": str(number),
        "question": question,
        "images": images,
        "answer": answer,
        "answer_type": "number",
        "language": "en",
        "extra": "{}",
    }


def _publish(workspace: Workspace, name: str, rows: list[dict[str, Any]]) -> None:
    plain = {field.name: [row.get(field.name) for row in rows] for field in PROBLEMS}
    with workspace.new_version(name) as version:
        table = pl.DataFrame(plain, schema=pl.Schema(pl.from_arrow(PROBLEMS.empty_table()).schema))
        write_table(version.problems, table.to_arrow(), PROBLEMS)
        write_json(version.path / "manifest.json", {"kind": "generated", "seed": SEED})


def _pictures(workspace: Workspace, count: int) -> list[str]:
    """Store `count` pictures, a tenth of them copies of others; returns the originals' sha256 names."""
    originals = count - count // 11
    shas: list[str] = []
    _COPY_OF.clear()
    for _, made in in_processes(partial(_draw, workspace.images), range(originals), piece=500):
        for sha, copy in made:
            shas.append(sha)
            if copy:
                _COPY_OF[sha] = copy
    return shas


def _draw(root: Path, numbers: Sequence[int]) -> list[tuple[str, str | None]]:
    return [_draw_one(root, number) for number in numbers]


def _draw_one(root: Path, number: int) -> tuple[str, str | None]:
    rng = random.Random(f"{SEED}/{number}")
    image = Image.new("L", (rng.randint(200, 320), rng.randint(150, 240)), 255)
    pen = ImageDraw.Draw(image)
    corners = [tuple(side * rng.uniform(0.05, 0.95) for side in image.size) for _ in range(rng.randint(3, 6))]
    pen.polygon(corners, outline=0, width=2)
    for label, corner in zip("ABCDEF", corners, strict=False):
        pen.text(corner, label, fill=0, font=_font())
    pen.text((image.width / 2, image.height / 2), f"{rng.randint(10, 999)} cm", fill=0, font=_font())
    sha = _store(root, image, "png", number)
    if number % 10:
        return sha, None
    if number % 20:
        return sha, _store(root, image, "jpg", number)
    return sha, _store(root, image.resize((image.width * 3 // 4, image.height * 3 // 4)), "png", number)


@lru_cache(maxsize=1)
def _font() -> Any:
    return ImageFont.load_default(12)


def _store(root: Path, image: Image.Image, suffix: str, number: int) -> str:
    """As the image store does, but without waiting for the disk 200,000 times."""
    out = io.BytesIO()
    if suffix == "jpg":
        image.save(out, "JPEG", quality=80)
    else:
        image.save(out, "PNG", compress_level=1)
    sha = hashlib.sha256(out.getvalue()).hexdigest()
    path = root / sha[:2] / f"{sha}.{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.getvalue())
    return sha
