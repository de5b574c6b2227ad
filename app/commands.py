"""The `eureka app` command: serves the pages on this machine only."""

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from workbench.colors import COLORS
from workbench.command_line.options import WORKSPACE, PluginOption, WorkspaceOption
from workbench.errors import UserError
from workbench.plugins import load_plugins

HOST = "127.0.0.1"


def app(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 8501,
    user: Annotated[
        str | None, typer.Option(help="Name stored with annotations; the system's user if left out.")
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    plugin: PluginOption = None,
) -> None:
    """Open the pages (Curate, Runs, Rollouts, Aha, Experiments, Benchmarks) over a workspace in a browser.

    Example: `eureka app --workspace demo --port 8600`
    """
    if not workspace.is_dir():
        raise UserError(f"no workspace at {workspace}; make one with `eureka data synth` or `eureka data import`")
    load_plugins(plugin)
    import streamlit  # noqa: F401  # fails here, before a line about the pages, where the extra is not installed

    _require_free(port)
    environment = os.environ | {"EUREKA_WORKSPACE": str(workspace.resolve())}
    if user:
        environment["EUREKA_USER"] = user
    main = Path(__file__).parent / "main.py"
    flags = {
        "server.address": HOST,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        # No page leaves a bare value to be shown; looking for one takes as long as a query.
        "runner.magicEnabled": "false",
        "theme.primaryColor": COLORS[0],
    }
    arguments = [f"--{name}={value}" for name, value in flags.items()]
    typer.echo(f"pages of {workspace} at http://{HOST}:{port}  (Ctrl-C stops)")
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-P", "-m", "streamlit", "run", str(main), *arguments], environment)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # As servers do: a port still in TIME_WAIT from a stopped one counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UserError(
                f"port {port} of {HOST} cannot be used ({error.strerror}); try --port {port + 1}"
            ) from error
