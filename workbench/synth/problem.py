"""What every kind of figure shares: a sketch, its arithmetic, and the finished problem."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from PIL import Image

from workbench.registry import Registry

Operation = Literal["sum", "difference", "rectangle", "third_angle"]
CHOICE_RATE = 0.1


@dataclass(frozen=True)
class SynthProblem:
    """A rendered problem with a known answer; `image` holds PNG bytes, `extra` the numbers the answer follows from."""

    source_id: str
    question: str
    image: bytes
    choices: list[str] | None
    answer: str
    answer_type: str
    subject: str
    topic: str
    grade: str
    level: str
    solution: str
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One line of arithmetic: `left sign right = result`."""

    left: int
    sign: Literal["+", "-"]
    right: int

    @property
    def result(self) -> int:
        return self.left + self.right if self.sign == "+" else self.left - self.right

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right} = {self.result}"


@dataclass(frozen=True)
class Sketch:
    """A drawn figure and the question about it: `numbers` in reading order, `operation` what to do with them."""

    image: Image.Image
    question: str
    numbers: list[int]
    operation: Operation
    unit: str
    thing: str
    subject: str
    topic: str
    grade: str


KINDS: Registry[Callable[[random.Random], Sketch]] = Registry("kind of figure")


def arithmetic(numbers: list[int], operation: Operation) -> list[Step]:
    """The steps from the numbers of a figure to its answer, which is the last step's result."""
    if operation == "difference":
        return [Step(max(numbers), "-", min(numbers))]
    steps: list[Step] = []
    total = numbers[0]
    for number in numbers[1:]:
        steps.append(Step(total, "+", number))
        total += number
    if operation == "rectangle":
        steps.append(Step(total, "+", total))
    if operation == "third_angle":
        steps.append(Step(180, "-", total))
    return steps


def level_of(steps: list[Step]) -> str:
    """`easy`, `medium` or `hard`: one, two, or more steps of arithmetic."""
    return ("easy", "medium", "hard")[min(len(steps), 3) - 1]


def draw_count(rng: random.Random) -> int:
    """How many numbers a figure shows: two, three or, a little less often, four."""
    return rng.choices([2, 3, 4], weights=[4, 4, 3])[0]


def draw_numbers(rng: random.Random, count: int) -> list[int]:
    """Numbers of one digit, so that each is one glyph in the picture."""
    return [rng.randint(1, 9) for _ in range(count)]


def options_around(answer: int, step: int, rng: random.Random) -> list[str]:
    """Three different options in rising order, one of them the answer, the others near it."""
    near = [answer + step * offset for offset in (-3, -2, -1, 1, 2, 3) if answer + step * offset > 0]
    return [str(value) for value in sorted([answer, *rng.sample(near, 2)])]


def solution_text(sketch: Sketch, steps: list[Step]) -> str:
    """The worked solution: what is read from the figure, then one step a sentence."""
    read = ", ".join(str(number) for number in sketch.numbers)
    last = f"{steps[-1].result} {sketch.unit}".strip()
    middle = ". ".join(str(step) for step in steps)
    rule = {
        "sum": "Add them up.",
        "difference": "Take the smaller from the larger.",
        "rectangle": "Opposite sides are equal, so add the two sides and double the sum.",
        "third_angle": "The angles of a triangle make 180, so take their sum from 180.",
    }[sketch.operation]
    return f"The {sketch.thing} show {read}. {rule} {middle}. The answer is {last}."
