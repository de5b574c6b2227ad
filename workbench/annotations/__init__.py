"""What people say about problems and rollouts: append-only events, and the files that hold them."""

from workbench.annotations.events import (
    DECISION,
    EDIT,
    FILTER,
    NOTE,
    PROBLEM_KINDS,
    REFLECTION,
    REFLECTION_LABELS,
    TAGS,
    VERDICTS,
    Act,
    Annotations,
    Event,
)

__all__ = [
    "DECISION",
    "EDIT",
    "FILTER",
    "NOTE",
    "PROBLEM_KINDS",
    "REFLECTION",
    "REFLECTION_LABELS",
    "TAGS",
    "VERDICTS",
    "Act",
    "Annotations",
    "Event",
]
