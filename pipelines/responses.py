"""Stored answers of a model: read, judged and kept as responses, so that they count as pass rates like own rollouts."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.difficulty import pair_of, rates_of, response_row
from pipelines.progress import progress
from pipelines.sources.base import Rejected, RowError
from workbench.errors import UserError
from workbench.registry import Registry
from workbench.rows import jsonl_rows
from workbench.schema import RESPONSES
from workbench.store import Store
from workbench.verify import shared_verifier
from workbench.verify.profiles import PROFILES
from workbench.workspace import DatasetVersion, Workspace, write_json, write_table

_AT_ONCE = 512


@dataclass(frozen=True)
class Stored:
    """One stored answer: `key` is a problem's source_id or problem_id; `official` somebody else's verdict, if known."""

    key: str
    response: str
    sample_index: int | None = None
    n_tokens: int | None = None
    finish_reason: str | None = None
    official: bool | None = None


@dataclass(frozen=True)
class Format:
    """How a row is read (RowError where it cannot be), and the verifier's profile that its benchmark asks for."""

    read: Callable[[dict[str, Any]], Stored]
    profile: str


FORMATS: Registry[Format] = Registry("format of responses")


@dataclass(frozen=True)
class ResponsesReport:
    """What came of an import. `rates` has problem_id, n, k, rate of what was stored.

    `unknown` are ids that the dataset does not have; `known` answers were stored by an earlier import of the same file.
    `path` is None where nothing new was stored. `agreement` is the share of our verdicts that equal the file's own,
    over `compared` answers that have both.
    """

    path: Path | None
    stored: int
    known: int
    verdicts: dict[str, int]
    rates: pl.DataFrame | None
    unknown: list[str]
    rejected: list[Rejected]
    compared: int
    agreement: float | None


def _text(row: dict[str, Any], *names: str) -> str | None:
    """The first of the columns that is there, as text. Raises RowError where it is none."""
    value = next((row[name] for name in names if row.get(name) is not None), None)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise RowError("wrong_type", f"{names[0]} is {type(value).__name__}, not text")
    return None if value is None else str(value).encode("utf-8", "replace").decode()


def _stored(row: dict[str, Any], keys: Sequence[str], responses: Sequence[str]) -> Stored:
    key, response = _text(row, *keys), _text(row, *responses)
    if key is None or not key.strip():
        raise RowError("no_source_id", f"it needs {' or '.join(keys)}")
    if response is None:
        raise RowError("no_response", f"it needs {' or '.join(responses)}")
    numbers = {name: row.get(name) for name in ("sample_index", "n_tokens")}
    for name, value in numbers.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31):
            raise RowError("wrong_type", f"{name} is {value!r:.40}, not a count")
    official = row.get("correct")
    return Stored(
        key.strip(),
        response,
        finish_reason=_text(row, "finish_reason"),
        official=official if isinstance(official, bool) else None,
        **numbers,
    )


# MATH-Vision's `outputs/MODEL.jsonl`: {id, response, model_answer, correct}.
FORMATS.register("mathv")(Format(lambda row: _stored(row, ["id"], ["response", "model_answer"]), "mathvision"))
FORMATS.register("jsonl")(
    Format(lambda row: _stored(row, ["problem_id", "source_id", "id"], ["response", "answer"]), "default")
)


