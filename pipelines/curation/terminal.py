"""The funnel of a curation on the terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from pipelines.tables import print_rows

if TYPE_CHECKING:
    from pipelines.curation.funnel import FunnelStep


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
