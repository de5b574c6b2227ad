"""Wrong neighbours of right answers: another option, digit, sign or unit, one blank more, less or moved."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from workbench.verify import Pair, Verdict, Verifier

MOST_ACCEPTED = 0.003
_NUMBER = re.compile(r"(?<![\d.\\_^{a-zA-Z])\d+(?:\.\d+)?")
_SIGNED = re.compile(r"\s*\$?\s*-?[\d.\\][^,;=<>]*")
_ZERO = re.compile(r"[\s$-]*0*(?:\.0*)?[\s$]*")
_UNITS = {"cm": "m", "m": "cm", "km": "m", "kg": "g", "hours": "minutes", "minutes": "hours", "dollars": "cents"}


def neighbours(answer: str, kind: str | None, rng: random.Random) -> Iterator[str]:
    """Texts that differ from a right answer of this type in one thing that counts."""
    numbers = list(_NUMBER.finditer(answer))
    if numbers:
        chosen = rng.choice(numbers)
        at = rng.choice([i for i, c in enumerate(chosen[0]) if c.isdigit()])
        other = str((int(chosen[0][at]) + rng.randint(1, 8)) % 10)
        yield answer[: chosen.start() + at] + other + answer[chosen.start() + at + 1 :]
        if "." not in chosen[0] and int(chosen[0]) != 0:
            yield answer[: chosen.end()] + "0" + answer[chosen.end() :]
    if _SIGNED.fullmatch(answer) and not _ZERO.fullmatch(answer):
        bare = answer.strip().strip("$").strip()
        yield bare[1:] if bare.startswith("-") else f"-{bare}"
    for sign, flipped in (("<", ">"), (">", "<")):
        if answer.count(sign) == 1:
            yield answer.replace(sign, flipped)
    for unit, wrong in _UNITS.items():
        if re.search(rf"\d\s*{unit}\b", answer):
            yield re.sub(rf"(?<=\d)(\s*){unit}\b", rf"\g<1>{wrong}", answer)
    if kind == "interval" and answer[:1] in "([":
        yield {"(": "[", "[": "("}[answer[0]] + answer[1:]
    parts = [part.strip(" ()$") for part in re.split("[;,]", answer)]
    if len(parts) > 1 and kind in ("multi", "tuple", "set"):
        end = answer[-1] if answer[-1] in ")}" else ""
        yield f"{answer[: len(answer) - len(end)]}, 97{end}"
        yield ", ".join(parts[:-1])
        if kind != "set" and parts != parts[::-1]:
            yield ("(" if end == ")" else "") + ", ".join(parts[::-1]) + (end if end == ")" else "")


def judged(pairs: list[Pair], profile: str) -> list[Pair]:
    """The pairs that are accepted."""
    with Verifier(profile) as verifier:
        verdicts = verifier.judge(pairs)
    return [pair for pair, found in zip(pairs, verdicts, strict=True) if found.verdict is Verdict.CORRECT]


def of_right_answers(right: list[Pair], profile: str) -> list[Pair]:
    """The wrong neighbours of the answers that the verifier accepts."""
    rng = random.Random(0)
    wrong: dict[Pair, None] = {}
    with Verifier(profile) as verifier:
        for pair, found in zip(right, verifier.judge(right), strict=True):
            if found.verdict is not Verdict.CORRECT or found.extracted is None:
                continue
            if pair.choices:
                texts = of_options(pair, found.extracted)
            else:
                texts = neighbours(found.extracted, found.gold_type, rng)
            for text in texts:
                wrong[replace(pair, response=text, tolerance=None)] = None
    return list(wrong)


def of_options(pair: Pair, picked: str) -> Iterator[str]:
    """Every other option by letter, by text, and beside the right one."""
    assert pair.choices
    letters = [chr(65 + i) for i in range(len(pair.choices))]
    right = letters.index(pair.gold) if pair.gold in letters else pair.choices.index(pair.gold)
    if any(choice.strip("() ").upper() in letters for choice in pair.choices):
        return  # options called by other options' letters: what a letter means is anybody's guess
    for i, choice in enumerate(pair.choices):
        if choice.strip().lower() != pair.choices[right].strip().lower():
            yield f"The answer is ({letters[i]})."
            yield choice
            yield f"{letters[right]} or {letters[i]}"


def check(wrong: list[Pair], profile: str, least: int) -> None:
    assert len(wrong) >= least
    accepted = judged(wrong, profile)
    assert len(accepted) <= MOST_ACCEPTED * len(wrong), accepted[:20]


def test_neighbours_of_k12_golds(shared_data: Path) -> None:
    rows = json.loads((shared_data / "k12" / "k12.json").read_text())
    # What a sentence says beside its conclusion may change without changing the answer. Several values stand for the
    # question's blanks, in their order.
    right = [Pair(str(r["answer"]), str(r["answer"]), question=r["question"], ordered=True) for r in rows]
    check(of_right_answers([pair for pair in right if len(pair.gold) < 80], "k12"), "k12", 400)


def test_neighbours_of_right_mathvision_answers(shared_data: Path) -> None:
    lines = (shared_data / "mathv" / "test_without_images.jsonl").read_text().splitlines()
    items = {item["id"]: item for item in map(json.loads, lines)}
    right = []
    for path in sorted((shared_data / "mathv" / "outputs").glob("*.jsonl")):
        for row in map(json.loads, path.read_text().splitlines()):
            if row["correct"]:
                item = items[row["id"]]
                options = tuple(map(str, item["options"])) or None
                right.append(Pair(str(item["answer"]), str(row["response"]), choices=options))
    check(of_right_answers(right, "mathvision"), "mathvision", 4_000)


def test_neighbours_of_right_mathvista_answers(shared_data: Path) -> None:
    right = []
    for path in sorted((shared_data / "mathvista" / "results").glob("output_*.json")):
        for row in json.loads(path.read_text()).values():
            if row.get("true_false"):
                right.append(
                    Pair(
                        str(row["answer"]),
                        str(row["response"]),
                        choices=tuple(map(str, row["choices"])) if row["choices"] else None,
                        answer_type=row["answer_type"],
                        precision=None if row["precision"] is None else int(row["precision"]),
                        unit=row["unit"],
                    )
                )
    check(of_right_answers(right, "mathvista"), "mathvista", 1_500)
