"""The `eureka data diff` and `eureka data rm` commands."""

from typing import Annotated

import typer

from pipelines.tables import print_json, print_rows
from workbench.command_line.options import WORKSPACE, JsonOption, WorkspaceOption
from workbench.workspace import Workspace


def diff(
    one: Annotated[str, typer.Argument(help="NAME@v001, the earlier version.")],
    two: Annotated[str, typer.Argument(help="NAME@v002, the later one.")],
    as_json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
) -> None:
    """Which problems came, went and changed from one dataset version to another, and why.

    Example: `eureka data diff curated@v001 curated@v002`
    """
    from pipelines.versions.diff import difference

    found = difference(Workspace(workspace), one, two)
    if as_json:
        changes = found.changes.to_dicts()
        print_json(
            {"from": found.one, "to": found.two, "same": found.same, "counts": found.counts(), "problems": changes}
        )
        return
    if found.changes.height:
        print_rows(f"{found.one} → {found.two}", found.counts())
    sums = {change: found.changes.filter(change=change).height for change in ("came", "went", "changed")}
    said = ", ".join(f"{count:,} {change}" for change, count in sums.items())
    typer.echo(f"{said}, {found.same:,} the same")


def rm(
    version: Annotated[str, typer.Argument(help="NAME@v001; never a whole dataset.")],
    as_json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
) -> None:
    """Remove a dataset version that no other version, run or stored response refers to.

    Example: `eureka data rm curated@v001`
    """
    from pipelines.versions.removal import remove_version

    removed = remove_version(Workspace(workspace), version)
    if as_json:
        print_json({"removed": removed.ref, "bytes": removed.bytes})
    else:
        typer.echo(
            f"removed {removed.ref}, {removed.bytes / 1e6:.1f} MB; its pictures stay, other versions may show them"
        )
