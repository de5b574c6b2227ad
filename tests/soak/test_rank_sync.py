"""What each rank's engine holds after a step under ZeRO-3, where no rank has a whole weight: all of them, whole."""

from pathlib import Path

import pytest
import yaml

from tests.train.conftest import add_dataset
from tests.train.helpers.rank_sync import launch
from tests.train.helpers.same_run import config_of
from train.learner.policy import is_vision
from workbench.workspace import Workspace


@pytest.mark.parametrize("freeze_vision", [True, False])
def test_the_engines_hold_the_learner_s_weights(tmp_path: Path, freeze_vision: bool) -> None:
    workspace = Workspace(tmp_path)
    add_dataset(workspace, "few", 24, 11)
    config = config_of(
        "pieces",
        steps=1,
        eval_dataset=None,
        deepspeed__stage=3,
        freeze_vision=freeze_vision,
        optimizer={"lr": 1e-3, "warmup_ratio": 0.0},
        algorithm__entropy_bonus=0.1,
    )
    file = tmp_path / "pieces.yaml"
    file.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    for found in launch(file, workspace, tmp_path / "found.pt"):
        # No weight is left over on either side, and each that the learner trains came through the sync.
        assert found["names"] == found["theirs"]
        assert found["different"] == []
        assert found["changed"] and any(is_vision(name) for name in found["changed"]) != freeze_vision
        assert found["versions"] == {1}
        assert max(found["gaps"]) <= 1e-5
