"""Running the public commands for an experiment, so that what was done already is not done again."""

import hashlib
import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from train.config import load_config
from train.distributed import die_with_parent
from train.run.folder import check_resumable
from workbench.errors import UserError
from workbench.models import checkpoints, resolve_model
from workbench.workspace import Workspace, safe_name, write_json, write_text

PROMPT = "plain"
MAX_TOKENS = 96

# Takes the words of a `eureka` command and whether to return what it prints instead of showing it.
Runner = Callable[[Sequence[str], bool], str]


def run_command(words: Sequence[str], quiet: bool) -> str:
    """Run `eureka WORDS` in a process of its own.

    Ctrl-C is the command's to handle: the trainer saves its step first. Raises UserError if the command fails; it has
    said why on standard error.
    """
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        made = subprocess.run(
            [sys.executable, "-P", "-m", "workbench.cli", *words],
            stdout=subprocess.PIPE if quiet else None,
            text=True,
            check=False,
            # Were the trainer to outlive a killed experiment, the next one would resume a run that still goes on.
            preexec_fn=die_with_parent,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    if made.returncode:
        command = shlex.join(words)
        raise UserError(
            f"`eureka {command}` ended with status {made.returncode}; the same experiment goes on from there"
        )
    return made.stdout or ""


class Lab:
    """The workspace an experiment works in; `folder` is where its results go."""

    def __init__(self, experiment: str, workspace: Workspace, console: Console, runner: Runner = run_command):
        self.workspace, self.console, self.runner = workspace, console, runner
        self.folder = workspace.root / "experiments" / experiment

    def say(self, text: str) -> None:
        self.console.print(text, highlight=False, soft_wrap=True)

    def eureka(self, *words: str, quiet: bool = False) -> str:
        """Run one command on this workspace, shown before it runs."""
        self.say(f"[bold]$ eureka {shlex.join(words)}[/]")
        return self.runner([*words, "--workspace", str(self.workspace.root)], quiet)

    def synth(self, name: str, count: int, seed: int) -> str:
        """The NAME@vNNN of a dataset with the first `count` generated problems of a seed's stream."""
        inputs = [{"count": count, "seed": seed}]
        if known := self._made(name, lambda made: made.get("format") == "synth" and made["inputs"] == inputs):
            return known
        return self._dataset("data", "synth", "--name", name, "--count", str(count), "--seed", str(seed))

    def curate(self, name: str, source: str, steps: Sequence[Mapping[str, Any]]) -> str:
        """The NAME@vNNN of what these curation steps leave of a dataset; the recipe is written into `folder`."""
        recipe = self.folder / "recipes" / f"{name}.yaml"
        write_text(recipe, yaml.safe_dump({"steps": [dict(step) for step in steps]}, sort_keys=False))
        sha = hashlib.sha256(recipe.read_bytes()).hexdigest()

        def is_it(made: Mapping[str, Any]) -> bool:
            of = [one.get("dataset") for one in made["inputs"]]
            return made.get("recipe", {}).get("sha256") == sha and of == [source]

        return self._made(name, is_it) or self._dataset("curate", str(recipe), "--input", source, "--output", name)

    def _made(self, name: str, is_it: Callable[[Mapping[str, Any]], bool]) -> str | None:
        """The newest version of a dataset whose manifest says that it is the one."""
        found = (self.workspace.dataset(f"{name}@{version}") for version in reversed(self.workspace.versions(name)))
        return next((version.ref for version in found if is_it(version.manifest())), None)

    def _dataset(self, *words: str) -> str:
        return json.loads(self.eureka(*words, "--json", quiet=True))["dataset"]

    def train(self, recipe: str, run: str, overrides: Sequence[str]) -> None:
        """Train `run` to its last step: from nothing, from where it stopped, or not at all if it is finished.

        Raises UserError if the run was begun with another config, or if it was stopped.
        """
        config = load_config(recipe, [*overrides, f"run={run}"])
        folder = self.workspace.run(run)
        begun = (folder / "config.yaml").exists()
        if begun:
            check_resumable(config, self.workspace)
        if steps_made(folder) == config.steps:
            self.say(f"run {run} is finished already")
            return
        self.eureka("train", recipe, *overrides, *(["--resume", run] if begun else [f"run={run}"]))
        if (made := steps_made(folder)) < config.steps:
            raise UserError(f"run {run} stopped at step {made} of {config.steps}; the same experiment goes on with it")

    def evaluate(self, model: str, dataset: str) -> dict[str, Any]:
        """What `eureka eval run --json` says of a model's greedy answers to a dataset; asked once a checkpoint."""
        words = ["eval", "run", "--benchmark", "dataset", "--data", dataset, "--model", model]
        words += ["--prompt", PROMPT, "--max-tokens", str(MAX_TOKENS), "--json"]
        file = self.folder / "evals" / f"{safe_name(model)}-{dataset}.json"
        trained = (resolve_model(model, self.workspace) / "config.json").stat().st_mtime
        if file.exists() and file.stat().st_mtime >= trained:
            known = json.loads(file.read_text())
            if Path(known["path"]).exists():
                return known
        found = json.loads(self.eureka(*words, quiet=True))
        write_json(file, found)
        return found


def steps_made(run: Path) -> int:
    """The step of a run's newest checkpoint, 0 without one."""
    return max(checkpoints(run), default=0)