def import_responses(
    workspace: Workspace, path: str, source_format: str, dataset: str, model: str, profile: str | None = None
) -> ResponsesReport:
    """Judge a file's answers to a dataset's problems and store them under `responses/`.

    Several rows of one problem are its samples. What the same file brought before, for the same content of a problem,
    is not stored twice. Raises UserError for a path, format, dataset or profile that is none, or if no row answers a
    problem of the dataset.
    """
    form = FORMATS[source_format]
    conventions = PROFILES[profile or form.profile].name
    version = workspace.dataset(dataset)
    file = Path(path)
    if not file.is_file():
        raise UserError(f"{path} is not a file; give a JSONL file with a row for each answer")
    answers, rejected = _read(file, form)
    problems = _problems(version)
    unknown = [answer.key for answer in answers if answer.key not in problems]
    if len(unknown) == len(answers):
        named = ", ".join([item.reason for item in rejected][:1] + unknown[:3])
        raise UserError(f"{path} answers no problem of {version.ref} ({named or 'it has no rows'})")
    digest = hashlib.sha256(file.read_bytes() + f"\0{source_format}\0{conventions}".encode()).hexdigest()[:12]
    before = _before(workspace, model, digest)
    settings = {"file": file.name, "sha256": digest, "format": source_format, "profile": conventions}
    rows, officials, known = [], [], 0
    taken: Counter[str] = Counter()
    for answer in answers:
        problem = problems.get(answer.key)
        if problem is None:
            continue
        index = taken[problem["problem_id"]]
        taken[problem["problem_id"]] += 1
        if (problem["problem_id"], problem["content_hash"]) in before:
            known += 1
            continue
        index = index if answer.sample_index is None else answer.sample_index
        rows.append((problem, index, answer))
        officials.append(answer.official)
    table = _judged(rows, model, conventions, json.dumps(settings, sort_keys=True), version.ref)
    target, rates = None, None
    if table:
        target = workspace.responses(version.name, model) / f"imported-{digest}-{version.version}.parquet"
        described = {"settings": {**settings, "dataset": version.ref, "model": model}}
        try:
            write_json(target.with_suffix(".json"), described)
            write_table(target, table, RESPONSES)
        except OSError as error:
            raise UserError(f"the import of {path} stopped, no answer was stored: {error}") from error
        rates = rates_of(target)
    both = [
        ((row["verdict"] == "correct") == official)
        for row, official in zip(table, officials, strict=True)
        if official is not None and row["verdict"] != "unscorable"
    ]
    verdicts = Counter(row["verdict"] for row in table)
    agreement = sum(both) / len(both) if both else None
    return ResponsesReport(
        target, len(table), known, dict(verdicts.most_common()), rates, unknown, rejected, len(both), agreement
    )


def _read(file: Path, form: Format) -> tuple[list[Stored], list[Rejected]]:
    answers: list[Stored] = []
    rejected: list[Rejected] = []
    for item in jsonl_rows(file):
        if isinstance(item, Rejected):
            rejected.append(item)
            continue
        number, row = item
        if not isinstance(row, dict):
            rejected.append(Rejected(None, row, "row_not_object", f"{file.name}:{number} is {type(row).__name__}"))
            continue
        try:
            answers.append(form.read(row))
        except RowError as error:
            given = row.get("problem_id", row.get("source_id", row.get("id")))
            key = str(given) if isinstance(given, str | int) else None
            rejected.append(Rejected(key, row, error.reason, f"{file.name}:{number} {error.detail}"))
    return answers, rejected


def _problems(version: DatasetVersion) -> dict[str, dict[str, Any]]:
    """The problems by problem_id and by source_id.

    A source_id that two sources of a merged dataset share names none of them; a problem_id always does.
    """
    columns = ["problem_id", "source_id", "content_hash", "question", "answer", "choices", "answer_type", "extra"]
    rows = pl.read_parquet(version.problems, columns=columns).to_dicts()
    shared = Counter(row["source_id"] for row in rows)
    by_source = {row["source_id"]: row for row in rows if shared[row["source_id"]] == 1}
    return by_source | {row["problem_id"]: row for row in rows}


def _before(workspace: Workspace, model: str, digest: str) -> set[tuple[str, str]]:
    """(problem_id, content_hash) that the same file brought answers to, for whichever dataset."""
    files = [path for path in Store(workspace).responses(model=model) if path.name.startswith(f"imported-{digest}-")]
    return {
        pair for file in files for pair in pl.read_parquet(file, columns=["problem_id", "content_hash"]).iter_rows()
    }


def _judged(
    rows: Sequence[tuple[dict[str, Any], int, Stored]], model: str, profile: str, sampling: str, title: str
) -> list[dict[str, Any]]:
    """Rows of the responses table."""
    verifier = shared_verifier(profile)
    table: list[dict[str, Any]] = []
    with progress(f"judging answers to {title}", len(rows)) as advance:
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            judgements = verifier.judge([pair_of(problem, answer.response) for problem, _, answer in part])
            for (problem, index, answer), judgement in zip(part, judgements, strict=True):
                drawn = (answer.response, answer.n_tokens, answer.finish_reason)
                table.append(response_row(problem, model, index, *drawn, judgement, sampling))
            advance(len(part))
    return table
