"""Plug-ins of a training run: named in the config or on the command line, recorded, and needed again to resume."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from train.config import TrainConfig, load_config
from train.distributed import Ranks
from train.learner.engine import make_learner
from train.run.checkpoint import Progress, restore, save
from train.run.folder import begin, begun, check_resumable, pinned
from train.start import check_same_plugins
from workbench.errors import UserError
from workbench.plugins import load_plugins, plugin_records, unload_plugins
from workbench.workspace import Workspace

LOSS = """
from pydantic import Field
from train.algorithm.losses import LOSSES
from train.algorithm.settings import Section


class Settings(Section):
    clip_low: float = Field(0.4, gt=0)
    tempering: float = Field(0.5, gt=0)


@LOSSES.register("tempered", settings=Settings)
def tempered(tokens, settings):
    return -tokens.mean(tokens.new) * settings.tempering, {}
"""
CONFIG = """
plugins: [code/tempered.py]
dataset: few
run: test
steps: 2
algorithm: {loss: tempered, tempering: 0.25}
"""


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "tempered.py").write_text(LOSS)
    (tmp_path / "my.yaml").write_text(CONFIG)
    return tmp_path / "my.yaml"


def test_a_config_names_its_plugins_from_its_own_folder(config_file: Path) -> None:
    config = load_config(config_file)
    assert config.plugins == [str(config_file.parent / "code" / "tempered.py")]
    assert config.algorithm.model_dump()["tempering"] == 0.25
    config_file.write_text(CONFIG.replace("tempered.py", "lost.py"))
    with pytest.raises(UserError, match=r"no plug-in file .*code/lost.py"):
        load_config(config_file)
    config_file.write_text(CONFIG.replace("[code/tempered.py]", "code/tempered.py"))
    for path, overrides in [("demo", ["plugins=x.py"]), (str(config_file), [])]:
        with pytest.raises(UserError, match=r"config key 'plugins': Input should be a valid list, got '.*.py'"):
            load_config(path, overrides)


def test_a_dry_run_shows_plugins_and_their_settings(config_file: Path) -> None:
    words = ["train", "demo", "algorithm={loss: tempered}", "--plugin", "code/tempered.py", "--dry-run"]
    command = [sys.executable, "-m", "workbench.cli", *words]
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=config_file.parent).stdout
    plugin = config_file.parent / "code" / "tempered.py"
    shown = yaml.safe_load(out)
    assert shown["plugins"] == [str(plugin)] and shown["algorithm"]["tempering"] == 0.5
    assert f"# plug-in tempered, sha256 {hashlib.sha256(plugin.read_bytes()).hexdigest()}" in out


def begin_run(config_file: Path) -> Workspace:
    """A run begun with the plug-in, in a process that has ended."""
    workspace = Workspace(config_file.parent / "ws")
    load_plugins(str(config_file.parent / "code" / "tempered.py"))
    config_file.write_text(CONFIG.replace("plugins: [code/tempered.py]", ""))
    config = load_config(config_file).model_copy(update={"dataset": []})
    begin(pinned(config, workspace), workspace.run("test"))
    unload_plugins()
    return workspace


def test_a_run_keeps_the_hash_and_loads_its_plugins_again(config_file: Path) -> None:
    workspace = begin_run(config_file)
    plugin = config_file.parent / "code" / "tempered.py"
    stored = yaml.safe_load((workspace.run("test") / "config.yaml").read_text())
    sha256 = hashlib.sha256(plugin.read_bytes()).hexdigest()
    assert stored["plugins"] == [str(plugin)]
    assert stored["made_with"]["plugins"] == [{"name": "tempered", "path": str(plugin), "sha256": sha256}]
    # Only the plug-in says that `clip_low` is a setting of this loss.
    again = load_config(begun("test", workspace) / "config.yaml")
    assert again.algorithm.model_dump()["clip_low"] == 0.4
    assert check_resumable(again, workspace) == workspace.run("test")
    unload_plugins()
    new = load_config(workspace.run("test") / "config.yaml", ["run=other"])
    assert new.plugins == [str(plugin)] and plugin_records() == stored["made_with"]["plugins"]


def test_a_resume_says_which_plugin_is_missing_or_changed(config_file: Path) -> None:
    workspace = begin_run(config_file)
    plugin = config_file.parent / "code" / "tempered.py"
    plugin.write_text(LOSS + "\n# changed")
    with pytest.raises(UserError, match=r"^run 'test' was made with the plug-in tempered \(.*\), which has changed"):
        begun("test", workspace)
    plugin.unlink()
    with pytest.raises(UserError, match=r"^run 'test' was made with the plug-in tempered \(.*\), which is missing"):
        begun("test", workspace)
    # The command says the same in one line, and the same bytes from elsewhere will do.
    words = [sys.executable, "-m", "workbench.cli", "train", "--resume", "test", "--workspace", str(workspace.root)]
    refused = subprocess.run(words, capture_output=True, text=True, check=False)
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1 and "is missing" in refused.stderr
    moved = config_file.parent / "moved.py"
    moved.write_text(LOSS)
    shown = subprocess.run([*words, "--plugin", str(moved), "--dry-run"], capture_output=True, text=True, check=True)
    assert yaml.safe_load(shown.stdout)["plugins"] == [str(moved)]


def test_a_checkpoint_does_not_ask_where_the_plugin_was(config_file: Path, random_model: Path) -> None:
    config = load_config(config_file, [f"model={random_model}"])
    learner = make_learner(random_model, config, Ranks())
    run = config_file.parent / "run"
    run.mkdir()
    (run / "metrics.jsonl").write_text('{"step": 1}\n')
    save(run, Progress(step=1), learner, _NoProcessor(), config, Ranks())
    (config_file.parent / "code" / "tempered.py").unlink()
    assert restore(run, learner, config, Ranks()).step == 1


class _NoProcessor:
    def save_pretrained(self, folder: Path) -> None:
        pass


class _OtherRanks(Ranks):
    def __init__(self, theirs: Any):
        super().__init__(0, 2)
        self.theirs = theirs

    def gather(self, value: Any) -> list[Any]:
        return [value, self.theirs]


def test_ranks_with_other_plugins_are_refused(config_file: Path) -> None:
    config: TrainConfig = load_config(config_file)
    (record,) = plugin_records()
    check_same_plugins(_OtherRanks({("tempered", record["sha256"])}))
    with pytest.raises(UserError, match=r"rank 1 has other plug-ins than rank 0 \(tempered\); give every machine"):
        check_same_plugins(_OtherRanks({("tempered", "0" * 64)}))
    assert config.plugins
