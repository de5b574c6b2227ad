"""`eureka verify`: judge the pairs of a JSON-lines file."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.errors import UserError
from workbench.verify.profiles import PROFILES
from workbench.verify.rows import BadRow, Row, read_rows
from workbench.verify.verdict import Judgement
from workbench.verify.verifier import Verifier

CHUNK = 50  # rows judged before their verdicts are written


def verify(
    pairs: Annotated[Path, typer.Argument(help="JSON lines of {id, gold, response, question?, choices?, ordered?, …}")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the verdicts go, one JSON line per row")],
    profile: Annotated[str, typer.Option(help=f"One of {', '.join(PROFILES)}")] = "default",
    workers: Annotated[int, typer.Option(help="Processes for symbolic comparison", min=1)] = 2,
) -> None:
    """Judge answers against golds, in input order; verdicts are written as they come, a bad row gets an error.

    Example: eureka verify pairs.jsonl -o verdicts.jsonl --profile k12
    """
    rows = read_rows(pairs)
    with Verifier(profile, workers) as verifier:
        verifier.warm_up()
        counts, reasons = judge_file(rows, pairs, output, verifier)
    judged = counts.total() - counts["errors"]
    if not judged:
        message = "has no rows" if not counts else f"has no row that can be judged: {reasons.most_common(1)[0][0]}"
        typer.echo(f"error: {pairs} {message}; a row is {{id, gold, response}}", err=True)
        raise typer.Exit(1)
    frequent = ", ".join(f"{reason} {n}" for reason, n in reasons.most_common(4))
    typer.echo(
        f"{judged} pairs: {counts['correct']} correct, {counts['wrong']} wrong, {counts['unscorable']} unscorable"
        + (f"; {counts['errors']} rows with errors" if counts["errors"] else "")
        + (f" ({frequent})" if frequent else "")
        + f" -> {output}"
    )


def judge_file(
    rows: Iterable[Row], source: Path, output: Path, verifier: Verifier
) -> tuple[Counter[str], Counter[str]]:
    """Judge and write chunk by chunk: (rows by verdict or "errors", reasons of all that are not correct)."""
    from rich.console import Console
    from rich.progress import Progress

    if not source.is_file():
        raise UserError(f"{source} is not a file; give a JSON-lines file of {{id, gold, response}} rows")
    if output.is_dir():
        raise UserError(f"{output} is a folder; give the verdicts a file, for example {output / 'verdicts.jsonl'}")
    if output.exists() and output.samefile(source):
        raise UserError(f"{output} is the input; write the verdicts to another file")
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    output.parent.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    # An id may hold half a surrogate pair, which JSON can carry and UTF-8 cannot: it is written as its JSON escape.
    verdicts = output.open("w", encoding="utf-8", errors="backslashreplace")
    with verdicts, Progress(console=console) as progress:
        task = progress.add_task("verify", total=source.stat().st_size)
        for chunk in _chunks(rows):
            for result in _judge_chunk(chunk, verifier):
                counts[result.get("verdict") or "errors"] += 1
                if "error" in result:
                    reasons[result["error"]] += 1
                    console.print(f"{source}:{result['line']}: {result['error']}", markup=False, soft_wrap=True)
                elif result["verdict"] != "correct":
                    reasons[result["reason"]] += 1
                verdicts.write(json.dumps(result, ensure_ascii=False) + "\n")
            verdicts.flush()
            progress.update(task, completed=chunk[-1].end)
    return counts, reasons


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


def _judge_chunk(chunk: Sequence[Row], verifier: Verifier) -> Iterator[dict[str, Any]]:
    """The output rows of a chunk, in order."""
    judgements = iter(verifier.judge([row.pair for row in chunk if not isinstance(row.pair, BadRow)]))
    for row in chunk:
        if isinstance(row.pair, BadRow):
            yield {"id": row.row_id, "line": row.line, "verdict": None, "error": row.pair.reason}
        else:
            yield verdict_row(row.row_id, next(judgements))


def verdict_row(row_id: Any, judgement: Judgement) -> dict[str, Any]:
    """The output row {id, verdict, extracted, rule, span, gold_type, reason, seconds}."""
    return {
        "id": row_id,
        "verdict": judgement.verdict.value,
        "extracted": judgement.extracted and judgement.extracted.encode("utf-8", "replace").decode(),
        "rule": judgement.rule,
        "span": list(judgement.span) if judgement.span else None,
        "gold_type": judgement.gold_type,
        "reason": judgement.reason,
        "seconds": round(judgement.seconds, 6),
    }
