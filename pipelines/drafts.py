"""From a draft to a problem: types, lengths, language and answer type are settled here, for every source alike."""

import json
import math
from collections.abc import Sequence
from typing import Any

from pipelines.languages import language_of
from pipelines.sources.base import Draft, RowError
from workbench.schema import ANSWER_TYPES, Problem
from workbench.verify import Verifier

# Far above any real problem; what is longer is a parsing accident or an attack.
MAX_TEXT = 200_000
_PLAIN = ("subject", "topic", "grade", "level", "license", "split", "solution", "language", "source")


def to_problem(draft: Draft, images: Sequence[str], source: str, verifier: Verifier) -> Problem:
    """The problem of a draft whose pictures are stored under the sha256 names `images`.

    Raises RowError `no_source_id`, `no_question`, `no_answer`, `wrong_type`, `text_too_long`, `nul_byte` or
    `not_unicode`.
    """
    source_id = text("source_id", draft.source_id)
    if source_id is None:
        raise RowError("no_source_id")
    question = text("question", draft.question)
    if question is None:
        raise RowError("no_question")
    answer = text("answer", draft.answer)
    if answer is None:
        raise RowError("no_answer")
    choices = _choices(draft.choices)
    plain = {name: text(name, getattr(draft, name)) for name in _PLAIN}
    plain["source"] = plain["source"] or source
    plain["language"] = plain["language"] or language_of(question)
    extra = dict(draft.extra)
    hint = draft.answer_type
    if hint is not None and hint not in ANSWER_TYPES:
        extra["answer_type"] = hint
        hint = None
    return Problem(
        source_id=source_id,
        question=question,
        images=tuple(images),
        answer=answer,
        choices=choices,
        answer_type=hint or verifier.gold_type(answer, choices),
        extra=_json("extra", extra),
        **plain,  # type: ignore[arg-type]
    )


def text(name: str, value: Any) -> str | None:
    """A column's value as text; None where there is nothing. Numbers are text, other types are a RowError.

    NaN is how tables say that a cell is empty, and an infinity is no value either: both are None.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RowError("wrong_type", f"{name} is {type(value).__name__}, not text")
    result = str(value).strip()
    if len(result) > MAX_TEXT:
        raise RowError("text_too_long", f"{name} has {len(result)} characters, the limit is {MAX_TEXT}")
    if "\0" in result:
        raise RowError("nul_byte", f"{name} holds a NUL byte")
    try:
        result.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RowError("not_unicode", f"{name} holds half a surrogate pair") from error
    return result or None


def _choices(value: Any) -> tuple[str, ...] | None:
    if value is None or value == []:
        return None
    if not isinstance(value, list | tuple):
        raise RowError("wrong_type", f"choices is {type(value).__name__}, not a list")
    choices = tuple(text("choices", item) for item in value)
    if any(choice is None for choice in choices):
        raise RowError("wrong_type", "choices holds an empty option")
    return tuple(str(choice) for choice in choices)


def _json(name: str, value: Any) -> str:
    try:
        result = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    except (TypeError, ValueError) as error:
        raise RowError("wrong_type", f"{name}: {error}") from error
    return text(name, result) or "{}"
