"""Stored answers of a model: read, judged and kept as responses, so that they count as pass rates like own rollouts."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.difficulty import rates_of, response_row
from pipelines.progress import progress
from workbench.answers import NO_RESPONSE, StoredAnswer, StoredAnswers, read_answers, refuse_golds, spellings
from workbench.answers.reader import text_of
from workbench.benchmarks import benchmarks
from workbench.errors import UserError
from workbench.pairs import pair_of
from workbench.plugins import load_plugins, plugin_records
from workbench.rows import Rejected, RowError
from workbench.schema import RESPONSES
from workbench.store import Store
from workbench.verify import shared_verifier
from workbench.verify.profiles import PROFILES
from workbench.workspace import DatasetVersion, Workspace, write_json, write_table

_AT_ONCE = 512


@dataclass(frozen=True)
class ResponsesReport:
    """What came of an import. `rates` has problem_id, n, k, rate of what was stored.

    `response_key` is the column that was read. `no_response` are the ids of rows without a response, one for each row:
    they count as wrong. `unknown` are ids that the dataset does not have; `known` answers were stored by an earlier
    import of the same file. `path` is None where nothing new was stored. `agreement` is the share of our verdicts that
    equal the file's own, over `compared` answers that have both.
    """

    path: Path | None
    response_key: str
    stored: int
    known: int
    verdicts: dict[str, int]
    rates: pl.DataFrame | None
    no_response: list[str]
    unknown: list[str]
    rejected: list[Rejected]
    compared: int
    agreement: float | None


def import_responses(
    workspace: Workspace,
    path: str | Path,
    source_format: str,
    dataset: str,
    model: str,
    profile: str | None = None,
    response_key: str | None = None,
) -> ResponsesReport:
    """Judge a file's answers to a dataset's problems and store them under `responses/`.

    Several rows of one problem are its samples. What the same file brought before, for the same content of a problem,
    is not stored twice. `response_key` is the responses' column, unless the file's layout tells it. Raises UserError
    for a path, format, dataset or profile that is none, if no row answers a problem of the dataset, and if the
    responses are the golds.
    """
    load_plugins()
    conventions = PROFILES[profile or profile_of(source_format)].name
    version = workspace.dataset(dataset)
    file = Path(path)
    if not file.is_file():
        raise UserError(f"{path} is not a file; give a .jsonl, .json or .csv file with a row for each answer")
    stored = read_answers(file, response_key)
    problems = _problems(version)
    refuse_golds(stored, {key: spellings(row["answer"], row["choices"]) for key, row in problems.items()})
    answers, rejected = _with_facts(stored)
    unknown = [answer.key for answer, _ in answers if answer.key not in problems]
    if len(unknown) == len(answers):
        named = ", ".join([item.reason for item in rejected][:1] + unknown[:3])
        raise UserError(f"{path} answers no problem of {version.ref} ({named})")
    how = f"\0{source_format}\0{conventions}\0{stored.response_key}"
    digest = hashlib.sha256(file.read_bytes() + how.encode()).hexdigest()[:12]
    before = _before(workspace, model, digest)
    settings = {
        "file": file.name,
        "sha256": digest,
        "format": source_format,
        "profile": conventions,
        "response_key": stored.response_key,
    }
    rows, known, no_response = [], 0, []
    taken: Counter[str] = Counter()
    for answer, facts in answers:
        problem = problems.get(answer.key)
        if problem is None:
            continue
        if answer.text is None:
            no_response.append(answer.key)
        index = taken[problem["problem_id"]]
        taken[problem["problem_id"]] += 1
        if (problem["problem_id"], problem["content_hash"]) in before:
            known += 1
            continue
        rows.append((problem, answer, {"sample_index": index} | facts))
    table = _judged(rows, model, conventions, json.dumps(settings, sort_keys=True), version.ref)
    target, rates = None, None
    if table:
        target = workspace.responses(version.name, model) / f"imported-{digest}-{version.version}.parquet"
        described = {"settings": {**settings, "dataset": version.ref, "model": model}, "plugins": plugin_records()}
        try:
            write_json(target.with_suffix(".json"), described)
            write_table(target, table, RESPONSES)
        except OSError as error:
            raise UserError(f"the import of {path} stopped, no answer was stored: {error}") from error
        rates = rates_of(target)
    both = [
        (row["verdict"] == "correct") == answer.official
        for row, (_, answer, _) in zip(table, rows, strict=True)
        if answer.official is not None and row["verdict"] != "unscorable"
    ]
    verdicts = Counter(row["verdict"] for row in table)
    agreement = sum(both) / len(both) if both else None
    return ResponsesReport(
        path=target,
        response_key=stored.response_key,
        stored=len(table),
        known=known,
        verdicts=dict(verdicts.most_common()),
        rates=rates,
        no_response=no_response,
        unknown=unknown,
        rejected=rejected,
        compared=len(both),
        agreement=agreement,
    )


def profile_of(source_format: str) -> str:
    """The verifier's profile that a format of responses asks for: the benchmark's, or `default` for `jsonl`."""
    known = benchmarks()
    if source_format != "jsonl" and source_format not in known:
        formats = ", ".join(sorted({"jsonl", *(benchmark.name for benchmark in known.values())}))
        raise UserError(f"no format of responses is called {source_format!r}; there are {formats}")
    return "default" if source_format == "jsonl" else known[source_format].profile


def _with_facts(stored: StoredAnswers) -> tuple[list[tuple[StoredAnswer, dict[str, Any]]], list[Rejected]]:
    """The answers with what their rows say of the sampling, and the rejected rows, those that say it wrongly too."""
    answers, rejected = [], list(stored.rejected)
    for answer in stored.answers:
        try:
            answers.append((answer, _facts(answer.row)))
        except RowError as error:
            detail = f"{stored.file.name}:{answer.number} {error.detail}"
            rejected.append(Rejected(answer.key, answer.row, error.reason, detail))
    return answers, rejected


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    """sample_index, n_tokens and finish_reason where the row has them. Raises RowError for a wrong type."""
    facts: dict[str, Any] = {}
    for name in ("sample_index", "n_tokens", "finish_reason"):
        cell = text_of(row, name)
        if cell is None:
            continue
        if name != "finish_reason" and not (cell.isdecimal() and int(cell[:11]) < 2**31):
            raise RowError("wrong_type", f"{name} is {cell!r:.40}, not a count")
        facts[name] = cell if name == "finish_reason" else int(cell)
    return facts


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
    rows: Sequence[tuple[dict[str, Any], StoredAnswer, dict[str, Any]]],
    model: str,
    profile: str,
    sampling: str,
    title: str,
) -> list[dict[str, Any]]:
    """Rows of the responses table."""
    verifier = shared_verifier(profile)
    verifier.warm_up()
    table: list[dict[str, Any]] = []
    with progress(f"judging answers to {title}", len(rows)) as advance:
        for start in range(0, len(rows), _AT_ONCE):
            chunk = rows[start : start + _AT_ONCE]
            pairs = [pair_of(problem, answer.text) for problem, answer, _ in chunk if answer.text is not None]
            judgements = iter(verifier.judge(pairs))
            for problem, answer, facts in chunk:
                judgement = NO_RESPONSE if answer.text is None else next(judgements)
                drawn = (answer.text, facts.get("n_tokens"), facts.get("finish_reason"))
                table.append(response_row(problem, model, facts["sample_index"], *drawn, judgement, sampling))
            advance(len(chunk))
    return table
