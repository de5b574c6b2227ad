"""A run that is killed again and again and always goes on: four times in `make test`, twenty in `make soak`.

It has what a real run has: a filter that refills its batch, held-out evaluations, two processes under ZeRO-2.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from torch.utils.cpp_extension import _get_build_directory

from workbench.models import checkpoints
from workbench.workspace import Workspace

ROOT = Path(__file__).parents[3]
LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
EUREKA = ["-m", "workbench.cli"]
PATIENCE = 600  # seconds a start may take on a busy machine


class Killed:
    """The run `killed` of a workspace, beside the run `whole` that nothing happens to."""

    def __init__(self, workspace: Workspace, steps: int, seed: int):
        self.workspace = workspace
        self.steps = steps
        self.chance = random.Random(seed)
        self.run = workspace.run("killed")
        self.log = workspace.root / "killed.log"
        self.settings = [
            "dataset=set eval_dataset=set evaluate.problems=8 evaluate.every=3 checkpoint.every=2 deepspeed.stage=2",
            f"steps={steps} rollout.prompts_per_step=6 rollout.max_tokens=48 filter.rounds=3 filter.low=0.1",
        ]

    def prepare(self) -> None:
        """Make the problems and the undisturbed run, which finds the lock of a killed build of DeepSpeed's op."""
        folder = Path(_get_build_directory("deepspeed_shm_comm", verbose=False))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lock").touch()
        place = ["--workspace", str(self.workspace.root)]
        synth = [sys.executable, *EUREKA, "data", "synth", "--name", "set", "--count", "64", *place]
        subprocess.run(synth, check=True, cwd=ROOT, capture_output=True)
        process = self._start("whole", resume=False)
        assert process.wait() == 0, self.log.read_text()[-8000:]

    def kill(self, moment: str) -> None:
        """Start or go on, and kill both processes and their launcher (or one of them) at the moment.

        `starting`: within its first seconds. `stepping`: at any time of the next two steps, so in sampling, judging,
        learning, syncing or evaluating. `checkpointing`: while a checkpoint is written, published or the one before it
        removed. `one`: as `stepping`, but a single rank dies and the launcher has to notice. `launcher`: as `stepping`,
        but only the launcher dies and its ranks have to go with it.
        """
        process = self._start("killed", resume=(self.run / "config.yaml").exists())
        lines, latest = self._lines(), time.monotonic() + self.chance.uniform(1, 15)
        if moment == "starting":
            self._until(process, lambda: time.monotonic() > latest)
        else:
            self._until(process, lambda: self._lines() > lines)
            if moment == "checkpointing":
                self._until(process, lambda: bool(list(self.run.glob("checkpoints/.step-*"))))
                time.sleep(self.chance.uniform(0, 0.3))
            else:
                time.sleep(self.chance.uniform(0, 1.5))
        # The ranks are sessions of their own; a run that is over has none left.
        ranks, others = _below(process)
        victims = [process.pid, *ranks, *others]
        if moment == "one":
            victims = [self.chance.choice(ranks)] if ranks else []
        elif moment == "launcher":
            victims = [process.pid]
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        process.wait()
        if moment == "launcher":
            _assert_ended(ranks)

    def finish(self) -> None:
        """Go on to the end."""
        process = self._start("killed", resume=(self.run / "config.yaml").exists())
        assert process.wait() == 0, self.log.read_text()[-8000:]
        assert max(checkpoints(self.run)) == self.steps

    def _start(self, run: str, resume: bool) -> "subprocess.Popen[bytes]":
        what = ["--resume", run] if resume else ["demo", f"run={run}", *" ".join(self.settings).split()]
        command = [*LAUNCH, *EUREKA, "train", *what, "--workspace", str(self.workspace.root)]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        with self.log.open("a") as log:
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)

    def _until(self, process: "subprocess.Popen[bytes]", reached: Callable[[], bool]) -> None:
        """Wait until the moment, or until the run is over."""
        latest = time.monotonic() + PATIENCE
        while process.poll() is None and not reached():
            assert time.monotonic() < latest, self.log.read_text()[-8000:]
            time.sleep(0.005)

    def _lines(self) -> int:
        path = self.run / "metrics.jsonl"
        return len(path.read_text().splitlines()) if path.exists() else 0


def _below(launcher: "subprocess.Popen[bytes]") -> tuple[list[int], list[int]]:
    """The process ids of a launcher's ranks, and of all that these started."""
    try:
        ranks = psutil.Process(launcher.pid).children()
        return [p.pid for p in ranks], [p.pid for rank in ranks for p in rank.children(recursive=True)]
    except psutil.NoSuchProcess:
        return [], []


def _assert_ended(pids: list[int], seconds: float = 20) -> None:
    latest = time.monotonic() + seconds
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < latest, "ranks go on without their launcher"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
