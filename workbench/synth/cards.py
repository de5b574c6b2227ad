"""Number cards on a desk: what is their sum?"""

import random

from workbench.synth.draw import CELL, canvas, pastel, row_columns, write_number
from workbench.synth.problem import KINDS, Sketch, draw_count, draw_numbers

QUESTIONS = [
    "What is the sum of the numbers on the cards?",
    "Add up all the cards. What is the total?",
    "How much do the number cards make together?",
]


@KINDS.register("cards")
def sketch(rng: random.Random) -> Sketch:
    """Cards in one row, or four of them in two rows."""
    numbers = draw_numbers(rng, draw_count(rng))
    image, pen = canvas()
    if len(numbers) == 4 and rng.random() < 0.5:
        cells = [(1, 0), (4, 0), (1, 2), (4, 2)]
    else:
        row = rng.choice([1, 2])
        cells = [(column, row) for column in row_columns(len(numbers))]
    colour = pastel(rng)
    for (column, row), number in zip(cells, numbers, strict=True):
        box = (
            column * CELL,
            row * CELL - 4,
            column * CELL + CELL - 1,
            row * CELL + CELL + 4,
        )
        pen.rounded_rectangle(box, radius=5, fill=colour, outline=(90, 90, 110), width=1)
        write_number(pen, rng, column, row, number)
    return Sketch(
        image,
        question=rng.choice(QUESTIONS),
        numbers=numbers,
        operation="sum",
        unit="",
        thing="cards",
        subject="mathematics",
        topic="addition",
        grade=str(rng.randint(1, 2)),
    )
