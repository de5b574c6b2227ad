"""A training run killed twenty times at random moments ends as the one that nothing happened to."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.progress import track

from workbench.workspace import Workspace

KILLS = 20
EUREKA = [sys.executable, "-m", "workbench.cli"]


def metrics(workspace: Workspace, run: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (workspace.run(run) / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if not k.startswith(("time/", "memory/"))} for row in rows]


def test_twenty_kills(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    place = ["--workspace", str(tmp_path)]
    subprocess.run([*EUREKA, "data", "synth", "--name", "set", "--count", "64", *place], check=True)
    settings = ["dataset=set", "eval_dataset=set", "evaluate.problems=16", "evaluate.every=10", "checkpoint.every=2"]
    settings += ["steps=60", "rollout.prompts_per_step=8"]
    subprocess.run([*EUREKA, "train", "demo", "run=whole", *settings, *place], check=True)

    chance = random.Random(0)
    begin = [*EUREKA, "train", "demo", "run=killed", *settings, *place]
    again = [*EUREKA, "train", "--resume", "killed", *place]
    for _ in track(range(KILLS), "killing"):
        known = (workspace.run("killed") / "config.yaml").exists()
        with subprocess.Popen(again if known else begin) as process:
            try:
                process.wait(chance.uniform(20, 80))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
    subprocess.run(again, check=True)
    assert metrics(workspace, "killed") == metrics(workspace, "whole")
