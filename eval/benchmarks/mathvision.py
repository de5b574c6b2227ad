"""MATH-Vision (arXiv 2402.14804): 3,040 competition problems, free-form or with five options, 16 subjects, 5 levels."""

import re
from typing import Any

from eval.benchmarks.base import (
    BENCHMARKS,
    NO_PICTURE,
    Benchmark,
    Item,
    Loaded,
    data_file,
    need,
    read_picture,
    read_rows,
)
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.prompts import PromptTemplate
from workbench.workspace import Workspace

# The official prompt: this text, the question, then the options as `(A) …` lines.
TEMPLATE = PromptTemplate(
    "mathvision",
    system="",
    before=(
        'Please solve the problem step by step and put your answer in one "\\boxed{}". If it is a multiple choice '
        'question, only one letter is allowed in the "\\boxed{}".\n'
    ),
    after="\n",
    format="boxed",
)

_MARK = re.compile(r"<image\s*(\d*)>")


def load(workspace: Workspace, data: str | None, pictures: bool) -> Loaded:
    """Items of `test.jsonl` (all) or `testmini.jsonl` with `images/` beside it, or of a jsonl file of these rows."""
    with_pictures = ["test.jsonl", "testmini.jsonl"]
    path = data_file(
        "mathvision", data, with_pictures if pictures else ["test.jsonl", "test_without_images.jsonl", "testmini.jsonl"]
    )
    store = ImageStore(workspace.images)
    items = []
    for number, row in enumerate(read_rows(path), 1):
        images, unusable = NO_PICTURE
        if pictures:
            images, unusable = read_picture(store, path.parent / need(row, "image", path, number))
        choices = _choices(row, f"{path}: row {number}")
        items.append(
            Item(
                item_id=need(row, "id", path, number),
                question=_marks(need(row, "question", path, number)),
                gold=need(row, "answer", path, number),
                images=images,
                choices=choices,
                # Options that are mere letters stand in the picture; the official prompt does not list them.
                shown_choices=None if choices is None or "".join(choices) == "ABCDE" else choices,
                answer_type="choice" if choices else None,
                unusable=unusable,
                meta={"subject": row.get("subject"), "level": row.get("level")},
            )
        )
    return Loaded("mathvision", str(path), items)


def _choices(row: dict[str, Any], where: str) -> tuple[str, ...] | None:
    options = row.get("options") or []
    if not isinstance(options, list):
        raise UserError(f"{where}: 'options' must be a list, not {type(options).__name__}")
    return tuple(_marks(str(option)) for option in options) or None


def _marks(text: str) -> str:
    # The pictures carry their numbers as labels, so `<image2>` in a text refers to a part of the picture. Written
    # with brackets the reference stays and no model takes it for its own image token.
    return _MARK.sub(r"[image\1]", text)


BENCHMARKS.register("mathvision")(Benchmark("mathvision", TEMPLATE, "mathvision", "mathvision", load))
