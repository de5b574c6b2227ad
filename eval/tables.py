"""Summaries and comparisons as tables on a terminal and as JSON."""

import json
import math
from dataclasses import asdict, is_dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.comparison import Comparison
from eval.report import BenchmarkReport
from eval.score import Scored
from eval.summary import Summary
from workbench.statistics import Interval

NAMED = 5


def percent(interval: Interval) -> str:
    """`41.2 % [35.0, 47.7]`, or a dash where nothing was counted."""
    if interval.n == 0:
        return "–"
    return f"{interval.value:.1%} [{interval.low:.1%}, {interval.high:.1%}]"


def show_summary(summary: Summary, console: Console) -> None:
    """Accuracy with its interval, by subject and level, length, reflection, and what was not scored and why."""
    console.print(f"\n[bold]{summary.benchmark}[/bold] · {summary.model} · {summary.n_items} items", highlight=False)
    official = summary.has_official
    table = Table("", "n", "accuracy, 95 % interval", *(["official scoring"] if official else []))
    table.add_row("all", *_cells(summary.accuracy, summary.official if official else None))
    for key, parts in summary.groups.items():
        table.add_section()
        theirs = summary.official_groups.get(key, {}) if official else {}
        for name, interval in parts.items():
            table.add_row(f"{key} {name}", *_cells(interval, theirs.get(name)))
    console.print(table)
    for name, share in summary.metrics.items():
        console.print(f"{name} {share:.1%}", highlight=False, markup=False)
    if summary.official_unknown:
        console.print(
            f"official scoring needs what a language model extracts (column `extraction`) from "
            f"{summary.official_unknown} of {summary.official_unknown + summary.official.n} answers",
            highlight=False,
        )
    length = "unknown" if summary.mean_tokens is None else f"{summary.mean_tokens:.1f} tokens"
    console.print(f"mean length {length}; cut off at the limit {percent(summary.truncated)}", highlight=False)
    console.print(f"reflection rate {percent(summary.reflection)}", highlight=False)
    for reason, items in summary.unscored.items():
        console.print(f"not scored, {reason}: {_some(items)}", highlight=False, markup=False)
    if summary.no_response:
        console.print(f"no response, counted as wrong: {_some(summary.no_response)}", highlight=False, markup=False)
    console.print(f"stored in {summary.path}", highlight=False, soft_wrap=True)


def _cells(interval: Interval, official: Interval | None) -> list[str]:
    cells = [str(interval.n), percent(interval)]
    return cells if official is None else [*cells, percent(official)]


def show_scored(scored: Scored, console: Console) -> None:
    """The summary of stored answers: where they were read, what was none, the agreement with official verdicts."""
    show_summary(scored.summary, console)
    console.print(f"responses read from {scored.response_key!r}", highlight=False, markup=False)
    if scored.unknown:
        console.print(f"answers to no item of this benchmark: {_some(scored.unknown)}", highlight=False, markup=False)
    for item in scored.rejected[:NAMED]:
        # repr keeps a row's own line breaks and control characters off the terminal.
        source_id = "a row" if item.source_id is None else repr(item.source_id)[1:-1]
        named = f"rejected {source_id}: {item.reason} ({repr(item.detail)[1:-1]:.200})"
        console.print(named, highlight=False, markup=False, soft_wrap=True)
    if len(scored.rejected) > NAMED:
        console.print(f"… and {len(scored.rejected) - NAMED} more rejected rows", highlight=False)
    if scored.unanswered:
        console.print(f"items without an answer, not scored: {scored.unanswered}", highlight=False)
    if scored.agreement:
        a = scored.agreement
        console.print(
            f"official verdicts: {a.rate:.2%} agree of {a.n}; correct for both {a.both}, for us only {a.only_ours}, "
            f"officially only {a.only_official}",
            highlight=False,
            soft_wrap=True,
        )
    if scored.reproduction:
        r = scored.reproduction
        console.print(f"the official scoring as reproduced here agrees on {r.rate:.2%} of {r.n}", highlight=False)


def show_comparisons(comparisons: list[Comparison], console: Console) -> None:
    """One table a benchmark: the two models' columns side by side, then the difference."""
    for c in comparisons:
        table = Table("", c.a.model, c.b.model, title=c.benchmark)
        table.add_row("accuracy, all scored", percent(c.a.accuracy), percent(c.b.accuracy))
        table.add_row(f"accuracy, {c.n_items} shared items", f"{c.accuracy_a:.1%}", f"{c.accuracy_b:.1%}")
        table.add_row("mean length, tokens", _number(c.a.mean_tokens), _number(c.b.mean_tokens))
        table.add_row("reflection rate", percent(c.a.reflection), percent(c.b.reflection))
        table.add_row("cut off", percent(c.a.truncated), percent(c.b.truncated))
        console.print(table)
        d = c.difference
        console.print(
            f"difference {100 * d.value:+.1f} points [{100 * d.low:+.1f}, {100 * d.high:+.1f}]; "
            f"{c.gained} gained, {c.lost} lost; McNemar p = {c.p_value:.3g}",
            highlight=False,
        )
        if not c.same_settings:
            console.print(
                f"settings differ: {c.a.settings} and {c.b.settings}", highlight=False, markup=False, soft_wrap=True
            )


def show_reports(reports: list[BenchmarkReport], console: Console) -> None:
    """One table for each benchmark: the models of the workspace, then what was published."""
    for item in reports:
        official = any(summary.has_official for summary in item.models)
        table = Table("model", "items", "accuracy, 95 % interval", *(["official scoring"] if official else []))
        table.title = item.benchmark
        for summary in item.models:
            theirs = [percent(summary.official) if summary.has_official else "–"] if official else []
            table.add_row(summary.model, str(summary.accuracy.n), percent(summary.accuracy), *theirs)
        table.add_section()
        for row in item.published:
            table.add_row(f"{row['model']} ({row['protocol']})", "", f"{row['score']:.1f}%")
        console.print(table)
        sources = dict.fromkeys((row["protocol"], row["source"]) for row in item.published)
        for protocol, source in sorted(sources):
            console.print(f"published, {protocol}: {source}", highlight=False, markup=False)


def show_listing(rows: list[dict[str, Any]], console: Console) -> None:
    """The benchmarks by name; `--json` has every fact."""
    table = Table("name", "items", "read from", "prompt", "scorings")
    for row in rows:
        items = "" if row["items"] is None else f"{row['items']:,}"
        files, scorings = (", ".join(row[key]) for key in ("read from", "scorings"))
        table.add_row(row["name"], items, files, row["prompt"], scorings)
    console.print(table)


def as_json(value: Any) -> str:
    """A dataclass or a plain value (or a list of them) as JSON text; what is not a number is null."""
    plain = [_plain(v) for v in value] if isinstance(value, list) else _plain(value)
    return json.dumps(_without_nan(plain), ensure_ascii=False, indent=2, default=str)


def _some(ids: list[str]) -> str:
    """How many, and the first of them by name."""
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{len(ids)} ({', '.join(repr(name)[1:-1] for name in ids[:NAMED])}{more})"


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
