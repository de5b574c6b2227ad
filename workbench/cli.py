"""The front door: names every command by import string and loads it only when called.

`eureka --help` stays under a second because nothing heavy is imported here.
"""

import importlib
import os
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer._click.exceptions import ClickException  # typer carries its own click and exports only its leaves
from typer.core import TyperCommand, TyperGroup

from workbench.command_line.import_path import prefer_our_packages
from workbench.command_line.options import PluginOption
from workbench.errors import UserError
from workbench.plugins import VARIABLE, load_plugins

# command → (import string, one line of help). A group is a nested table.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("workbench.demo:demo", "The whole loop on the embedded model."),
    "data import": (
        "pipelines.commands:import_",
        "Read a source into a new dataset version.",
    ),
    "data synth": (
        "pipelines.commands:synth",
        "Generate rendered problems with known answers.",
    ),
    "data list": ("pipelines.commands:list_", "The datasets of the workspace."),
    "data show": (
        "pipelines.commands:show",
        "One dataset: counts, answer types, decisions.",
    ),
    "data export": (
        "pipelines.versions.export_commands:export",
        "Write a dataset for another trainer.",
    ),
    "data diff": (
        "pipelines.versions.commands:diff",
        "Which problems came, went and changed between two versions, and why.",
    ),
    "data rm": (
        "pipelines.versions.commands:rm",
        "Remove a version that nothing refers to.",
    ),
    "data responses": (
        "pipelines.commands:responses",
        "Import a model's stored answers; they count as pass rates.",
    ),
    "curate": (
        "pipelines.commands:curate",
        "Run a recipe over datasets; every problem gets a decision.",
    ),
    "difficulty": ("pipelines.commands:difficulty", "Pass rates by vLLM rollouts."),
    "train": (
        "train.commands:train",
        "Reinforcement learning with rule-based rewards.",
    ),
    "eval list": ("eval.commands:list_", "The benchmarks and how each is asked and scored."),
    "eval run": ("eval.commands:run", "Sample a benchmark with a model and score it."),
    "eval score": ("eval.commands:score", "Score stored answers."),
    "eval report": ("eval.commands:report", "All models' scores, with the published ones beside them."),
    "eval compare": (
        "eval.commands:compare",
        "Two models side by side, with an interval of the difference.",
    ),
    "serve": (
        "workbench.rollout.serve:serve",
        "A vLLM server that training samples from.",
    ),
    "verify": (
        "workbench.verify.command:verify",
        "Judge (gold, response) pairs of a file.",
    ),
    "experiment aha": (
        "train.experiments.commands:aha",
        "Accuracy, length and reflection rise together under rewards for right answers.",
    ),
    "experiment data-efficiency": (
        "train.experiments.commands:data_efficiency",
        "RL, SFT and CoT-SFT on few and many problems.",
    ),
    "experiment ablations": (
        "train.experiments.commands:ablations",
        "Algorithms, difficulty filter and KL penalty side by side.",
    ),
    "app": ("app.commands:app", "Open the pages in a browser."),
    "doctor": ("workbench.command_line.doctor:doctor", "What this machine can do, in words."),
}
GROUPS = {
    "data": "Datasets: import, generate, look.",
    "eval": "Benchmarks: list, run, score, report, compare.",
    "experiment": "The published claims, measured on the embedded model.",
}


# The extra that brings a module which the core does without.
EXTRA_OF = (
    dict.fromkeys(("datasets", "cv2", "imagehash", "faiss", "rensa"), "curate")
    | dict.fromkeys(("streamlit", "plotly"), "app")
    | dict.fromkeys(
        ("torch", "torchvision", "transformers", "vllm", "deepspeed", "peft", "safetensors", "aiohttp"), "cpu"
    )
)


class LazyCommand(TyperCommand):
    """Stands for a command in its group's help; imports the real one when it is called."""

    def make_context(self, info_name: Any, args: Any, parent: Any = None, **extra: Any) -> Any:
        module, attribute = COMMANDS[f"{parent.command.prefix}{self.name}"][0].split(":")
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")
        app.command(self.name)(getattr(importlib.import_module(module), attribute))
        return typer.main.get_command(app).make_context(info_name, args, parent, **extra)


class LazyGroup(TyperGroup):
    """A command group that knows its commands' names and help lines without importing them.

    `prefix` is the words before a command's own name: "data " in `eureka data import`.
    """

    prefix = ""

    def list_commands(self, ctx: Any) -> list[str]:
        names = [n.removeprefix(self.prefix) for n in COMMANDS if n.startswith(self.prefix)]
        return list(dict.fromkeys(name.split(" ")[0] for name in names))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        name = self.prefix + cmd_name
        if name in GROUPS:
            group = type("Group", (LazyGroup,), {"prefix": f"{name} "})
            return group(name=cmd_name, help=GROUPS[name], no_args_is_help=True)
        return LazyCommand(cmd_name, help=COMMANDS[name][1]) if name in COMMANDS else None


def print_version(wanted: bool) -> None:
    """The `--version` option."""
    if wanted:
        typer.echo(f"eureka-workbench {version('eureka-workbench')}")
        raise typer.Exit


def eureka(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=print_version, help="Print the version.")
    ] = False,
    plugin: PluginOption = None,
) -> None:
    """Data and evaluation workbench with an integrated trainer for VLM reasoning."""
    if plugin or os.environ.get(VARIABLE):
        load_plugins(plugin)


def main() -> None:
    """Run the command line; a user's error or a missing extra is one line on standard error and exit status 2."""
    # torch reports what it found of the machine at every start; `eureka doctor` says it once.
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    prefer_our_packages()
    root = typer.Typer(cls=LazyGroup, add_completion=False, no_args_is_help=True)
    root.callback()(eureka)
    group = typer.main.get_command(root)
    try:
        status = group(prog_name="eureka", standalone_mode=False)
    except (UserError, ClickException) as error:
        words = error.format_message() if isinstance(error, ClickException) else str(error)
        typer.echo(f"eureka: {words}", err=True)
        sys.exit(2)
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRA_OF:
            raise
        extra = EXTRA_OF[module]
        typer.echo(f"eureka: this needs {module}, which comes with the extra: eureka-workbench[{extra}]", err=True)
        sys.exit(2)
    except typer.Abort:
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
