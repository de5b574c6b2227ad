"""Four kills of a run of two processes; `make soak` has twenty."""

from pathlib import Path

import pytest

from tests.train.helpers.killing import Killed
from tests.train.helpers.same_run import assert_same_run
from workbench.workspace import Workspace

pytestmark = pytest.mark.engine


@pytest.mark.timeout(1500)
def test_a_run_killed_four_times_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    killed = Killed(workspace, steps=10, seed=0)
    killed.prepare()
    for moment in ("starting", "launcher", "checkpointing", "one"):
        killed.kill(moment)
    killed.finish()
    assert_same_run(workspace.run("killed"), workspace.run("whole"))
