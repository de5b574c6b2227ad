"""A training step of ours against TRL 1.16's on the same machine, and how ours grows with what is asked.

Each side runs in fresh processes of its own, in turns, with as many threads as the machine has cores; start-up and the
first step are left out. TRL samples with `model.generate`, since its vLLM does not start on a CPU. All figures go to
build/bench/training_speed.json.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from tests.bench import train_trl
from tests.bench.training_cases import BUILD, THREADS, Case, add_problems, compared, in_its_own_process
from workbench.workspace import Workspace

ROUNDS = 2
# How many times TRL's samples a second ours are to be.
GOALS = {"short": 1.5, "long": 3.0}
FACTORS = (1, 2, 3)
PROBLEMS = 256

Measured = dict[str, Any]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("training") / "workspace")
    for factor in FACTORS:
        add_problems(made, factor, PROBLEMS)
    return made


@pytest.fixture(scope="module")
def report() -> Iterator[dict[str, Any]]:
    """What is written down at the end."""
    found: dict[str, Any] = {"threads": THREADS}
    yield found
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "training_speed.json").write_text(json.dumps(found, indent=1))


def together(case: Case, rounds: list[Measured]) -> Measured:
    """The mean over the rounds, and samples a second."""
    numbers = {key for key, value in rounds[0].items() if isinstance(value, float)}
    mean = {key: sum(one[key] for one in rounds) / len(rounds) for key in numbers}
    return mean | {"samples_per_s": case.prompts * case.samples / mean["step"], "threads": rounds[0]["threads"]}


def show(title: str, rows: dict[str, Measured], columns: dict[str, str]) -> None:
    """One line a row, the columns' formats beside their names."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    for name, row in rows.items():
        table.add_row(name, *(format(row[key], style) if key in row else "–" for key, style in columns.items()))
    Console(width=150).print(table)


SIDES = {
    "samples_per_s": ".2f",
    "step": ".2f",
    "rollout": ".2f",
    "learn": ".2f",
    "sync": ".2f",
    "record": ".2f",
    "cpu": ".2f",
    "length": ".0f",
    "truncated": ".1%",
    "prompt": ".0f",
    "reward": ".2f",
    "threads": "d",
}
GROWTH = {key: SIDES[key] for key in ("samples_per_s", "step", "rollout", "learn", "sync", "length", "prompt")}


@pytest.mark.parametrize("name", list(GOALS))
def test_against_trl(name: str, workspace: Workspace, report: dict[str, Any]) -> None:
    """Both in turns; the samples are each one's own, so their lengths are shown and must be alike."""
    case = next(case for case in compared() if case.name == name)
    ours: list[Measured] = []
    theirs: list[Measured] = []
    for _ in range(ROUNDS):
        ours += in_its_own_process("tests.bench.train_ours", [case], workspace)
        theirs += in_its_own_process("tests.bench.train_trl", [case], workspace, str(train_trl.folder()))
    sides = {"ours": together(case, ours), "TRL": together(case, theirs)}
    ratio = sides["ours"]["samples_per_s"] / sides["TRL"]["samples_per_s"]
    each = [their["step"] / our["step"] for our, their in zip(ours, theirs, strict=True)]
    print()
    show(f"{name} answers, {case.prompts} prompts of {case.samples} samples; seconds a step", sides, SIDES)
    print(f"ratio {ratio:.2f} ({', '.join(f'{one:.2f}' for one in each)} by round)", flush=True)
    report[name] = {"case": asdict(case), "ours": ours, "trl": theirs, "ratio": ratio}
    assert sides["ours"]["length"] == pytest.approx(sides["TRL"]["length"], rel=0.15)
    assert sides["ours"]["prompt"] == pytest.approx(sides["TRL"]["prompt"], rel=0.05)
    assert sides["ours"]["threads"] == sides["TRL"]["threads"]
    if name == "long":
        assert sides["ours"]["length"] >= 120
    assert ratio >= GOALS[name]


def test_growth(workspace: Workspace, report: dict[str, Any]) -> None:
    """One thing is changed at a time, all in one process."""
    base = replace(compared()[1], max_tokens=256, steps=2)
    cases = {
        "base": base,
        **{f"{n} prompts": replace(base, prompts=n) for n in (8, 32, 64)},
        **{f"{n} samples": replace(base, samples=n) for n in (4, 16)},
        **{f"pictures {n} times as large": replace(base, factor=n) for n in FACTORS if n != base.factor},
        **{f"at most {n} tokens": replace(base, max_tokens=n) for n in (64, 128, 512)},
    }
    measured = in_its_own_process("tests.bench.train_ours", list(cases.values()), workspace)
    rows = {name: together(case, [one]) for (name, case), one in zip(cases.items(), measured, strict=True)}
    print()
    show(f"{base.prompts} prompts of {base.samples} samples, at most {base.max_tokens} tokens", rows, GROWTH)
    report["growth"] = rows
    assert all(row["gap"] <= 1e-4 for row in rows.values())
