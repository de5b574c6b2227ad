"""Fifty syncs with new pictures between them keep memory flat."""

from pathlib import Path

from tests.train.conftest import add_dataset
from tests.train.helpers.same_run import config_of
from tests.train.helpers.syncs import memory_after_syncs
from train.distributed import Ranks
from train.loop import Loop
from workbench.workspace import Workspace


def test_fifty_syncs(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    add_dataset(workspace, "few", 24, 11)
    loop = Loop(config_of("synced", eval_dataset=None), workspace, workspace.run("synced"), Ranks())
    memory = memory_after_syncs(loop, loop.sampler, 50)
    print("MiB after each sync:", [round(size) for size in memory])
    assert memory[-1] - memory[9] < 40, memory
