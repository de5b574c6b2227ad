"""Summaries and comparisons as tables on a terminal and as JSON."""

import json
import math
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.comparison import Comparison
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
    table = Table("", "n", "accuracy, 95 % interval")
    table.add_row("all", str(summary.accuracy.n), percent(summary.accuracy))
    for key, parts in summary.groups.items():
        table.add_section()
        for name, interval in parts.items():
            table.add_row(f"{key} {name}", str(interval.n), percent(interval))
    console.print(table)
    length = "unknown" if summary.mean_tokens is None else f"{summary.mean_tokens:.1f} tokens"
    console.print(f"mean length {length}; cut off at the limit {percent(summary.truncated)}", highlight=False)
    console.print(f"reflection rate {percent(summary.reflection)}", highlight=False)
    for reason, items in summary.unscored.items():
        console.print(f"not scored, {reason}: {_some(items)}", highlight=False, markup=False)
    if summary.no_response:
        console.print(f"no response, counted as wrong: {_some(summary.no_response)}", highlight=False, markup=False)
    console.print(f"stored in {summary.path}", highlight=False, soft_wrap=True)


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


def as_json(value: Any) -> str:
    """A dataclass (or a list of them) as JSON text; what is not a number is null."""
    plain = [asdict(v) for v in value] if isinstance(value, list) else asdict(value)
    return json.dumps(_without_nan(plain), ensure_ascii=False, indent=2, default=str)


def _some(ids: list[str]) -> str:
    """How many, and the first of them by name."""
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{len(ids)} ({', '.join(repr(name)[1:-1] for name in ids[:NAMED])}{more})"


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
