"""What both trainers are asked to do: problems, models and sizes, the same for ours and for TRL."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.long_answers import FACTOR, enlarged
from workbench import schema
from workbench.images import ImageStore
from workbench.models import TINY
from workbench.schema import Problem
from workbench.synth import generate
from workbench.workspace import Workspace, write_json, write_table

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "bench"
THREADS = len(os.sched_getaffinity(0))
# A rate so small that the model keeps writing what it was trained to write, step after step.
OPTIMIZER = {"lr": 1e-6, "betas": [0.9, 0.95], "weight_decay": 0.0, "grad_clip": 1.0}
REWARD = {"accuracy": 1.0, "format": 0.5}
CLIP_LOW, CLIP_HIGH = 0.2, 0.28
TEMPLATE = "plain"
SEED = 909


@dataclass(frozen=True)
class Case:
    """A step of `prompts` problems with `samples` answers each, at most `max_tokens` long; `steps` are timed.

    Pictures are drawn `factor` times as large as the generator draws them. `micro_batch` is TRL's
    per_device_train_batch_size, `micro_tokens` our micro_batch_tokens: each one's fastest.
    """

    name: str
    model: str
    factor: int
    prompts: int
    samples: int
    max_tokens: int
    steps: int
    micro_tokens: int
    micro_batch: int = 0

    @property
    def dataset(self) -> str:
        return f"pictures-{self.factor}"


def long_model() -> Path:
    """The model that writes long answers, trained on first use."""
    folder = BUILD / "long-answers"
    if not (folder / "config.json").exists():
        subprocess.run([sys.executable, "-m", "tests.bench.long_answers", str(folder)], cwd=ROOT, check=True)
    return folder


def compared() -> list[Case]:
    """The two comparisons: short answers, and long uneven ones about larger pictures."""
    return [
        Case("short", str(TINY), 1, 32, 8, 96, 6, 4096, 64),
        Case("long", str(long_model()), FACTOR, 16, 8, 512, 3, 8192, 16),
    ]


def add_problems(workspace: Workspace, factor: int, count: int) -> None:
    """Generated problems with enlarged pictures as the dataset of cases with this factor."""
    images = ImageStore(workspace.images)
    problems = [
        Problem(
            source="synth",
            source_id=one.source_id,
            question=one.question,
            images=(images.put(enlarged(one.image, factor)),),
            answer=one.answer,
            choices=tuple(one.choices) if one.choices else None,
            answer_type=one.answer_type,
        )
        for one in generate(count, SEED)
    ]
    with workspace.new_version(f"pictures-{factor}") as version:
        write_table(version.problems, [problem.row() for problem in problems], schema.PROBLEMS)
        write_json(version.path / "manifest.json", {"problems": count})


def in_its_own_process(module: str, cases: list[Case], workspace: Workspace, path: str = "") -> list[dict[str, Any]]:
    """What `module` measures for each case, in a fresh process that finds packages at `path` too."""
    request, answer = workspace.root / "cases.json", workspace.root / "measured.json"
    answer.unlink(missing_ok=True)
    request.write_text(json.dumps([asdict(case) for case in cases]))
    variables = os.environ | {"OMP_NUM_THREADS": str(THREADS), "PYTHONPATH": path, "TOKENIZERS_PARALLELISM": "false"}
    command = [sys.executable, "-m", module, str(workspace.root)]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return json.loads(answer.read_text())


def asked(root: str) -> tuple[Workspace, list[Case]]:
    """In that process: the workspace and its cases."""
    workspace = Workspace(root)
    return workspace, [Case(**values) for values in json.loads((workspace.root / "cases.json").read_text())]


def answer(workspace: Workspace, measured: list[dict[str, Any]]) -> None:
    (workspace.root / "measured.json").write_text(json.dumps(measured))
