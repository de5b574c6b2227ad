"""The perimeter of a triangle, a quadrilateral, or a rectangle with two sides given."""

import random

from workbench.synth.draw import CELL, canvas, centre, pastel, write_number
from workbench.synth.problem import KINDS, Operation, Sketch, draw_numbers

QUESTIONS = [
    "What is the perimeter of the {shape}? All lengths are in cm.",
    "Find the distance around the {shape} in cm.",
    "The {shape} has the sides shown in cm. How long is its boundary?",
]
# Corners in cells (the middle of a cell is its number plus a half), and the cells of the side lengths in reading order.
SHAPES: dict[str, tuple[list[tuple[float, float]], list[tuple[int, int]], Operation]] = {
    "triangle": ([(3, 0.2), (1.3, 2.9), (4.7, 2.9)], [(1, 1), (4, 1), (3, 3)], "sum"),
    "quadrilateral": (
        [(1.2, 1.1), (4.8, 1.1), (4.4, 2.9), (1.6, 2.9)],
        [(3, 0), (0, 2), (5, 2), (3, 3)],
        "sum",
    ),
    "rectangle": (
        [(1, 1.1), (4.9, 1.1), (4.9, 3.4), (1, 3.4)],
        [(3, 0), (5, 2)],
        "rectangle",
    ),
}


def closes(sides: list[int]) -> bool:
    """Whether a polygon with these sides exists: the longest is shorter than all others together."""
    return 2 * max(sides) < sum(sides)


@KINDS.register("polygon")
def sketch(rng: random.Random) -> Sketch:
    """One filled shape with its side lengths written beside the sides."""
    shape = rng.choice(sorted(SHAPES))
    corners, cells, operation = SHAPES[shape]
    numbers = draw_numbers(rng, len(cells))
    while operation == "sum" and not closes(numbers):
        numbers = draw_numbers(rng, len(cells))
    image, pen = canvas()
    points = [(x * CELL + rng.randint(-2, 2), y * CELL) for x, y in corners]
    pen.polygon(points, fill=pastel(rng), outline=(60, 60, 120), width=2)
    for (column, row), number in zip(cells, numbers, strict=True):
        x, y = centre(column, row)
        pen.rectangle((x - 10, y - 13, x + 10, y + 13), fill="white")
        write_number(pen, rng, column, row, number)
    return Sketch(
        image,
        question=rng.choice(QUESTIONS).format(shape=shape),
        numbers=numbers,
        operation=operation,
        unit="cm",
        thing="sides",
        subject="mathematics",
        topic="perimeter",
        grade=str(rng.randint(3, 5)),
    )
