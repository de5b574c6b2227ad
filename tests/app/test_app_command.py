"""`eureka app` refuses what cannot work with one line."""

import socket
import subprocess
import sys
from pathlib import Path


def start(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "workbench.cli", "app", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_no_workspace(tmp_path: Path) -> None:
    made = start("--workspace", str(tmp_path / "none"))
    assert made.returncode == 2
    assert "no workspace at" in made.stderr and "eureka data" in made.stderr
    assert len(made.stderr.strip().splitlines()) == 1


def test_a_taken_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        made = start("--workspace", str(tmp_path), "--port", str(port))
    assert made.returncode == 2
    assert f"port {port} of 127.0.0.1 cannot be used" in made.stderr
