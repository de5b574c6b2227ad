"""Tables on the terminal. Cells hold text of datasets, so nothing in them is read as markup."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text


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
