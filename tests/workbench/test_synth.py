"""Generated problems: the same bytes every time, and answers that follow from the numbers shown."""

import io
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from workbench import synth
from workbench.errors import UserError
from workbench.synth import KINDS, SynthProblem, generate

PROBLEMS = list(generate(400, seed=5))
# One file each; a plug-in may add others.
OURS = {p.stem for p in Path(synth.__path__[0]).glob("*.py")} - {"__init__", "draw", "problem"}


def expected(problem: SynthProblem) -> int:
    """The answer computed anew from the numbers, not by the generator's steps."""
    numbers = problem.extra["numbers"]
    by_operation = {
        "sum": sum(numbers),
        "difference": max(numbers) - min(numbers),
        "rectangle": 2 * sum(numbers),
        "third_angle": 180 - sum(numbers),
    }
    return by_operation[problem.extra["operation"]]


def test_the_same_seed_gives_the_same_problems_to_the_byte() -> None:
    assert list(generate(40, seed=5)) == PROBLEMS[:40]


def test_two_seeds_share_neither_ids_nor_streams() -> None:
    other = list(generate(400, seed=6))
    assert not {p.source_id for p in PROBLEMS} & {p.source_id for p in other}
    same_place = sum(a.image == b.image for a, b in zip(PROBLEMS, other, strict=True))
    assert same_place < 4
    assert len({p.image for p in PROBLEMS}) > 390


def test_answers_follow_from_the_numbers() -> None:
    for problem in PROBLEMS:
        answer = expected(problem)
        if problem.choices is None:
            assert (problem.answer, problem.answer_type) == (str(answer), "number")
        else:
            assert problem.answer_type == "choice"
            assert problem.choices["ABC".index(problem.answer)] == str(answer)
            assert len(set(problem.choices)) == 3
        assert answer > 0
        assert f"The answer is {answer}" in problem.solution


def test_every_polygon_can_be_drawn() -> None:
    added = [p.extra["numbers"] for p in PROBLEMS if p.extra["kind"] == "polygon" and p.extra["operation"] == "sum"]
    assert len(added) > 20
    assert all(side < sum(sides) - side for sides in added for side in sides)


def test_pictures_are_small_pngs_of_whole_tokens() -> None:
    for problem in PROBLEMS[:60]:
        image = Image.open(io.BytesIO(problem.image))
        image.load()
        assert image.format == "PNG"
        assert image.size in {(168, 112), (112, 168)}
        assert all(side % 28 == 0 for side in image.size)


def test_every_kind_subject_and_level_comes_up() -> None:
    assert {p.extra["kind"] for p in PROBLEMS} >= OURS
    assert {p.subject for p in PROBLEMS} == {"mathematics", "physics", "chemistry", "biology"}
    assert {p.level for p in PROBLEMS} == {"easy", "medium", "hard"}
    assert len({p.grade for p in PROBLEMS}) >= 7
    shares = Counter(p.answer_type for p in PROBLEMS)
    assert 0.05 < shares["choice"] / len(PROBLEMS) < 0.16


def test_the_picture_shows_the_numbers() -> None:
    """Same kind, same count, other numbers: the picture differs."""
    seen: dict[tuple[str, tuple[int, ...]], bytes] = {}
    for problem in PROBLEMS:
        key = (problem.extra["kind"], tuple(problem.extra["numbers"]))
        for (kind, numbers), image in seen.items():
            if kind == key[0] and numbers != key[1]:
                assert image != problem.image
        seen[key] = problem.image


def test_every_file_that_is_a_kind_is_registered_by_its_name() -> None:
    assert len(OURS) >= 7 and set(KINDS) >= OURS
    assert all(KINDS[kind].__module__ == f"workbench.synth.{kind}" for kind in OURS)


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"angles, .*balance, .*bars, .*beakers, .*cards, .*polygon, .*table"):
        KINDS["pie"]


def test_generating_needs_no_torch() -> None:
    code = "import sys; from workbench.synth import generate; next(generate(1, 0)); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
