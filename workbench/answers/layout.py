"""Where the response, the id and the official verdict lie in a file of stored answers."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from workbench.errors import UserError

# What the model wrote, best first: its whole response, then what somebody extracted from it. No benchmark has its
# golds under these names.
RESPONSE_KEYS = (
    "response",
    "model_response",
    "completion",
    "generated_text",
    "generated",
    "generation",
    "output",
    "model_output",
    "model_answer",
    "prediction",
    "pred",
    "extraction",
)
# LogicVista's tables name the model in the column: `GPT4 answer raw`.
RESPONSE_ENDING = " answer raw"
# The gold in the layouts of the benchmarks, the response in bare lists of answers.
ANSWER_KEY = "answer"
# Rows that carry one of these are items of a benchmark (perhaps with a response), so their `answer` is the gold.
ITEM_KEYS = frozenset(
    {
        "question",
        "query",
        "problem",
        "choices",
        "options",
        "option",
        "image",
        "images",
        "image_path",
        "solution",
        "gold",
        "gold_answer",
        "ground_truth",
        "gt",
        "label",
        "target",
        "reference",
        "true_answer",
        "question_type",
        "answer_type",
    }
)
# An id of ours says more than one of the source's; every key that a row has names the same item.
ID_KEYS = ("item_id", "problem_id", "source_id", "id", "pid", "ID")
OFFICIAL_KEYS = ("correct", "true_false")

_SHOWN = 20
_OPTION = "--response-key"


def response_key(rows: Iterable[Mapping[str, Any]], file: Path, named: str | None = None) -> str:
    """The one column that holds the responses of all rows: `named`, else the first known key that any row has.

    `answer` is taken only where no row has a better key and none looks like a benchmark's item. Raises UserError where
    no column can be told to hold responses, and for a `named` one that no row has.
    """
    columns = list(dict.fromkeys(column for row in rows for column in row))
    if not columns:
        raise UserError(f"{file} holds no rows of answers; each row is an object with an id and a response")
    has = ", ".join(columns[:_SHOWN]) + (" …" if len(columns) > _SHOWN else "")
    if named is not None:
        if named not in columns:
            raise UserError(f"no row of {file} has a column {named!r}; the columns are {has}")
        return named
    known = [key for key in RESPONSE_KEYS if key in columns]
    known += [column for column in columns if column.endswith(RESPONSE_ENDING)]
    if known:
        return known[0]
    if ANSWER_KEY not in columns:
        way = f"name the column with {_OPTION}; the columns are {has}"
        raise UserError(f"no row of {file} has one of {', '.join(RESPONSE_KEYS)}, {ANSWER_KEY}; {way}")
    item = next((column for column in columns if column in ITEM_KEYS), None)
    if item is not None:
        raise UserError(
            f"{file}: {ANSWER_KEY!r} stands beside {item!r}, so it is the gold and not a response; name the responses' "
            f"column with {_OPTION}; the columns are {has}"
        )
    return ANSWER_KEY


def official_verdict(row: Mapping[str, Any]) -> bool | None:
    """Somebody else's verdict on the row's answer, where the file carries one."""
    return next((row[key] for key in OFFICIAL_KEYS if isinstance(row.get(key), bool)), None)
