"""Where a browser for the tests comes from, and the pages opened in it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Chromium's own sandbox needs rights that a container's root does not have.
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]
# A browser on a busy machine is slow; every wait ends as soon as what it waits for is there.
PATIENCE_MS = 180_000


class NoBrowser(RuntimeError):
    """No browser is installed and none can be; the message says what was tried."""


def find() -> str:
    """The path of a Chromium: an installed one, else Playwright's own, else Debian's package where it may be installed.

    Raises NoBrowser.
    """
    for name in NAMES:
        if path := shutil.which(name):
            return path
    if path := _playwrights():
        return path
    return _debians()


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _debians() -> str:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoBrowser("no chromium here, and only root on Debian may install it; try `playwright install chromium`")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
        made = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
        if made.returncode:
            last = (made.stderr.strip().splitlines() or ["no message"])[-1]
            raise NoBrowser(f"`{' '.join(command)}` failed: {last}")
    path = shutil.which("chromium")
    if path is None:
        raise NoBrowser("Debian's chromium package installed no `chromium`")
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(
    workspace: Path,
    log: Path,
    eureka: Sequence[str] = (sys.executable, "-P", "-m", "workbench.cli"),
    environment: Mapping[str, str] = os.environ,
) -> Iterator[str]:
    """`eureka app` over a workspace, as a user starts it; yields its address and stops it at the end."""
    port = free_port()
    command = [*eureka, "app", "--workspace", str(workspace), "--port", str(port)]
    with (
        tempfile.TemporaryDirectory() as folder,
        log.open("w") as out,
    ):
        # A user's own files of these names in the working directory must not shadow our packages.
        for name in ("app", "eval", "train", "workbench", "pipelines"):
            Path(folder, f"{name}.py").write_text("raise SystemExit('shadowed')")
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait(server, f"http://127.0.0.1:{port}/_stcore/health", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


def _wait(server: "subprocess.Popen[bytes]", url: str, log: Path, seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(f"the pages' server ended with {server.returncode}: {log.read_text()}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError(f"the pages' server did not answer within {seconds:.0f} s: {log.read_text()}")
