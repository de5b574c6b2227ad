"""What two ranks say when something breaks: one message, whoever met it, and the run ends by itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.train.helpers.same_run import config_of
from workbench.workspace import Workspace

pytestmark = pytest.mark.engine
ROOT = Path(__file__).parents[3]


def ranks_of(script: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Two ranks under torchrun that run the script, then the `eureka` command."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*launch, script, *words], env=environment, capture_output=True, text=True, check=False, timeout=290
    )


def test_when_one_rank_fails_its_message_is_the_only_one(workspace: Workspace, tmp_path: Path) -> None:
    script = tmp_path / "one.py"
    script.write_text(
        "import os\nfrom train.algorithm.rewards import REWARDS\n"
        "def broken(response): raise ZeroDivisionError('broken on purpose')\n"
        "if os.environ['RANK'] == '1': REWARDS._items['accuracy'] = broken\n"
        "from workbench.cli import main\nmain()\n"
    )
    config = tmp_path / "one.yaml"
    settings = config_of("one-fails", deepspeed__stage=2, eval_dataset=None)
    config.write_text(yaml.safe_dump(settings.model_dump(mode="json")))
    made = ranks_of(str(script), "train", str(config), "--workspace", str(workspace.root))
    assert made.returncode != 0
    assert made.stderr.count("ZeroDivisionError: broken on purpose") == 1
    assert made.stderr.count("RuntimeError: reward 'accuracy' raised") == 1
    # The launcher may end the other before it says that it was left alone.
    assert "Connection closed by peer" not in made.stderr and made.stderr.count("another rank stopped") <= 1


def test_what_all_ranks_read_is_said_once(workspace: Workspace, tmp_path: Path) -> None:
    script = tmp_path / "all.py"
    script.write_text("from workbench.cli import main\nmain()\n")
    made = ranks_of(str(script), "train", "demo", "nonsense=1", "--workspace", str(workspace.root))
    assert made.returncode != 0 and made.stderr.count("eureka: config has no key 'nonsense'") == 1


def test_a_slow_main_rank_still_prints_what_the_other_met_before_it(workspace: Workspace, tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text(
        "import os, time\nif os.environ['RANK'] == '0': time.sleep(4)\nfrom workbench.cli import main\nmain()\n"
    )
    made = ranks_of(str(script), "train", "demo", "nonsense=1", "--workspace", str(workspace.root))
    assert made.returncode != 0 and made.stderr.count("eureka: config has no key 'nonsense'") == 1


def test_an_error_that_only_another_rank_meets_is_printed(workspace: Workspace, tmp_path: Path) -> None:
    script = tmp_path / "alone.py"
    script.write_text(
        "import os, time\nif os.environ['RANK'] == '0': time.sleep(60)\n"
        "import train.distributed\ntrain.distributed._LAUNCHER_SECONDS = 1\n"
        "from workbench.cli import main\nmain()\n"
    )
    made = ranks_of(str(script), "train", "demo", "nonsense=1", "--workspace", str(workspace.root))
    assert made.returncode != 0 and made.stderr.count("eureka: config has no key 'nonsense'") == 1
