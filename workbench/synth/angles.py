"""Two angles of a triangle are given: what is the third?"""

import random

from workbench.synth.draw import CELL, canvas, centre, pastel, write
from workbench.synth.problem import KINDS, Sketch

QUESTIONS = [
    "Two angles of the triangle are given in degrees. What is the third angle?",
    "Find the angle marked with a question mark, in degrees.",
    "How many degrees has the unknown angle of the triangle?",
]


@KINDS.register("angles")
def sketch(rng: random.Random) -> Sketch:
    """A triangle with two angles in whole tens at the bottom and a question mark at the top."""
    numbers = [10 * rng.randint(2, 8) for _ in range(2)]
    image, pen = canvas()
    apex = (3 * CELL + rng.randint(-12, 12), 3)
    pen.polygon(
        [apex, (4, 4 * CELL - 4), (6 * CELL - 4, 4 * CELL - 4)],
        fill=pastel(rng),
        outline=(60, 60, 120),
    )
    write(pen, centre(2.5, 1), "?", size=24)
    for column, number in zip((1, 4), numbers, strict=True):
        x, y = centre(column, 3)
        write(
            pen,
            (x + rng.randint(-2, 2), y - 6 + rng.randint(-2, 2)),
            f"{number}",
            size=26,
        )
    return Sketch(
        image,
        question=rng.choice(QUESTIONS),
        numbers=numbers,
        operation="third_angle",
        unit="degrees",
        thing="two angles",
        subject="mathematics",
        topic="angles",
        grade=str(rng.randint(6, 8)),
    )
