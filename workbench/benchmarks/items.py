"""The questions of a benchmark as a model is asked them and as the verifier judges the answers."""

from dataclasses import dataclass, field
from typing import Any

from workbench.pairs import Comparison
from workbench.verify.verdict import Pair


@dataclass(frozen=True)
class Item:
    """One question of a benchmark.

    `images` are sha256 names in the image store. `choices` are the option texts (the gold is then a letter or an
    option's text); `shown_choices` what a prompt lists of them; `query` is what the official prompt asks where that is
    not the question with these options below it. `comparison` says how the gold is to be compared. `unusable` says why
    the item cannot be asked ("image_missing", "image_undecodable", …); such an item is counted and named, never scored.
    `meta` are the facts that the scores table keeps and accuracy is broken down by.
    """

    item_id: str
    question: str
    gold: str
    images: tuple[str, ...] = ()
    choices: tuple[str, ...] | None = None
    shown_choices: tuple[str, ...] | None = None
    query: str | None = None
    answer_type: str | None = None
    comparison: Comparison = field(default_factory=Comparison)
    unusable: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    def pair(self, response: str) -> Pair:
        """The question put to the verifier for one response."""
        return Pair(
            self.gold,
            response,
            choices=self.choices,
            answer_type=self.answer_type,
            precision=self.comparison.precision,
            tolerance=self.comparison.tolerance,
            unit=self.comparison.unit,
            ordered=self.comparison.ordered,
            question=self.question,
        )


@dataclass(frozen=True)
class Graded:
    """Whether one answer to an item is right, with the facts of the scores table (the item's `meta` among them)."""

    item_id: str
    sample_index: int
    right: bool
    meta: dict[str, Any]


@dataclass(frozen=True)
class Loaded:
    """The items of one set. `name` is the benchmark column of the scores, `source` says where the items came from."""

    name: str
    source: str
    items: list[Item]
