"""A level balance: weights on one pan, a box of unknown mass on the other."""

import random

from workbench.synth.draw import CELL, INK, canvas, pastel, write, write_number
from workbench.synth.problem import KINDS, Sketch, draw_count, draw_numbers

QUESTIONS = [
    "The balance is level. What is the mass of the box in kg?",
    "The weights on the left are in kg and the beam is level. How heavy is the box?",
    "How many kg must the box have to balance the weights?",
]


@KINDS.register("balance")
def sketch(rng: random.Random) -> Sketch:
    """Up to four weights side by side on the long pan, the box on the short one."""
    numbers = draw_numbers(rng, draw_count(rng))
    image, pen = canvas()
    colour = pastel(rng)
    for column, number in enumerate(numbers):
        x, y = column * CELL, CELL
        pen.polygon(
            [(x + 4, y), (x + 23, y), (x + 27, y + 28), (x, y + 28)],
            fill=colour,
            outline=(110, 110, 110),
        )
        write_number(pen, rng, column, 1, number)
    pen.rectangle((4.4 * CELL, CELL + 4, 5.6 * CELL, 2 * CELL), fill=(235, 220, 200), outline=INK)
    write(pen, (5 * CELL, 1.6 * CELL), "?", size=22)
    pen.line((0, 2 * CELL + 2, 4.1 * CELL, 2 * CELL + 2), fill=INK, width=3)
    pen.line((4.3 * CELL, 2 * CELL + 2, 5.8 * CELL, 2 * CELL + 2), fill=INK, width=3)
    pen.line(
        (
            2 * CELL,
            2 * CELL + 4,
            2 * CELL,
            3 * CELL - 4,
            5 * CELL,
            3 * CELL - 4,
            5 * CELL,
            2 * CELL + 4,
        ),
        fill=INK,
    )
    pen.polygon(
        [
            (3.5 * CELL, 3 * CELL - 4),
            (3 * CELL, 4 * CELL - 3),
            (4 * CELL, 4 * CELL - 3),
        ],
        fill=INK,
    )
    return Sketch(
        image,
        question=rng.choice(QUESTIONS),
        numbers=numbers,
        operation="sum",
        unit="kg",
        thing="weights",
        subject="physics",
        topic="equilibrium",
        grade=str(rng.randint(5, 8)),
    )
