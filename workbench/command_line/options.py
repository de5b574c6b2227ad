"""Command-line options that several commands share, and how a command's errors look."""

from pathlib import Path
from typing import Annotated

import typer

WorkspaceOption = Annotated[
    Path,
    typer.Option("--workspace", envvar="EUREKA_WORKSPACE", help="Folder that holds everything."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ResponseKeyOption = Annotated[
    str | None,
    typer.Option(help="The column that holds the responses; default: the file's layout tells it."),
]

PluginOption = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin",
        metavar="FILE|MODULE",
        help="Code of your own that registers components; may be given several times.",
    ),
]

WORKSPACE = Path("workspace")
