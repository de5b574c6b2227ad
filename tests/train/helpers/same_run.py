"""A short real run, and what it means that two runs are the same: metrics, weights and rollouts, to the bit."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import torch

from tests.train.conftest import tiny_config
from train.config import TrainConfig
from workbench.models import checkpoints


def config_of(run: str, **changes: Any) -> TrainConfig:
    """Four steps of the embedded model, which earns rewards, with evaluations and checkpoints."""
    settings: dict[str, Any] = {
        "run": run,
        "model": "tiny",
        "steps": 4,
        "eval_dataset": "held",
        "rollout__max_tokens": 40,
        "evaluate__every": 2,
        "checkpoint__every": 2,
        "checkpoint__keep": 1,
    }
    return tiny_config(**(settings | changes))


def metrics(run: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl without what depends on the machine's mood."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if not k.startswith(("time/", "memory/"))} for row in rows]


def last(run: Path) -> Path:
    found = checkpoints(run)
    return found[max(found)]


def final_weights(run: Path) -> dict[str, torch.Tensor]:
    return weights_of(last(run))


def weights_of(checkpoint: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(checkpoint / "model" / "model.safetensors")


def state(checkpoint: Path) -> dict[str, Any]:
    """What state.json says, but for the run's name."""
    found = json.loads((checkpoint / "state.json").read_text())
    found.get("config", {}).pop("run", None)
    return found


def assert_same_run(run: Path, other: Path) -> None:
    assert metrics(run) == metrics(other)
    bests = [r / "checkpoints" / "best" for r in (run, other)]
    assert bests[0].exists() == bests[1].exists()
    for mine, theirs in [(last(run), last(other)), *([(bests[0], bests[1])] if bests[0].exists() else [])]:
        assert state(mine) == state(theirs)
        assert_same_weights(weights_of(mine), weights_of(theirs))
    # Nothing of what was replaced, or of what a killed process began, is left.
    for path in (run / "checkpoints").iterdir():
        assert path in checkpoints(run).values() or path.name in ("best", bests[0].resolve().name), path
    tables = [sorted(p.relative_to(r / "rollouts") for p in r.glob("rollouts/*/*")) for r in (run, other)]
    assert tables[0] == tables[1]
    for name in tables[0]:
        left, right = (
            pq.read_table(r / "rollouts" / name).drop(["rollout_id", "run_id", "group_id"]) for r in (run, other)
        )
        assert left.equals(right), name


def assert_same_weights(mine: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)
