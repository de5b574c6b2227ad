"""Fifty syncs with new pictures between them keep memory flat."""

from pathlib import Path

from tests.train.conftest import add_dataset
from tests.train.learner.test_sync import held_after_syncs
from tests.train.same_run import config_of
from train.distributed import Ranks
from train.loop import Loop
from workbench.workspace import Workspace


def test_fifty_syncs(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    add_dataset(workspace, "few", 24, 11)
    loop = Loop(config_of("synced", eval_dataset=None), workspace, workspace.run("synced"), Ranks())
    held = held_after_syncs(loop, loop.sampler, 50)
    print("MiB after each sync:", [round(one) for one in held])
    assert held[-1] - held[9] < 40, held
