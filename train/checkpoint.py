"""A run's whole state as one atomic directory, and the best model beside it.

checkpoints/step-000012/  model/ (Hugging Face format)  learner/ (optimizer, master weights)  rank=N.pt (random states)
state.json (step, updates, cursor, best, ranks); checkpoints/best is a link to a folder that holds a model/ too.
"""

import json
import random
import secrets
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from train.distributed import Ranks
from train.engine import Learner
from train.metrics import rewind
from workbench.errors import UserError
from workbench.models import checkpoints
from workbench.workspace import fsync_path, publish, write_json


@dataclass
class Progress:
    """How far a run is: steps and updates done, where the data goes on, the best held-out accuracy so far."""

    step: int = 0
    updates: int = 0
    cursor: dict[str, int] = field(default_factory=lambda: {"epoch": 0, "position": 0})
    best: float | None = None
    best_step: int | None = None
    world: int = 1


def save(run: Path, progress: Progress, learner: Learner, processor: Any, keep: int, ranks: Ranks) -> Path:
    """Write the checkpoint of `progress.step` and drop the oldest beyond `keep`. Every rank calls it.

    Raises UserError before anything is written if the disk has no room for it.
    """
    folder = run / "checkpoints"
    need, free = ranks.main_says((size_on_disk(learner), shutil.disk_usage(run).free))
    if need > free:
        raise UserError(
            f"the checkpoint of step {progress.step} needs about {need / 2**20:,.0f} MiB in {folder}, where "
            f"{free / 2**20:,.0f} MiB are free; free some and go on with `eureka train --resume {run.name}`"
        )
    final = folder / f"step-{progress.step:06d}"
    temporary = folder / f".{final.name}"
    if ranks.is_main:
        # What a killed process left of the same checkpoint.
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
    ranks.barrier()
    export(learner, processor, temporary / "model", ranks)
    learner.save(temporary / "learner")
    torch.save(_random_states(), temporary / f"rank={ranks.rank}.pt")
    ranks.barrier()
    if ranks.is_main:
        write_json(temporary / "state.json", asdict(progress))
        publish(temporary, final)
        for step in sorted(checkpoints(run))[:-keep]:
            shutil.rmtree(folder / f"step-{step:06d}")
    ranks.barrier()
    return final


def save_best(run: Path, step: int, accuracy: float, learner: Learner, processor: Any, ranks: Ranks) -> None:
    """Write the model as checkpoints/best; readers see the old one or the new one, never neither."""
    folder = run / "checkpoints"
    name = ranks.main_says(f"best-{step:06d}-{secrets.token_hex(4)}")
    temporary = folder / f".{name}"
    export(learner, processor, temporary / "model", ranks)
    if ranks.is_main:
        write_json(temporary / "state.json", {"step": step, "accuracy": accuracy})
        publish(temporary, folder / name)
        link = folder / f".{name}.link"
        link.symlink_to(name)
        link.replace(folder / "best")
        fsync_path(folder)
        for path in folder.glob("best-*"):
            if path.name != name:
                shutil.rmtree(path)
    ranks.barrier()


def export(learner: Learner, processor: Any, folder: Path, ranks: Ranks) -> None:
    """Write a Hugging Face folder that transformers and vLLM load. Every rank calls it, rank 0 writes."""
    model = learner.policy.model
    weights = {name: tensor.contiguous() for name, tensor in learner.weights(trainable_only=False)}
    if ranks.is_main:
        folder.mkdir(parents=True)
        model.save_pretrained(folder, state_dict=weights)
        processor.save_pretrained(folder)


def restore(run: Path, learner: Learner, ranks: Ranks) -> Progress:
    """Load the newest checkpoint and cut off what the run wrote after it; without one, cut everything off.

    Raises UserError if the checkpoint was written by another number of processes, or if it is damaged.
    """
    found = checkpoints(run)
    progress = Progress(world=ranks.world)
    if found:
        try:
            progress = _load(found[max(found)], learner, ranks)
        except UserError:
            raise
        except Exception as error:  # each library has errors of its own for a damaged file
            newest, *older = sorted(found, reverse=True)
            start = found[older[0]].name if older else "the beginning"
            why = " ".join(str(error).split())[:200]
            raise UserError(
                f"{found[newest]} cannot be read ({why}); remove that folder and resume again: the run then goes on "
                f"from {start}"
            ) from error
    if ranks.is_main:
        rewind(run, progress.step if found else -1)
        for path in (run / "rollouts").glob("step=*"):
            if int(path.name.removeprefix("step=")) > progress.step:
                shutil.rmtree(path)
        for path in (run / "checkpoints").glob(".*"):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    ranks.barrier()
    return progress


def _load(folder: Path, learner: Learner, ranks: Ranks) -> Progress:
    progress = Progress(**json.loads((folder / "state.json").read_text()))
    if progress.world != ranks.world:
        raise UserError(f"{folder} was written by {progress.world} ranks; resume with as many, not {ranks.world}")
    learner.load(folder / "learner")
    _set_random_states(torch.load(folder / f"rank={ranks.rank}.pt", weights_only=False))
    return progress


def size_on_disk(learner: Learner) -> int:
    """Bytes of one checkpoint, about: the model, and for what is trained AdamW's moments and fp32 weights."""
    parameters = [p for _, p in learner.policy.weights(trainable_only=False)]
    # Under ZeRO-3 a parameter in pieces looks empty and says its size apart.
    sizes = [getattr(p, "ds_numel", p.numel()) for p in parameters]
    model = sum(size * p.element_size() for size, p in zip(sizes, parameters, strict=True))
    return model + sum(size * 12 for size, p in zip(sizes, parameters, strict=True) if p.requires_grad)


def _random_states() -> dict[str, Any]:
    states: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def _set_random_states(states: dict[str, Any]) -> None:
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    torch.set_rng_state(states["torch"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])
