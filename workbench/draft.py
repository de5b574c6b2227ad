"""A row of somebody's file, read as a problem but not yet checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Draft:
    """What a source or a benchmark reads from a row; `row` is the row itself, kept for the list of rejected ones.

    `images` are files, or the picture's bytes. `source` None stands for the name the importer gives. `extra` is for
    what the problems table has no column for; the keys that `workbench.pairs.comparison_of` reads say how the answer is
    compared.
    """

    source_id: Any
    question: Any
    answer: Any
    images: Sequence[Path | bytes] = ()
    choices: Any = None
    answer_type: Any = None
    solution: Any = None
    subject: Any = None
    topic: Any = None
    grade: Any = None
    level: Any = None
    language: Any = None
    license: Any = None
    split: Any = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    source: Any = None
    row: Any = None
