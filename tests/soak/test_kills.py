"""A run of two processes killed twenty times at random moments ends as the one that nothing happened to."""

import random
from pathlib import Path

from rich.progress import track

from tests.train.helpers.killing import Killed
from tests.train.helpers.same_run import assert_same_run
from workbench.workspace import Workspace

KILLS = 20
MOMENTS = ("starting", "stepping", "checkpointing", "one", "launcher")


def test_twenty_kills(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    killed = Killed(workspace, steps=80, seed=1)
    killed.prepare()
    order = list(MOMENTS) * (KILLS // len(MOMENTS))
    random.Random(1).shuffle(order)
    for moment in track(order, "killing"):
        killed.kill(moment)
    killed.finish()
    assert_same_run(workspace.run("killed"), workspace.run("whole"))
