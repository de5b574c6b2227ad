"""Score answers that are stored already, by the same conventions as sampled ones."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import Progress

from eval.judge import Answer, file_name, judged, scoring_settings
from eval.scorers import known_scorer
from eval.summary import Summary, summarize
from workbench.answers import read_answers, refuse_golds, spellings
from workbench.benchmarks import find_benchmark
from workbench.errors import UserError
from workbench.plugins import load_plugins
from workbench.rows import Rejected
from workbench.schema import SCORES
from workbench.workspace import Workspace, safe_name, write_table


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
    """`response_key` is the column that was read; `unknown` are answers to no item of the benchmark, `unanswered` the
    items that the file has no row for (not scored), `rejected` the rows that are no answers.

    `agreement` compares our verdicts with the file's, `reproduction` the official scorer's as reproduced here.
    """

    summary: Summary
    response_key: str
    rejected: list[Rejected]
    unknown: list[str]
    unanswered: int
    agreement: Agreement | None
    reproduction: Agreement | None

    @property
    def no_response(self) -> list[str]:
        """The items whose row has no response, one for each row: they count as wrong."""
        return self.summary.no_response


def score_file(
    workspace: Workspace,
    file: str | Path,
    benchmark: str,
    data: str | None = None,
    *,
    model: str | None = None,
    response_key: str | None = None,
    scorer: str | None = None,
    progress: bool = True,
) -> Scored:
    """Judge the answers of a file (see `workbench.answers.read_answers`) and store scores.

    The model's name is the file's, unless `model` names it; `response_key` the responses' column, unless the file's
    layout tells it; `scorer` decides in place of the benchmark's own. Several rows with one id are samples of it.
    Raises UserError for a file without usable rows, and for one whose responses are the golds.
    """
    file = Path(file)
    load_plugins()
    bench, data = find_benchmark(benchmark, data)
    scorer = known_scorer(scorer or bench.scorer)
    loaded = bench.load(workspace, data, False)
    items = {item.item_id: item for item in loaded.items}
    stored = read_answers(file, response_key)
    refuse_golds(stored, {name: spellings(item.gold, item.choices) for name, item in items.items()})
    answers: list[Answer] = []
    seen: Counter[str] = Counter()
    for row in stored.answers:
        if row.key in items:
            extraction = row.row.get("extraction")
            answers.append(
                Answer(
                    items[row.key],
                    seen[row.key],
                    row.text,
                    official=row.official,
                    extraction=None if extraction is None else str(extraction),
                )
            )
            seen[row.key] += 1
    unknown = [row.key for row in stored.answers if row.key not in items]
    if not answers:
        ids = ", ".join(unknown[:3]) or "none, all rows were rejected"
        raise UserError(f"{file} answers no item of {loaded.source}; its ids begin with {ids}")
    name = model or file.stem
    settings = {
        "how": "stored",
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "response_key": stored.response_key,
        **scoring_settings(bench, scorer),
    }
    rows: list[dict[str, Any]] = []
    with Progress(transient=True, disable=not progress) as bar:
        task = bar.add_task("judging", total=len(answers))
        for chunk in judged(answers, bench, loaded, name, settings, scorer):
            rows += chunk
            bar.advance(task, len(chunk))
    path = workspace.evals(safe_name(loaded.name), name) / file_name([items[i] for i in seen], settings)
    write_table(path, rows, SCORES)
    summary = summarize(workspace, path)
    unanswered = len(items) - len(seen)
    ours = [None if row["verdict"] == "unscorable" else row["verdict"] == "correct" for row in rows]
    rules = [json.loads(row["meta"])["official_rules"] for row in rows]
    agreement, reproduction = (_agreement(answers, verdicts) for verdicts in (ours, rules))
    return Scored(summary, stored.response_key, stored.rejected, unknown, unanswered, agreement, reproduction)


def _agreement(answers: Sequence[Answer], verdicts: Sequence[bool | None]) -> Agreement | None:
    """Verdicts beside the file's own, over answers that have both."""
    pairs = [
        (verdict, answer.official)
        for answer, verdict in zip(answers, verdicts, strict=True)
        if answer.official is not None and verdict is not None
    ]
    if not pairs:
        return None
    return Agreement(
        n=len(pairs),
        both=sum(ours and bool(official) for ours, official in pairs),
        only_ours=sum(ours and not official for ours, official in pairs),
        only_official=sum(bool(official) and not ours for ours, official in pairs),
    )
