"""A run's whole state as one atomic directory, and the best model beside it.

checkpoints/step-000012/  model/ (Hugging Face format)  learner/ (optimizer, master weights)  rank=N.pt (random states)
state.json (step, updates, cursor, best, ranks); checkpoints/best is a link to a folder that holds a model/ too.
"""

import json
import random
import secrets
import shutil
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from train.config import TrainConfig, parse_config, without_unread
from train.distributed import Ranks
from train.learner.engine import Learner, TorchLearner
from train.run.disk import check_room
from train.run.folder import check_same
from train.run.metrics import rewind
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


def save(run: Path, progress: Progress, learner: Learner, processor: Any, config: TrainConfig, ranks: Ranks) -> Path:
    """Write the checkpoint of `progress.step` and drop the oldest beyond `checkpoint.keep`. Every rank calls it.

    Raises UserError before anything is written if the disk has no room for it.
    """
    folder = run / "checkpoints"
    check_room(run, f"the checkpoint of step {progress.step}", size_on_disk(learner), ranks)
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
        write_json(temporary / "state.json", asdict(progress) | {"config": config.model_dump(mode="json")})
        # A power cut must not leave a checkpoint without the lines of its steps.
        fsync_path(run / "metrics.jsonl")
        fsync_path(run)
        publish(temporary, final)
        for step in sorted(checkpoints(run))[: -config.checkpoint.keep]:
            remove(folder / f"step-{step:06d}")
    ranks.barrier()
    return final


def save_best(run: Path, step: int, accuracy: float, learner: Learner, processor: Any, ranks: Ranks) -> None:
    """Write the model as checkpoints/best; readers see the old one or the new one, never neither.

    Raises UserError before anything is written if the disk has no room for it.
    """
    folder = run / "checkpoints"
    check_room(run, f"the best model, of step {step},", size_of_model(learner), ranks)
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
        prune_best(folder)
    ranks.barrier()


def prune_best(folder: Path) -> None:
    """Remove every best model that `best` does not link to: replaced ones, and one whose writer was killed before."""
    best = (folder / "best").resolve()
    for path in folder.glob("best-*"):
        if path.resolve() != best:
            remove(path)


def remove(folder: Path) -> None:
    """Remove a folder; killed in the midst, it leaves a hidden one that `restore` clears, not half of this one."""
    shutil.rmtree(folder.rename(folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")))


def export(learner: Learner, processor: Any, folder: Path, ranks: Ranks) -> None:
    """Write a Hugging Face folder that transformers and vLLM load. Every rank calls it, rank 0 writes."""
    model = learner.policy.model
    weights: dict[str, torch.Tensor] = {}
    for name, tensor in learner.weights(trainable_only=False):
        # The others only take part: under ZeRO-3 or LoRA each tensor is a copy of its own.
        if ranks.is_main:
            weights[name] = tensor.cpu().contiguous()
    if ranks.is_main:
        folder.mkdir(parents=True)
        model.save_pretrained(folder, state_dict=weights)
        processor.save_pretrained(folder)


def restore(run: Path, learner: Learner, config: TrainConfig, ranks: Ranks) -> Progress:
    """Load the newest checkpoint and cut off what the run wrote after it; without one, cut everything off.

    Raises UserError if the checkpoint was written by another number of processes or under another config, or if it or
    the metrics that lead to it are damaged.
    """
    found = checkpoints(run)
    progress = Progress(world=ranks.world)
    if found:
        try:
            progress = _load(found[max(found)], learner, config, ranks)
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
        prune_best(run / "checkpoints")
    ranks.barrier()
    return progress


def _load(folder: Path, learner: Learner, config: TrainConfig, ranks: Ranks) -> Progress:
    state = json.loads((folder / "state.json").read_text())
    # config.yaml can be edited by hand. Checkpoints of older versions hold no config.
    if before := state.pop("config", None):
        check_same(parse_config(without_unread(before | {"plugins": []})), config)
    progress = Progress(**state)
    if progress.world != ranks.world:
        raise UserError(f"{folder} was written by {progress.world} ranks; resume with as many, not {ranks.world}")
    for path in ranks.share(sorted(folder.rglob("*.pt"))):
        _check_sums(path)
    learner.load(folder / "learner")
    _set_random_states(torch.load(folder / f"rank={ranks.rank}.pt", weights_only=False))
    return progress


def _check_sums(path: Path) -> None:
    """ValueError if a file of torch.save holds other bytes than were written: torch.load takes them as they are."""
    with zipfile.ZipFile(path) as archive:
        if damaged := archive.testzip():
            raise ValueError(f"{path.name} has other bytes in {damaged} than were written")


def size_of_model(learner: Learner) -> int:
    """Bytes of the model in Hugging Face format."""
    return sum(size * p.element_size() for size, p in _sizes(learner))


def size_on_disk(learner: Learner) -> int:
    """Bytes of one checkpoint, about: the model, and for what is trained AdamW's moments and fp32 weights.

    DeepSpeed writes the trained weights once more as the model holds them.
    """
    again = 0 if isinstance(learner, TorchLearner) else 1
    trained = sum(size * (12 + again * p.element_size()) for size, p in _sizes(learner) if p.requires_grad)
    return size_of_model(learner) + trained


def _sizes(learner: Learner) -> list[tuple[int, torch.nn.Parameter]]:
    # Under ZeRO-3 a parameter in pieces looks empty and says its size apart.
    return [(getattr(p, "ds_numel", p.numel()), p) for _, p in learner.policy.weights(trainable_only=False)]


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
