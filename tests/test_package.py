"""The wheel as a user has it: installed, run in a folder whose files are named like our packages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("workbench", "pipelines", "train", "eval", "app")


@pytest.fixture(scope="module")
def eureka(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `eureka` script of the wheel, installed into a folder of its own."""
    source, wheels, site = (tmp_path_factory.mktemp(name) for name in ("source", "wheels", "site"))
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(source)], check=True)
    (wheel,) = wheels.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True)
    return site / "bin" / "eureka"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory in which `import train` would find the user's own file."""
    for name in PACKAGES:
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('the user's own {name}.py was imported')")
    return tmp_path


def run(eureka: Path, folder: Path, *words: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(eureka.parents[1])}
    result = subprocess.run(
        [str(eureka), *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"eureka {' '.join(words)}: {result.stderr}"
    return result.stdout


def test_the_wheel_works_beside_files_named_like_our_packages(eureka: Path, folder: Path) -> None:
    assert run(eureka, folder, "--version").startswith("eureka-workbench ")
    run(eureka, folder, "data", "synth", "--name", "figures", "--count", "12", "--seed", "0")
    assert "12" in run(eureka, folder, "curate", "default", "--input", "figures", "--output", "clean")
    run(eureka, folder, "data", "export", "clean", "--to", "mm-eureka", "-o", "out")
    assert list((folder / "out").rglob("*.jsonl"))
    assert "ppo_clip" in run(eureka, folder, "train", "demo", "dataset=clean", "--dry-run")
    (folder / "pairs.jsonl").write_text('{"id": 1, "gold": "1/2", "response": "0.5"}\n')
    assert "1 correct" in run(eureka, folder, "verify", "pairs.jsonl", "-o", "verdicts.jsonl")


def test_every_process_that_a_command_starts_ignores_the_working_directory(eureka: Path, folder: Path) -> None:
    # What `eureka` sets for its children holds for theirs too: ranks, servers, workers, the pages.
    script = "import os, subprocess, sys; from workbench.cli import main; sys.argv = ['eureka', '--help']\n"
    script += "try: main()\nexcept SystemExit: pass\n"
    script += "sys.exit(subprocess.call([sys.executable, '-c', 'import train, app, eval']))"
    environment = os.environ | {"PYTHONPATH": str(eureka.parents[1])}
    subprocess.run([sys.executable, "-P", "-c", script], cwd=folder, env=environment, check=True, capture_output=True)
