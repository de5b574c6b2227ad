"""The front door: quick, and every command it names exists."""

import importlib
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from workbench.cli import COMMANDS

EUREKA = [sys.executable, "-m", "workbench.cli"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*EUREKA, *words], capture_output=True, text=True, check=False)


def test_help_loads_nothing_heavy() -> None:
    # The least of three: the machine may be busy, the program must not be.
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        assert run("--help").returncode == 0
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1
    script = (
        "import sys; sys.argv = ['eureka', '--help']; from workbench.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('HEAVY', sorted({'torch', 'vllm', 'transformers', 'polars', 'duckdb', 'pyarrow'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "HEAVY []" in out


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_and_explains_itself_with_an_example(name: str) -> None:
    module, attribute = COMMANDS[name][0].split(":")
    function = getattr(importlib.import_module(module), attribute)
    *groups, command = name.split()
    assert f"eureka {name}" in function.__doc__.partition("Example")[2]
    listed = [line.strip("│ ").split() for line in run(*groups, "--help").stdout.splitlines() if line.startswith("│ ")]
    assert command in [words[0] for words in listed if words]


def test_version_is_the_package_s() -> None:
    assert run("--version").stdout.strip() == f"eureka-workbench {version('eureka-workbench')}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data", "show", "nothing-here"], "no dataset 'nothing-here'"),
        (["data", "import", "x", "--format", "nonsense", "--name", "x"], "nonsense"),
        (["eval", "run", "--benchmark", "nonsense", "--model", "tiny"], "nonsense"),
        (["train", "demo", "foo=1", "--dry-run"], "no key 'foo'; the nearest is"),
        (["train", "--resume", "nosuch"], "no run 'nosuch' to resume in"),
        (["serve", "tiny", "foo=1"], "setting 'foo'"),
        (["no-such-command"], "No such command"),
        (["app", "--port", "abc"], "--port"),
        (["curate", "no-such-recipe.yaml", "--input", "x", "--output", "y"], "no-such-recipe"),
    ],
)
def test_bad_names_are_one_clear_line(tmp_path: Path, words: list[str], message: str) -> None:
    result = run(*words, *(["--workspace", str(tmp_path)] if len(words) > 1 else []))
    assert result.returncode == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr
