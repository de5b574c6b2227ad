"""`eureka verify`: judge the pairs of a JSON-lines file."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.errors import UserError
from workbench.verify.profiles import PROFILES
from workbench.verify.verdict import Judgement, Pair
from workbench.verify.verifier import Verifier
from workbench.workspace import write_jsonl

CHUNK = 500


def verify(
    pairs: Annotated[Path, typer.Argument(help="JSON lines of {id, gold, response, choices?, answer_type?, …}")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the verdicts go, one JSON line a pair")],
    profile: Annotated[str, typer.Option(help=f"One of {', '.join(PROFILES)}")] = "default",
    workers: Annotated[int, typer.Option(help="Processes for symbolic comparison")] = 2,
) -> None:
    """Judge answers against golds, in input order.

    Example: eureka verify pairs.jsonl -o verdicts.jsonl --profile k12
    """
    from rich.console import Console
    from rich.progress import Progress

    rows = list(read_pairs(pairs))
    if not rows:
        raise UserError(f"{pairs} has no pairs; a row is {{id, gold, response}}")
    judgements: list[Judgement] = []
    with Verifier(profile, workers) as verifier, Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("verify", total=len(rows))
        for start in range(0, len(rows), CHUNK):
            part = verifier.judge([pair for _, pair in rows[start : start + CHUNK]])
            judgements.extend(part)
            progress.advance(task, len(part))
    write_jsonl(output, [verdict_row(i, j) for (i, _), j in zip(rows, judgements, strict=True)])
    counts = Counter(j.verdict.value for j in judgements)
    reasons = Counter(j.reason for j in judgements if j.verdict.value != "correct").most_common(4)
    typer.echo(
        f"{len(rows)} pairs: {counts['correct']} correct, {counts['wrong']} wrong, {counts['unscorable']} unscorable"
        + (f" ({', '.join(f'{reason} {n}' for reason, n in reasons)})" if reasons else "")
        + f" -> {output}"
    )


def verdict_row(row_id: Any, judgement: Judgement) -> dict[str, Any]:
    """The output row {id, verdict, extracted, rule, span, gold_type, reason, seconds}."""
    return {
        "id": row_id,
        "verdict": judgement.verdict.value,
        # Half a surrogate pair, which JSON can carry, is no text that UTF-8 can.
        "extracted": judgement.extracted and judgement.extracted.encode("utf-8", "replace").decode(),
        "rule": judgement.rule,
        "span": list(judgement.span) if judgement.span else None,
        "gold_type": judgement.gold_type,
        "reason": judgement.reason,
        "seconds": round(judgement.seconds, 6),
    }


def read_pairs(path: Path) -> Iterator[tuple[Any, Pair]]:
    """(id, pair) of each row; null fields and unknown keys are ignored. Raises UserError naming file and line."""
    if not path.is_file():
        raise UserError(f"{path} is not a file; give a JSON-lines file of {{id, gold, response}} rows")
    with path.open(encoding="utf-8", errors="surrogateescape") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                raise UserError(f"{path}:{number} is no JSON object (torn or badly quoted row)") from None
            yield pair_of_row(row, f"{path}:{number}")


def pair_of_row(row: Any, where: str) -> tuple[Any, Pair]:
    """(id, pair) of a decoded row; UserError names `where` and the field that is wrong."""
    if not isinstance(row, dict):
        raise UserError(f"{where} is a JSON {type(row).__name__}, not an object with id, gold and response")
    for name in ("gold", "response"):
        if isinstance(row.get(name), bool) or not isinstance(row.get(name), str | int | float):
            raise UserError(f"{where} has no {name} (a string); it has {', '.join(map(str, row)) or 'no keys'}")
    choices = row.get("choices") or None
    if choices is not None and not (
        isinstance(choices, list) and all(isinstance(c, str | int | float) for c in choices)
    ):
        raise UserError(f"{where} has choices that are not a list of texts")
    tolerance = row.get("tolerance")
    precision = row.get("precision")
    try:
        if isinstance(tolerance, list):
            tolerance = tuple(float(t) for t in tolerance)
        elif tolerance is not None:
            tolerance = float(tolerance)
        precision = None if precision is None else int(float(precision))
    except (TypeError, ValueError):
        raise UserError(
            f"{where} has a tolerance or precision that is not a number: {tolerance!r}, {precision!r}"
        ) from None
    pair = Pair(
        gold=str(row["gold"]),
        response=str(row["response"]),
        choices=tuple(str(c) for c in choices) if choices else None,
        answer_type=row.get("answer_type") if isinstance(row.get("answer_type"), str) else None,
        precision=precision,
        tolerance=tolerance,
        unit=row.get("unit") if isinstance(row.get("unit"), str) else None,
    )
    return row.get("id"), pair
