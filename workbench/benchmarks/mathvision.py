"""MATH-Vision (arXiv 2402.14804): 3,040 competition problems, free-form or with five options, 16 subjects, 5 levels."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.benchmarks.base import BENCHMARKS, Benchmark, Published, split_of
from workbench.benchmarks.items import Item
from workbench.draft import Draft
from workbench.prompts import PromptTemplate
from workbench.verify.profiles import PROFILES, Profile

_MARK = re.compile(r"<image\s*(\d*)>")

PROFILES.register("mathvision")(Profile("mathvision", several_boxes="last", percent="number", closeness="two_decimals"))


@BENCHMARKS.register("mathvision")
class MathVision(Benchmark):
    """Rows {id, question, options, answer, solution, level, subject, image}.

    Options that are drawn in the picture come as bare letters and stay letters; no options means a free answer.
    """

    title = "MATH-Vision"
    names = ("mathv", "math-vision")
    source = "mathv"
    license = "MIT"
    size = 3040
    layout = ("test.jsonl", "testmini.jsonl", "**/test-*.parquet", "**/testmini-*.parquet", "*.jsonl")
    layout_without_pictures = ("test.jsonl", "test_without_images.jsonl", *layout[1:])
    profile = "mathvision"
    published = (
        Published("OpenMMReasoner-7B", 43.6, "OpenMMReasoner", "OpenMMReasoner (CVPR 2026)"),
        Published("MM-Eureka-7B", 28.1, "OpenMMReasoner", "OpenMMReasoner (CVPR 2026)"),
        Published("MMFineReason-8B", 67.1, "MMFineReason", "MMFineReason (January 2026)"),
    )
    groups = ("subject", "level")
    # The official prompt: this text, the question, then the options as `(A) …` lines.
    template = PromptTemplate(
        "mathvision",
        system="",
        before=(
            'Please solve the problem step by step and put your answer in one "\\boxed{}". If it is a multiple choice '
            'question, only one letter is allowed in the "\\boxed{}".\n'
        ),
        after="\n",
        format="boxed",
    )

    def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
        return Draft(
            source_id=row.get("id"),
            question=row.get("question"),
            answer=row.get("answer"),
            choices=row.get("options"),
            solution=row.get("solution"),
            subject=row.get("subject"),
            level=row.get("level"),
            license=self.license,
            split=split_of(file).removesuffix("_without_images"),
            row=row,
        )

    def item(self, draft: Draft) -> Item:
        item = super().item(draft)
        choices = item.choices and tuple(_marks(choice) for choice in item.choices)
        # Options that are mere letters stand in the picture; the official prompt does not list them.
        shown = None if choices is None or "".join(choices) == "ABCDE" else choices
        return replace(item, question=_marks(item.question), choices=choices, shown_choices=shown)


def _marks(text: str) -> str:
    # The pictures carry their numbers as labels, so `<image2>` in a text refers to a part of the picture. Written
    # with brackets the reference stays and no model takes it for its own image token.
    return _MARK.sub(r"[image\1]", text)
