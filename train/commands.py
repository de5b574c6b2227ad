"""`eureka train`."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from train.distributed import die_with_launcher, is_main, said_once
from workbench.command_line.options import WORKSPACE, PluginOption, WorkspaceOption
from workbench.errors import UserError
from workbench.plugins import load_plugins, named_plugins, plugin_records
from workbench.workspace import Workspace


@said_once()
def train(
    config: Annotated[
        str | None, typer.Argument(help="A YAML file or a bundled recipe's name; not needed with --resume.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="As optimizer.lr=1e-6.")
    ] = None,
    resume: Annotated[str | None, typer.Option(help="Go on with this run from its newest checkpoint.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the resolved config and stop.")] = False,
    workspace: WorkspaceOption = WORKSPACE,
    plugin: PluginOption = None,
) -> None:
    """Train a model by reinforcement learning with rule-based rewards, or with method=sft or cot_sft on gold answers.

    Example: `eureka train demo run=first steps=40 optimizer.lr=2e-4`; with two processes
    `torchrun --no-python --nproc-per-node 2 eureka train demo deepspeed.stage=2`.
    """
    die_with_launcher()
    load_plugins(plugin)
    from train.config import load_config
    from train.learner.families import trainable
    from train.run.folder import begun
    from train.run.plan import implications

    place = Workspace(workspace)
    given = list(overrides or [])
    if config is not None and "=" in config and not Path(config).exists():
        given.insert(0, config)
        config = None
    if resume is not None:
        given.append(f"run={resume}")
        config = config or str(begun(resume, place) / "config.yaml")
    if config is None:
        raise UserError("which config? give a YAML file or a recipe's name, as in `eureka train demo`")
    resolved = load_config(config, given)
    if dry_run:
        if Path(resolved.model).is_dir():
            trainable(Path(resolved.model))
        values = resolved.model_dump(mode="json") | {"plugins": named_plugins()}
        typer.echo(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), nl=False)
        for text in implications(resolved):
            typer.echo(f"# {text}")
        for record in plugin_records():
            typer.echo(f"# plug-in {record['name']}, sha256 {record['sha256']}")
        return
    from train.start import train as run_loop

    run = run_loop(resolved, place, resume=resume is not None)
    if is_main():
        typer.echo(
            f"{run}: use it as {resolved.run}@last" + (f" or {resolved.run}@best" if resolved.eval_dataset else "")
        )
