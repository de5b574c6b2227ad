"""What a problem, a decision, a response, a rollout and a score are: the columns every part agrees on.

The tables are Arrow schemas because Parquet on disk is the contract; Polars and DuckDB both read them.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pyarrow as pa

AnswerType = Literal[
    "number",
    "expression",
    "equation",
    "interval",
    "set",
    "tuple",
    "matrix",
    "choice",
    "text",
    "multi",
]
ANSWER_TYPES: tuple[str, ...] = get_args(AnswerType)

PROBLEMS = pa.schema(
    [
        ("problem_id", pa.string()),
        ("content_hash", pa.string()),
        ("source", pa.string()),
        ("source_id", pa.string()),
        ("question", pa.string()),
        ("images", pa.list_(pa.string())),
        ("choices", pa.list_(pa.string())),
        ("answer", pa.string()),
        ("answer_type", pa.string()),
        ("solution", pa.string()),
        ("subject", pa.string()),
        ("topic", pa.string()),
        ("grade", pa.string()),
        ("level", pa.string()),
        ("language", pa.string()),
        ("license", pa.string()),
        ("split", pa.string()),
        ("extra", pa.string()),  # a JSON object
    ]
)
DECISIONS = pa.schema(
    [
        ("problem_id", pa.string()),
        ("step", pa.string()),
        (
            "verdict",
            pa.string(),
        ),  # keep, drop (exactly one of the two a problem) or flag
        ("reason", pa.string()),  # a short code; "kept" for a keep
        ("detail", pa.string()),  # a JSON object: the figures, the twin's id, …
        ("dataset_version", pa.string()),  # NAME@vNNN
    ]
)
RESPONSES = pa.schema(
    [
        ("problem_id", pa.string()),
        ("content_hash", pa.string()),
        ("model", pa.string()),
        ("sample_index", pa.int32()),
        ("response", pa.string()),
        ("n_tokens", pa.int32()),
        ("finish_reason", pa.string()),
        ("verdict", pa.string()),
        ("extracted", pa.string()),
        ("rule", pa.string()),
        ("span", pa.list_(pa.int32())),
        ("sampling", pa.string()),  # a JSON object
    ]
)
ROLLOUTS = pa.schema(
    [
        ("rollout_id", pa.string()),  # RUN/step/group/sample
        ("run_id", pa.string()),
        ("step", pa.int32()),
        ("group_id", pa.string()),
        ("problem_id", pa.string()),
        ("sample_index", pa.int32()),
        ("weight_version", pa.int32()),
        ("prompt", pa.string()),
        ("response", pa.string()),
        ("token_ids", pa.list_(pa.int32())),
        ("logprobs", pa.list_(pa.float32())),  # the sampler's, one a response token
        ("finish_reason", pa.string()),
        ("reward", pa.float32()),
        ("rewards", pa.map_(pa.string(), pa.float32())),
        ("reward_reasons", pa.map_(pa.string(), pa.string())),
        ("verdict", pa.string()),
        ("extracted", pa.string()),
        ("rule", pa.string()),
        ("span", pa.list_(pa.int32())),
        ("advantage", pa.float32()),
        ("used", pa.bool_()),
        ("unused_reason", pa.string()),
        ("n_tokens", pa.int32()),
    ]
)
SCORES = pa.schema(
    [
        ("benchmark", pa.string()),
        ("model", pa.string()),
        ("item_id", pa.string()),
        ("sample_index", pa.int32()),
        ("response", pa.string()),
        ("extracted", pa.string()),
        ("verdict", pa.string()),
        ("scorer", pa.string()),
        (
            "meta",
            pa.string(),
        ),  # a JSON object: gold, reason, n_tokens, finish_reason, subject, level, …
    ]
)


def problem_id(source: str, source_id: str) -> str:
    """Stable 16-hex-digit id of a source row; editing the problem keeps it."""
    return _digest([source, source_id])


def content_hash(question: str, images: Sequence[str], choices: Sequence[str] | None, answer: str) -> str:
    """16 hex digits over what a response or verdict was made for; any edit changes it."""
    return _digest([question, list(images), None if choices is None else list(choices), answer])


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True)
class Problem:
    """One row of the problems table. `images` are sha256 names in the image store; `extra` is free-form."""

    source: str
    source_id: str
    question: str
    images: tuple[str, ...]
    answer: str
    choices: tuple[str, ...] | None = None
    answer_type: str | None = None
    solution: str | None = None
    subject: str | None = None
    topic: str | None = None
    grade: str | None = None
    level: str | None = None
    language: str | None = None
    license: str | None = None
    split: str | None = None
    extra: str = "{}"

    @property
    def problem_id(self) -> str:
        return problem_id(self.source, self.source_id)

    @property
    def content_hash(self) -> str:
        return content_hash(self.question, self.images, self.choices, self.answer)

    def row(self) -> dict[str, Any]:
        """The problems-table row of this problem."""
        return {name: getattr(self, name) for name in PROBLEMS.names}
