"""The example plug-ins in a folder outside the repository, and `eureka` run in it as a stranger runs it."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "plugins"


@dataclass(frozen=True)
class Outside:
    """A folder with copies of the examples and a workspace, `ws`."""

    folder: Path

    def eureka(self, *words: str, code: int = 0) -> str:
        """What a command prints, on both streams; it must end with this code."""
        command = [sys.executable, "-P", "-m", "workbench.cli", *words]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "EUREKA_WORKSPACE": "ws", "COLUMNS": "200"}
        made = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            text=True,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert made.returncode == code, made.stdout[-4000:]
        return made.stdout

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def sha256(self, name: str) -> str:
        return hashlib.sha256((self.folder / name).read_bytes()).hexdigest()


def copied(folder: Path) -> Outside:
    for file in EXAMPLES.glob("*.py"):
        shutil.copy(file, folder)
    return Outside(folder)
