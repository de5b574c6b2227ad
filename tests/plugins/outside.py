"""The example plug-ins in a folder outside the repository, and `eureka` called in it as a stranger calls it."""

import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from workbench.cli import main
from workbench.plugins import unload_plugins

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "plugins"
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "EUREKA_WORKSPACE": "ws", "COLUMNS": "200", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Outside:
    """A folder with copies of the examples and a workspace, `ws`."""

    folder: Path

    def eureka(self, *words: str, code: int = 0) -> str:
        """What a command prints, on both streams; it must end with this code.

        The command runs in this process, which has loaded no plug-in before and forgets them afterwards.
        """
        printed = io.StringIO()
        status: object = 0
        unload_plugins()
        with (
            patch.dict(os.environ, ENVIRONMENT),
            patch.object(sys, "argv", ["eureka", *words]),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            try:
                main()
            except SystemExit as end:
                status = end.code
        unload_plugins()
        assert (status or 0) == code, printed.getvalue()[-4000:]
        return printed.getvalue()

    def process(self, *words: str, launcher: Sequence[str] = (), code: int = 0) -> str:
        """The same in a process of its own, or in several that a launcher starts."""
        command = [*launcher, sys.executable, "-P", "-m", "workbench.cli", *words]
        made = subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | ENVIRONMENT,
            text=True,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert made.returncode == code, made.stdout[-6000:]
        return made.stdout

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def sha256(self, name: str) -> str:
        return hashlib.sha256((self.folder / name).read_bytes()).hexdigest()


def copied(folder: Path) -> Outside:
    for file in EXAMPLES.glob("*.py"):
        shutil.copy(file, folder)
    return Outside(folder)
