"""Rendered K12 problems with known answers: `generate` is the public face, one file for each kind of figure.

Every module of this folder is loaded so that it can register its kind.
"""

import importlib
import pkgutil
import random
from collections.abc import Iterator

from workbench.synth.draw import png
from workbench.synth.problem import (
    CHOICE_RATE,
    KINDS,
    SynthProblem,
    arithmetic,
    level_of,
    options_around,
    solution_text,
)

__all__ = ["KINDS", "SynthProblem", "generate", "problem_at"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def problem_at(index: int, seed: int) -> SynthProblem:
    """The problem with this index of this seed's stream; it depends on nothing else."""
    rng = random.Random(f"synth/{seed}/{index}")
    # A registry lists its names in alphabetical order, whatever the order in which the files were found.
    kind = rng.choice(list(KINDS))
    sketch = KINDS[kind](rng)
    steps = arithmetic(sketch.numbers, sketch.operation)
    result = steps[-1].result
    choices, answer = None, str(result)
    if rng.random() < CHOICE_RATE:
        choices = options_around(result, 10 if sketch.operation == "third_angle" else 1, rng)
        answer = chr(65 + choices.index(str(result)))
    solution = solution_text(sketch, steps)
    return SynthProblem(
        source_id=f"{seed}-{index:06d}",
        question=sketch.question,
        image=png(sketch.image),
        choices=choices,
        answer=answer,
        answer_type="choice" if choices else "number",
        subject=sketch.subject,
        topic=sketch.topic,
        grade=sketch.grade,
        level=level_of(steps),
        solution=f"{solution} That is ({answer})." if choices else solution,
        extra={"kind": kind, "numbers": sketch.numbers, "operation": sketch.operation},
    )


def generate(count: int, seed: int) -> Iterator[SynthProblem]:
    """The first `count` problems of a seed's stream, of all kinds in about equal parts, one in ten with choices.

    The same (count, seed) gives the same problems to the byte; another seed gives a stream of its own.
    """
    return (problem_at(index, seed) for index in range(count))
