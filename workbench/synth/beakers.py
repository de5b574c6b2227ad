"""Beakers of a solution: the volume when all are poured together, or how much more one holds."""

import random

from workbench.synth.draw import CELL, INK, canvas, pastel, row_columns, write_number
from workbench.synth.problem import KINDS, Sketch, draw_count, draw_numbers

TOTALS = [
    "All the beakers are poured into one flask. What is the volume in mL?",
    "Each beaker shows its volume in mL. How many mL of solution are there in total?",
    "The solutions are mixed. How many mL does the mixture have?",
]
DIFFERENCES = [
    "How many mL more does one beaker hold than the other?",
    "What is the difference of the two volumes in mL?",
]


@KINDS.register("beakers")
def sketch(rng: random.Random) -> Sketch:
    """Beakers in a row, filled in proportion to the number, which stands in the glass."""
    numbers = draw_numbers(rng, draw_count(rng))
    difference = len(numbers) == 2 and numbers[0] != numbers[1] and rng.random() < 0.5
    image, pen = canvas()
    colour = pastel(rng)
    top, floor = CELL, 4 * CELL - 4
    for column, number in zip(row_columns(len(numbers)), numbers, strict=True):
        left, right = column * CELL + 1, column * CELL + CELL - 2
        pen.rectangle((left, floor - 8 * number, right, floor), fill=colour)
        pen.line((left, top, left, floor, right, floor, right, top), fill=INK, width=2)
        write_number(pen, rng, column, 2, number)
    return Sketch(
        image,
        question=rng.choice(DIFFERENCES if difference else TOTALS),
        numbers=numbers,
        operation="difference" if difference else "sum",
        unit="mL",
        thing="beakers",
        subject="chemistry",
        topic="volumes",
        grade=str(rng.randint(6, 9)),
    )
