"""Imports go down the floors only: import-linter over the contracts in pyproject.toml."""

import subprocess
import sys
from pathlib import Path


def test_imports_go_down_the_floors_only() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    made = subprocess.run([command], cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout
    assert "5 kept, 0 broken" in made.stdout
