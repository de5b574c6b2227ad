"""A table of counts: how many in all?"""

import random

from workbench.synth.draw import CELL, INK, canvas, centre, pastel, write, write_number
from workbench.synth.problem import KINDS, Sketch, draw_count, draw_numbers

LABELS = [
    (["Mon", "Tue", "Wed", "Thu"], "Books", "books were lent in all", "mathematics"),
    (
        ["Ann", "Ben", "Cem", "Dia"],
        "Coins",
        "coins do the children have in all",
        "mathematics",
    ),
    (["Fox", "Owl", "Bee", "Elk"], "Seen", "animals were seen in all", "biology"),
    (
        ["Oak", "Fir", "Ash", "Elm"],
        "Trees",
        "trees stand in the wood in all",
        "biology",
    ),
]


@KINDS.register("table")
def sketch(rng: random.Random) -> Sketch:
    """Two columns, labels and counts, under a header; a portrait picture."""
    labels, header, asked, subject = rng.choice(LABELS)
    numbers = draw_numbers(rng, draw_count(rng))
    image, pen = canvas(columns=4, rows=6)
    width = 4 * CELL
    pen.rectangle((0, 0, width - 1, CELL - 1), fill=pastel(rng), outline=INK)
    write(pen, centre(1.5, 0), header, size=18, bold=False)
    for row, (label, number) in enumerate(zip(labels, numbers, strict=False), start=1):
        pen.rectangle((0, row * CELL, width - 1, row * CELL + CELL - 1), outline=(120, 120, 130))
        write(pen, centre(0.5, row), label, size=18, bold=False)
        write_number(pen, rng, 2, row, number)
    question = rng.choice([f"How many {asked}?", f"The table shows counts. How many {asked}?"])
    return Sketch(
        image,
        question=question,
        numbers=numbers,
        operation="sum",
        unit="",
        thing="rows of the table",
        subject=subject,
        topic="tables",
        grade=str(rng.randint(2, 4)),
    )
