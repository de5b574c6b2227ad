"""A scorer: a response is right if it names the gold as a word, however it is put.

`eureka eval score answers.jsonl --benchmark k12 --data k12/ --scorer names_it --plugin scorer.py`
"""

import re
from collections.abc import Sequence
from typing import Any

from eval import SCORERS, right_or_wrong
from workbench import Judgement


@SCORERS.register("names_it")
def names_it(benchmark: Any, items: Sequence[Any], responses: Sequence[str]) -> list[Judgement]:
    """A judgement of each response; an item has question, gold, choices, images and meta."""
    return [judge(item.gold, response) for item, response in zip(items, responses, strict=True)]


def judge(gold: str, response: str) -> Judgement:
    if not gold:
        return right_or_wrong(None, "no_gold")
    named = re.search(rf"(?<!\w){re.escape(gold)}(?!\w)", response, re.IGNORECASE)
    return right_or_wrong(named is not None, "named" if named else "not_named", named and named[0])
