"""What an experiment found, in one shape for all of them: goals, panels of a figure, tables.

`report.json` holds it; the terminal, the figure and the app's page are drawn from it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rich.console import Console
from rich.table import Table as RichTable

from train.run.folder import made_with
from workbench.statistics import Interval

Cell = str | int | float | Interval
INTERVAL = "95 % interval"


@dataclass(frozen=True)
class Series:
    """Points of a panel. `low` and `high` are a band around a line, bars through dots; `color` counts a palette."""

    name: str
    x: Sequence[str | float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    style: Literal["line", "thin", "dots", "bars"] = "line"
    color: int = 0


def dots(name: str, points: Iterable[tuple[str | float, Interval]], color: int = 0) -> Series:
    """Intervals over their places; one that has no end is drawn without bars, one of nothing is left out."""
    known = [(place, one) for place, one in points if one.n]
    ends = [(one.low, one.high) if math.isfinite(one.low) else (one.value, one.value) for _, one in known]
    places, values = [place for place, _ in known], [one.value for _, one in known]
    return Series(name, places, values, [low for low, _ in ends], [high for _, high in ends], "dots", color)


@dataclass(frozen=True)
class Panel:
    """One part of the figure; `title` names what is drawn and its unit, `x` the axis below.

    With `log_ticks` that axis is logarithmic and labelled there.
    """

    title: str
    x: str
    series: Sequence[Series]
    log_ticks: Sequence[float] = ()


@dataclass(frozen=True)
class Goal:
    """What was to be shown, and whether it was: yes or no for each run."""

    text: str
    met: dict[str, bool]


@dataclass(frozen=True)
class Table:
    """`head` names the columns with their units; a cell may be an interval."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Report:
    """An experiment's outcome. `about` says in a sentence or two what was done, `runs` are the training runs."""

    experiment: str
    title: str
    about: str
    runs: Sequence[str]
    panels: Sequence[Panel]
    tables: Sequence[Table]
    goals: Sequence[Goal] = field(default=())

    def json(self) -> dict[str, Any]:
        """Plain values: an interval is {value, low, high, n}, what is not finite is null."""
        values = asdict(self)
        for table, own in zip(values["tables"], self.tables, strict=True):
            table["rows"] = [[asdict(cell) if isinstance(cell, Interval) else cell for cell in row] for row in own.rows]
        return _finite(values | {"made_with": made_with()})


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def shown(cell: Cell) -> str:
    """`76.5 [72.1, 80.4]`; the value alone where one number has no interval, a dash where nothing was counted."""
    if isinstance(cell, Interval):
        if not cell.n:
            return "–"
        around = f" [{cell.low:.1f}, {cell.high:.1f}]" if math.isfinite(cell.low) else ""
        return f"{cell.value:.1f}{around}"
    return f"{cell:,.1f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else cell


def show(report: Report, console: Console) -> None:
    """The tables and goals on the terminal."""
    console.rule(f"[bold]{report.title}", align="left")
    for table in report.tables:
        made = RichTable(*table.head, title=table.title, title_justify="left")
        for row in table.rows:
            made.add_row(*map(shown, row))
        console.print(made)
    for goal in report.goals:
        verdicts = ", ".join(f"{name} [{'green]yes' if met else 'red]no'}[/]" for name, met in goal.met.items())
        console.print(f"{goal.text}: {verdicts}", highlight=False, soft_wrap=True)
