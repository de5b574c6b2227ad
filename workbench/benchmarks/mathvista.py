"""MathVista (arXiv 2310.02255): the 1,000 questions of `testmini`, with options, whole numbers, decimals and lists."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.benchmarks.base import BENCHMARKS, Benchmark, Published, split_of
from workbench.benchmarks.items import Item
from workbench.draft import Draft
from workbench.prompts import PromptTemplate
from workbench.verify.profiles import PROFILES, Profile

PROFILES.register("mathvista")(
    Profile(
        "mathvista",
        several_boxes="last",
        percent="number",
        closeness="precision",
        option_text_first=True,
        loose=True,
    )
)

_LANGUAGES = {"english": "en", "chinese": "zh", "persian": "fa"}
_HINT = "Hint: Please answer the question {}, e.g., {}, at the end."
# How the official prompt asks for each type of answer, with its examples.
_WORDINGS = {
    "choice": ("and provide the correct option letter", "A, B, C, D"),
    "integer": ("requiring an integer answer and provide the final value", "1, 2, 3"),
    "float 1": (
        "requiring a floating-point number with one decimal place and provide the final value",
        "1.2, 1.3, 1.4",
    ),
    "float 2": (
        "requiring a floating-point number with two decimal places and provide the final value",
        "1.23, 1.34, 1.45",
    ),
    "list": (
        "requiring a Python list as an answer and provide the final list",
        "[1, 2, 3], [1.2, 1.3, 1.4]",
    ),
}
_LETTER = re.compile(r"\(([a-zA-Z])\)")
# In characters; what is longer is no extraction but a whole response in its column.
MAX_EXTRACTION = 2_000
_OFFICIAL = ("official, GPT-4 extraction", "score files of github.com/lupantech/MathVista")


@BENCHMARKS.register("mathvista")
class MathVista(Benchmark):
    """Rows {pid, question, image, choices, unit, precision, answer, question_type, answer_type, metadata}.

    The repository's testmini.json, or the hub's Parquet files with the pictures inside. Golds of questions with options
    are the option's text. Accuracy is broken down as the official score files do.
    """

    title = "MathVista testmini"
    names = ("math-vista",)
    license = "CC BY-SA 4.0"
    size = 1000
    layout = ("testmini.json", "**/testmini-*.parquet", "testmini/*.arrow")
    profile = "mathvista"
    groups = ("question_type", "answer_type", "language", "source", "category", "task", "context", "grade", "skills")
    published = (
        Published("Multimodal Bard", 34.8, *_OFFICIAL),
        Published("GPT-4, two examples with solutions, no picture", 29.2, *_OFFICIAL),
        Published("Claude 2, no picture", 26.4, *_OFFICIAL),
        Published("LLaVA (LLaMA-2-13B)", 26.1, *_OFFICIAL),
        Published("IDEFICS-9B-Instruct", 19.8, *_OFFICIAL),
        Published("OpenMMReasoner-7B", 79.5, "OpenMMReasoner", "OpenMMReasoner (CVPR 2026)"),
        Published("MM-Eureka-7B", 72.6, "OpenMMReasoner", "OpenMMReasoner (CVPR 2026)"),
        Published("MMFineReason-8B", 81.7, "MMFineReason", "MMFineReason (January 2026)"),
    )
    # Everything that is asked stands in the items' `query`.
    template = PromptTemplate("mathvista", system="", before="", after="", format="boxed")

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        metadata = row.get("metadata")
        facts: dict[str, Any] = metadata if isinstance(metadata, dict) else {}
        choices, kind = row.get("choices") or None, row.get("answer_type")
        return Draft(
            source_id=row.get("pid", row.get("id")),
            question=row.get("question"),
            answer=row.get("answer"),
            choices=choices,
            answer_type="choice" if choices else "number" if kind in ("integer", "float") else None,
            topic=facts.get("task"),
            grade=facts.get("grade"),
            language=_LANGUAGES.get(str(facts.get("language"))),
            license=self.license,
            split=facts.get("split") or split_of(file),
            extra={
                **{name: facts.get(name) for name in self.groups if name in facts},
                **{name: row.get(name) for name in ("question_type", "answer_type")},
                **{name: row[name] for name in ("unit", "precision") if row.get(name) not in (None, "")},
                **({"ordered": True} if kind == "list" else {}),
            },
            row=row,
        )

    def item(self, draft: Draft) -> Item:
        item = super().item(draft)
        kind, unit = str(item.meta["answer_type"]), item.comparison.unit
        wording = "choice" if item.choices else f"float {item.comparison.precision}" if kind == "float" else kind
        lines = [
            *([_HINT.format(*_WORDINGS[wording])] if wording in _WORDINGS else []),
            f"Question: {item.question}" + (f" (Unit: {unit})" if unit else ""),
            *(["Choices:"] if item.choices else []),
            *(f"({chr(65 + number)}) {choice}" for number, choice in enumerate(item.choices or ())),
        ]
        return replace(item, query="\n".join(lines).strip())

    def official_verdict(self, item: Item, response: str, extraction: str | None) -> bool | None:
        """calculate_score.py on what extract_answer.py takes from a response without its language model.

        An option that is not named is the one with the nearest text, so that an empty answer picks one too.
        """
        kind = item.meta["answer_type"]
        taken = extraction if extraction is not None else _taken_as_it_is(response, item.choices or (), kind)
        if taken is None or len(taken) > MAX_EXTRACTION:
            return None
        if item.choices:
            return _option(taken, item.choices) == item.gold
        try:
            if kind == "integer":
                return str(int(float(taken))) == item.gold
            if kind == "float":
                return str(round(float(taken), item.comparison.precision)) == item.gold
        except (ValueError, OverflowError):
            return False
        return taken == item.gold


def _taken_as_it_is(response: str, choices: Sequence[str], kind: str) -> str | None:
    """A response that is empty, an option or a number, as the answer; None where a language model is asked for it."""
    if not response or response in choices:
        return response
    try:
        return str(int(response)) if kind == "integer" else str(float(response)) if kind == "float" else None
    except ValueError:
        return None


def _option(text: str, choices: Sequence[str]) -> str:
    """The option whose letter is named, in brackets or alone, else the first of those with the nearest text."""
    text = text.strip()
    bracketed = _LETTER.search(text)
    letter = bracketed[1].upper() if bracketed else text
    letters = [chr(65 + number) for number in range(len(choices))]
    if letter in letters:
        return choices[letters.index(letter)]
    return min(choices, key=lambda choice: _distance(letter, choice))


def _distance(a: str, b: str) -> int:
    """Levenshtein's: how many characters must be inserted, removed or replaced."""
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y)))
        above = row
    return above[-1]
