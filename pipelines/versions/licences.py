"""Which licences a set of problems comes under, and whether some of them forbid commercial use."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

UNKNOWN = "unknown"
_NON_COMMERCIAL = re.compile(r"\bNC\b|non-?\s?commercial|research[- ]only|academic", re.I)


@dataclass(frozen=True)
class Licence:
    """How many problems of a source come under a licence."""

    source: str
    licence: str
    problems: int

    @property
    def commercial(self) -> bool | None:
        """Whether it allows commercial use as far as its name tells, None where there is none."""
        return None if self.licence == UNKNOWN else not _NON_COMMERCIAL.search(self.licence)


def licences(rows: Iterable[tuple[str, str | None]]) -> list[Licence]:
    """The licences of problems given as (source, licence), most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for source, licence in rows:
        key = (source, licence or UNKNOWN)
        counts[key] = counts.get(key, 0) + 1
    return [Licence(*key, count) for key, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]


def warnings(found: Iterable[Licence]) -> list[str]:
    """One line for what a user of the data should know before using it."""
    lines = []
    closed = [one for one in found if one.commercial is False]
    silent = [one for one in found if one.commercial is None]
    if closed:
        what = ", ".join(f"{one.problems:,} of {one.source} ({one.licence})" for one in closed)
        lines.append(f"non-commercial data is among it: {what}")
    if silent:
        what = ", ".join(f"{one.problems:,} of {one.source}" for one in silent)
        lines.append(f"no licence is known for {what}")
    return lines


def rows(found: Iterable[Licence]) -> list[dict[str, Any]]:
    return [{"source": one.source, "licence": one.licence, "problems": one.problems} for one in found]
