"""Training runs: their metrics, configs and whether they are still going on."""

import time
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from workbench.errors import UserError
from workbench.store import Store

# A run that wrote nothing for this long is taken to have stopped; the slowest step of a small machine is shorter.
LIVE_SECONDS = 180


def names(store: Store) -> list[str]:
    """Runs, the last one written first."""
    return sorted(store.workspace.run_names(), key=lambda name: (-_changed(store, name), name))


def _changed(store: Store, run: str) -> float:
    paths = [metrics_file(store, run), config_file(store, run), store.workspace.run(run)]
    return max((path.stat().st_mtime for path in paths if path.exists()), default=0.0)


def metrics_file(store: Store, run: str) -> Path:
    return store.workspace.run(run) / "metrics.jsonl"


def config_file(store: Store, run: str) -> Path:
    return store.workspace.run(run) / "config.yaml"


def metrics(store: Store, run: str) -> pl.DataFrame:
    """The numeric metrics of a run, one row a step; empty while there are none. A torn last line is left out."""
    frame = store.metrics(run)
    if "step" not in frame.columns:
        return pl.DataFrame(schema={"step": pl.Int64})
    return frame.select(pl.col(pl.Int64, pl.Float64, pl.Boolean)).with_columns(pl.exclude("step").cast(pl.Float64))


def config_text(store: Store, run: str) -> str:
    path = config_file(store, run)
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def config(store: Store, run: str) -> dict[str, Any]:
    """The run's config as a table; empty while it has none."""
    value = yaml.safe_load(config_text(store, run))
    return value if isinstance(value, dict) else {}


def datasets(store: Store, run: str) -> list[str]:
    """The dataset versions a run was trained on, as its config names them; those removed since are left out."""
    named = config(store, run).get("dataset") or []
    found = []
    for ref in [named] if isinstance(named, str) else named:
        try:
            found.append(store.workspace.dataset(str(ref)).ref)
        except UserError:
            continue
    return found


def is_live(store: Store, run: str) -> bool:
    """Whether the run wrote metrics lately and has steps of its config left."""
    path = metrics_file(store, run)
    started = path if path.exists() else config_file(store, run)
    if not started.exists() or time.time() - started.stat().st_mtime > LIVE_SECONDS:
        return False
    done = metrics(store, run)["step"].max() if path.exists() else 0
    planned = config(store, run).get("steps")
    return not isinstance(planned, int) or int(str(done or 0)) < planned


def group_keys(keys: list[str]) -> dict[str, list[str]]:
    """Metric keys by the word before their first slash, in the order they come; keys without one are under `step`."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        head, slash, _ = key.partition("/")
        groups.setdefault(head if slash else "general", []).append(key)
    return groups
