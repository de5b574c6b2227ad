"""Stored answers of real models with official verdicts, as pairs to judge."""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.benchmarks import Item, get_benchmark
from workbench.verify import Pair
from workbench.workspace import Workspace


@dataclass(frozen=True)
class Stored:
    """A pair and whether it was officially right; `fault` says why the official verdict does not count."""

    model: str
    pair: Pair
    right: bool
    fault: str | None = None


def k12(shared_data: Path) -> list[Stored]:
    """Every gold wrapped as an answer in tags, and in a box."""
    golds = [str(row["answer"]) for row in json.loads((shared_data / "k12" / "k12.json").read_text())]
    wrapped = [(gold, f"<think>So it is.</think><answer>{gold}</answer>") for gold in golds]
    wrapped += [(gold, f"So it is \\boxed{{{gold}}}") for gold in golds]
    return [Stored("the golds themselves", Pair(gold, text), True) for gold, text in wrapped]


def mathvision(shared_data: Path) -> Iterator[Stored]:
    items = _items("mathvision", shared_data / "mathv")
    for path in sorted((shared_data / "mathv" / "outputs").glob("*.jsonl")):
        for row in map(json.loads, path.read_text().splitlines()):
            yield Stored(path.stem, items[row["id"]].pair(str(row["response"])), bool(row["correct"]))


def mathvista(shared_data: Path) -> Iterator[Stored]:
    items = _items("mathvista", shared_data / "mathvista")
    for path in sorted((shared_data / "mathvista" / "results").glob("output_*.json")):
        for pid, row in json.loads(path.read_text()).items():
            if "response" not in row or "true_false" not in row:
                continue
            pair = items[pid].pair(str(row["response"]))
            fault = _guessed(row, items[pid].choices)
            yield Stored(path.stem.removeprefix("output_"), pair, bool(row["true_false"]), fault)


def _items(benchmark: str, folder: Path) -> dict[str, Item]:
    # No picture is read, so nothing is written into the workspace.
    loaded = get_benchmark(benchmark).load(Workspace(folder), str(folder), False)
    return {item.item_id: item for item in loaded.items}


def emma(shared_data: Path) -> Iterator[Stored]:
    """Official verdicts by rule on what stands in the box, else on the whole response."""
    for path in sorted((shared_data / "emma" / "results").glob("*.json")):
        for row in json.loads(path.read_text()).values():
            # The options are pictures: letters are what can be picked, whatever the placeholders say.
            lettered = re.fullmatch("[A-Z]", str(row["answer"])) is not None
            pair = Pair(
                str(row["answer"]),
                str(row["response"]),
                choices=tuple(map(str, row["options"])) if lettered and row["options"] else None,
                question=row["question"],
            )
            yield Stored(path.stem, pair, bool(row["true_false"]))


def logicvista(shared_data: Path) -> Iterator[Stored]:
    """Whether the letters that a language model took from the answer are the gold's."""
    for path in sorted((shared_data / "logicvista" / "results").glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                raw = next(value for key, value in row.items() if key.endswith("answer raw"))
                gold = ", ".join(re.findall("[a-z]", row["true answer"])).upper()
                yield Stored(path.stem.removesuffix("-accuracy-results"), Pair(gold, raw), row["match?"] == "1")


def _guessed(row: dict[str, Any], options: tuple[str, ...] | None) -> str | None:
    """Where the stored extraction is no option, the official script takes the nearest one."""
    said = str(row["extraction"]).strip()
    letter = re.fullmatch(r"\(?([A-Za-z])\)?\.?", said)
    if not options or said in options or (letter and ord(letter[1].upper()) - 65 < len(options)):
        return None
    return "nearest option guessed"
