"""The `eureka data export` command."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.tables import print_json
from workbench.command_line.options import WORKSPACE, JsonOption, PluginOption, WorkspaceOption
from workbench.plugins import load_plugins
from workbench.workspace import Workspace


def export(
    dataset: Annotated[str, typer.Argument(help="NAME or NAME@v003.")],
    to: Annotated[str, typer.Option("--to", help="trl, verl, easyr1, openrlhf, ms-swift, mm-eureka or hf.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder that does not exist yet, or an empty one.")],
    prompt: Annotated[
        str, typer.Option(help="plain (the bare question), instruct, zero or qwen; `hf` has no prompt.")
    ] = "plain",
    as_json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
    plugin: PluginOption = None,
) -> None:
    """Write a dataset in the fields another trainer reads, with its pictures and a card.

    Example: `eureka data export tabmwp-curated --to trl -o exports/tabmwp-trl`
    """
    from pipelines.versions import licences
    from pipelines.versions.export import export as run

    load_plugins(plugin)
    report = run(Workspace(workspace), dataset, to, output, prompt)
    for line in report.warnings:
        typer.echo(f"mind: {line}", err=True)
    if as_json:
        print_json(
            {
                "dataset": report.ref,
                "path": report.path,
                "splits": report.splits,
                "left_out": report.left_out,
                "licences": licences.rows(report.licences),
                "warnings": report.warnings,
            }
        )
        return
    splits = ", ".join(f"{name} {count:,}" for name, count in report.splits.items())
    gone = f"; {report.left_out:,} rejected by curators left out" if report.left_out else ""
    typer.echo(f"{report.ref} for {to}: {splits}{gone} → {report.path}")
