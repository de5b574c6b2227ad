"""Score answers that are stored already, by the same conventions as sampled ones."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import Progress

from eval.benchmarks import find_benchmark, read_rows
from eval.judge import Answer, file_name, judged
from eval.summary import Summary, summarize
from workbench.errors import UserError
from workbench.schema import SCORES
from workbench.workspace import Workspace, safe_name, write_table

# Where a stored answer may lie in its row, best first: the whole response, else what somebody extracted from it.
RESPONSE_KEYS = ("response", "model_answer", "answer")


@dataclass(frozen=True)
class Agreement:
    """Our verdict against the official one, over answers that have both and are scorable."""

    n: int
    both: int
    only_ours: int
    only_official: int

    @property
    def rate(self) -> float:
        return 1 - (self.only_ours + self.only_official) / self.n


@dataclass(frozen=True)
class Scored:
    """`unknown` are answers to no item of the benchmark, `unanswered` the items nobody answered (not scored)."""

    summary: Summary
    unknown: list[str]
    unanswered: int
    agreement: Agreement | None


def score_file(
    workspace: Workspace,
    file: Path,
    benchmark: str,
    data: str | None = None,
    *,
    model: str | None = None,
    progress: bool = True,
) -> Scored:
    """Judge the answers of a jsonl (or json) file {id, response | model_answer | answer, correct?} and store scores.

    The model's name is the file's, unless `model` names it. Several rows with one id are samples of it. Raises
    UserError for a file without usable rows.
    """
    bench, data = find_benchmark(benchmark, data)
    loaded = bench.load(workspace, data, False)
    items = {item.item_id: item for item in loaded.items}
    answers: list[Answer] = []
    unknown: list[str] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(read_rows(file), 1):
        item_id, response = str(row.get("id", "")), _response(row)
        if response is None or not item_id:
            keys = ", ".join(RESPONSE_KEYS)
            raise UserError(f"{file}: row {number} needs an id and one of {keys}; it has {', '.join(row) or 'nothing'}")
        if item_id not in items:
            unknown.append(item_id)
            continue
        index = seen[item_id] = seen.get(item_id, -1) + 1
        official = row.get("correct")
        answers.append(
            Answer(items[item_id], index, response, official=official if isinstance(official, bool) else None)
        )
    if not answers:
        raise UserError(f"{file} answers no item of {loaded.source}; its ids begin with {', '.join(unknown[:3])}")
    name = model or file.stem
    settings = {"how": "stored", "file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    rows: list[dict[str, Any]] = []
    with Progress(transient=True, disable=not progress) as bar:
        task = bar.add_task("judging", total=len(answers))
        for chunk in judged(answers, bench, loaded, name, settings):
            rows += chunk
            bar.advance(task, len(chunk))
    path = workspace.evals(safe_name(loaded.name), name) / file_name([items[i] for i in seen], settings)
    write_table(path, rows, SCORES)
    return Scored(summarize(workspace, path), unknown, len(items) - len(seen), _agreement(answers, rows))


def _response(row: dict[str, Any]) -> str | None:
    return next((str(row[key]) for key in RESPONSE_KEYS if row.get(key) is not None), None)


def _agreement(answers: Sequence[Answer], rows: Sequence[dict[str, Any]]) -> Agreement | None:
    pairs = [
        (row["verdict"] == "correct", answer.official)
        for answer, row in zip(answers, rows, strict=True)
        if answer.official is not None and row["verdict"] != "unscorable"
    ]
    if not pairs:
        return None
    return Agreement(
        n=len(pairs),
        both=sum(ours and bool(official) for ours, official in pairs),
        only_ours=sum(ours and not official for ours, official in pairs),
        only_official=sum(bool(official) and not ours for ours, official in pairs),
    )
