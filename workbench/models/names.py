"""What a model's name stands for: a folder, a hub id, `tiny`, or a training run's result."""

import re
from pathlib import Path

from workbench.errors import UserError
from workbench.workspace import Workspace

TINY = Path(__file__).parents[1] / "tiny"


def resolve_model(name: str, workspace: Workspace) -> Path:
    """The local Hugging Face folder of `name`.

    `name` is a folder, `tiny` (the embedded model), `RUN@STEP`, `RUN@last`, `RUN@best`, what `pin_model` made of
    these, or a hub id, which is downloaded (or found in the hub's cache). Raises UserError if none of these.
    """
    if name == "tiny":
        return TINY
    if Path(name).is_dir():
        if not (Path(name) / "config.json").exists():
            raise UserError(f"{name} has no config.json; a model folder is in Hugging Face format")
        return Path(name)
    run, at, step = name.partition("@")
    if at:
        return _checkpoint(workspace, run, step)
    return _download(name)


def pin_model(name: str, workspace: Workspace) -> str:
    """The name as it stays: RUN@STEP for RUN@last and RUN@best, other names as they are.

    A best model whose step has no checkpoint is RUN@best-STEP-…, after its folder, which a better one replaces.
    """
    run, _, step = name.partition("@")
    if step not in ("last", "best") or Path(name).is_dir():
        return name
    folder = resolve_model(name, workspace).parent.resolve().name
    number = int(folder.split("-")[1])
    return f"{run}@{number}" if number in checkpoints(workspace.run(run)) else f"{run}@{folder}"


def _checkpoint(workspace: Workspace, run: str, step: str) -> Path:
    folder = workspace.run(run)
    if not folder.is_dir():
        raise UserError(f"no run {run!r} in {workspace.root}; there are: {', '.join(workspace.run_names()) or 'none'}")
    found = checkpoints(folder)
    if step == "best" or step.startswith("best-"):
        path = folder / "checkpoints" / step
    elif step == "last":
        path = found[max(found)] if found else folder / "checkpoints" / "last"
    else:
        path = found.get(int(step), Path()) if step.isdecimal() else Path()
    if path == Path() or not (path / "model" / "config.json").exists():
        steps = ", ".join(str(s) for s in sorted(found)) or "none"
        raise UserError(f"run {run} has no checkpoint {step!r}; it has last, best and the steps: {steps}")
    return path / "model"


def checkpoints(run: Path) -> dict[int, Path]:
    """Complete checkpoints of a run by step."""
    folder = run / "checkpoints"
    names = [(p, re.fullmatch(r"step-(\d{6,})", p.name)) for p in folder.iterdir()] if folder.is_dir() else []
    return {int(match[1]): path for path, match in names if match}


def _download(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
    )

    try:
        return Path(snapshot_download(name))
    except (
        HFValidationError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OSError,
    ) as error:
        kinds = "a folder, `tiny`, RUN@STEP, RUN@last, RUN@best or a hub id"
        raise UserError(f"model {name!r} is none of: {kinds} that can be reached ({type(error).__name__})") from error
