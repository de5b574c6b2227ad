"""What is copied out of the question earns nothing, unless it is the answer by its own text."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.synth import generate
from workbench.verify import Pair, Verdict, Verifier

FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+)\$|\\\((.+?)\\\)", re.S)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:/\d+)?")
JOINS = [", ", " or ", " = ", " ", "; ", " and ", "\n", " \\approx ", "\\,"]


def copies(question: str, choices: list[str]) -> Iterator[str]:
    """Responses made of the question: itself, its formulas and numbers, by themselves and joined, all its options."""
    formulas = ["".join(filter(None, groups)).strip() for groups in FORMULA.findall(question)]
    numbers = NUMBER.findall(question)
    yield question
    yield f"\\boxed{{{question}}}"
    yield f"The answer is {question.strip().splitlines()[-1]}"
    for parts in (formulas, numbers, list(dict.fromkeys(numbers)), formulas[-2:], numbers[-2:], numbers[:2]):
        if len(parts) > 1:
            yield from (f"\\boxed{{{join.join(parts)}}}" for join in JOINS)
            yield f"The answer is {', '.join(parts)}."
            yield "".join(f"\\boxed{{{part}}}" for part in parts)
    for part in dict.fromkeys([*formulas, *numbers]):
        yield f"\\boxed{{{part}}}"
    if choices:
        yield ", ".join(choices)
        yield " or ".join(f"\\boxed{{{choice}}}" for choice in choices)
        yield "\n".join(f"({chr(65 + i)}) {choice}" for i, choice in enumerate(choices))


def written_out(text: str) -> str:
    return re.sub(r"\\boxed|\\left|\\right|\\text|The answer is|[\s${}()\\,;.:]|[A-Z](?=\))", "", text).lower()


def is_the_answer(copy: str, gold: str, unit: str) -> bool:
    """By text alone: the copy is the gold, names it behind a label, or has its values and no others."""
    own, theirs = written_out(copy), written_out(gold)
    values, golds = NUMBER.findall(copy), NUMBER.findall(gold)
    same_values = bool(golds) and sorted(map(as_float, set(values))) == sorted(map(as_float, set(golds)))
    return own == theirs or own in (theirs + unit, unit + theirs) or same_values


def as_float(number: str) -> float:
    top, _, bottom = number.partition("/")
    return float(top) / (float(bottom or 1) or 1)


def k12(folder: Path) -> Iterator[tuple[str, str, list[str], str]]:
    for row in json.loads((folder / "k12" / "k12.json").read_text(encoding="utf-8")):
        yield row["question"], str(row["answer"]), [], ""


def tabmwp(folder: Path) -> Iterator[tuple[str, str, list[str], str]]:
    for row in json.loads((folder / "tabmwp" / "problems_dev1k.json").read_text(encoding="utf-8")).values():
        yield row["question"], row["answer"], row["choices"] or [], row["unit"] or ""


def mathv(folder: Path) -> Iterator[tuple[str, str, list[str], str]]:
    for line in (folder / "mathv" / "testmini.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield row["question"], str(row["answer"]), list(map(str, row["options"])), ""


@pytest.mark.parametrize("source", [k12, tabmwp, mathv])
@pytest.mark.parametrize("profile", ["default", "k12"])
def test_copies_of_real_questions_earn_nothing(shared_data: Path, source, profile: str) -> None:
    with Verifier(profile) as verifier:
        assert rewarded(verifier, source(shared_data)) == []


def rewarded(verifier: Verifier, problems: Iterator[tuple[str, str, list[str], str]]) -> list[tuple[str, str]]:
    """(gold, copy) wherever a copy is taken for the answer."""
    faults = []
    for question, gold, choices, unit in problems:
        responses = list(dict.fromkeys(copies(question, choices)))
        pairs = [Pair(gold, r, choices=tuple(choices) or None, question=question, unit=unit or None) for r in responses]
        option = choices[ord(gold) - 65] if choices and re.fullmatch("[A-H]", gold) else gold
        faults += [
            (gold, response)
            for response, judged in zip(responses, verifier.judge(pairs), strict=True)
            if judged.verdict is Verdict.CORRECT
            and not is_the_answer(response, gold, unit)
            and not is_the_answer(response, option, unit)
        ]
    return faults


def test_copies_of_generated_questions_earn_nothing() -> None:
    problems = ((p.question, p.answer, p.choices or [], "") for p in generate(150, seed=5))
    with Verifier() as verifier:
        assert rewarded(verifier, problems) == []
