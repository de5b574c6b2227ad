"""Tables on the terminal. Cells hold text of datasets, so nothing in them is read as markup."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pipelines.curation.curate import FunnelStep


def print_json(value: Any) -> None:
    """JSON for machines, on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_rows(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """One line a row; the first row's keys are the columns."""
    table = Table(title=Text(title), title_justify="left")
    for place, (name, value) in enumerate(rows[0].items()):
        justify: Literal["right", "left"] = "right" if isinstance(value, int | float) else "left"
        table.add_column(Text(name), justify=justify, overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*(Text(f"{value:,}" if isinstance(value, int) else str(value)) for value in row.values()))
    Console().print(table)


def print_counts(counts: Mapping[str, Mapping[str, int]], most: int = 12) -> None:
    """A line a column: its values with their counts, the rarer ones summed up."""
    table = Table(show_header=False)
    for name, values in counts.items():
        shown = [f"{value} {count:,}" for value, count in list(values.items())[:most]]
        rest = sum(list(values.values())[most:])
        more = [f"{len(values) - most} others {rest:,}"] if rest else []
        table.add_row(Text(name), Text(" · ".join(shown + more)))
    Console().print(table)


def print_funnel(title: str, funnel: "Sequence[FunnelStep]") -> None:
    """Step, in, dropped by reason, flagged by reason, out; below it what steps have to say."""

    def reasons(counts: Mapping[str, int]) -> str:
        return "\n".join(f"{count:,} {reason}" for reason, count in counts.items()) or "–"

    rows = [
        {
            "step": f"{item.step}\n(unchanged)" if item.unchanged else item.step,
            "in": item.n_in,
            "dropped": reasons(item.dropped),
            "flagged": reasons(item.flagged),
            "out": item.n_out,
        }
        for item in funnel
    ]
    print_rows(title, rows)
    for item in funnel:
        for note in item.notes:
            Console().print(Text(f"{item.step}: {note}"))
