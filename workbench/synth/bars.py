"""A bar chart of plant growth: the total, or the difference of two bars."""

import random

from workbench.synth.draw import CELL, INK, canvas, pastel, row_columns, write_number
from workbench.synth.problem import KINDS, Sketch, draw_count, draw_numbers

TOTALS = [
    "The chart shows how many cm a bean plant grew each week. How many cm did it grow in all?",
    "Each bar is one seedling's height in cm. What is the sum of their heights?",
    "The bars show leaves counted on each plant. How many leaves are there together?",
]
DIFFERENCES = [
    "The bars show the heights of two seedlings in cm. How many cm is the difference?",
    "Two plants are measured in cm. By how much is one taller than the other?",
]


@KINDS.register("bars")
def sketch(rng: random.Random) -> Sketch:
    """Bars from the bottom line, each with its value in the cell above it."""
    numbers = draw_numbers(rng, draw_count(rng))
    difference = len(numbers) == 2 and numbers[0] != numbers[1] and rng.random() < 0.5
    image, pen = canvas()
    colour = pastel(rng)
    floor = 4 * CELL - 3
    for column, number in zip(row_columns(len(numbers)), numbers, strict=True):
        top = floor - 9 * number
        pen.rectangle(
            (column * CELL + 3, top, column * CELL + CELL - 4, floor),
            fill=colour,
            outline=(90, 110, 90),
        )
        write_number(pen, rng, column, max(0, top // CELL - 1), number)
    pen.line((0, floor, 6 * CELL, floor), fill=INK, width=2)
    return Sketch(
        image,
        question=rng.choice(DIFFERENCES if difference else TOTALS),
        numbers=numbers,
        operation="difference" if difference else "sum",
        unit="",
        thing="bars",
        subject="biology",
        topic="plant growth",
        grade=str(rng.randint(3, 6)),
    )
