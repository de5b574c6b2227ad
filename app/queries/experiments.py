"""What the experiments found: their reports, as `eureka experiment` wrote them."""

import json
from pathlib import Path
from typing import Any

from workbench.store import Store


def names(store: Store) -> list[str]:
    """The experiments with a report, the one written last first."""
    found = (store.workspace.root / "experiments").glob("*/report.json")
    return [path.parent.name for path in sorted(found, key=lambda path: (-path.stat().st_mtime, path.parent.name))]


def file(store: Store, experiment: str) -> Path:
    return store.workspace.root / "experiments" / experiment / "report.json"


def report(store: Store, experiment: str) -> dict[str, Any]:
    """Its title, about, goals, panels, tables, runs and made_with."""
    return json.loads(file(store, experiment).read_text(encoding="utf-8"))
