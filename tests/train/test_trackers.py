"""Trackers: chosen and set in the config, told every step, and never able to stop a run."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from tests.train.conftest import tiny_config
from train.config import load_config, parse_config
from train.run.metrics import Recorder
from train.trackers import TRACKERS, TrackedRun, Tracker
from workbench.errors import UserError


class Settings(BaseModel):
    every: int = Field(1, ge=1)


class Listed(Tracker):
    """Keeps what it is told; raises what the test has put there."""

    told: list[Any]
    error: Exception | None

    def __init__(self, run: TrackedRun, settings: Settings):
        Listed.told = [run, settings]
        if Listed.error:
            raise Listed.error

    def record(self, step: int, metrics: Any) -> None:
        self.told.append((step, metrics))
        if Listed.error:
            raise Listed.error

    def close(self) -> None:
        self.told.append("closed")


@pytest.fixture(autouse=True)
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    for table in ("_items", "_settings", "_origins"):
        monkeypatch.setattr(TRACKERS, table, dict(getattr(TRACKERS, table)))
    Listed.error = None
    TRACKERS.register("listed", settings=Settings)(Listed)


def test_trackers_and_their_settings_stand_in_the_config() -> None:
    assert load_config("demo").trackers == {"tensorboard": {}}
    assert load_config("demo", ["trackers.listed={}"]).trackers == {"tensorboard": {}, "listed": {"every": 1}}
    changes = ["trackers.listed.every=5", "trackers.tensorboard=null"]
    config = load_config("demo", changes)
    assert config.trackers == {"tensorboard": None, "listed": {"every": 5}}
    assert parse_config(config.model_dump(mode="json")) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("trackers.wandb={}", "config key 'trackers': no tracker is called 'wandb'; there are listed, tensorboard"),
        ("trackers.listed.evry=2", "config has no key 'trackers.listed.evry'; the nearest is 'trackers.listed.every'"),
        ("trackers.listed.every=0", "config key 'trackers.listed.every': Input should be greater than or equal to 1"),
        ("trackers.tensorboard.every=2", "config has no key 'trackers.tensorboard.every'"),
        ("trackers=[listed]", "config key 'trackers': Input should be a valid dictionary"),
    ],
)
def test_bad_trackers_are_one_line(change: str, message: str) -> None:
    with pytest.raises(UserError) as refused:
        load_config("demo", [change])
    assert str(refused.value).startswith(message)


def config(**trackers: Any) -> Any:
    return tiny_config(trackers=trackers | {"tensorboard": None}, run="r")


def test_a_tracker_is_told_the_run_and_every_step(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r", config(listed={"every": 3}), after_step=4)
    recorder.record(5, {"a": 1.0, "b": None})
    recorder.close()
    assert not (tmp_path / "r" / "tensorboard").exists()
    run, settings, *rest = Listed.told
    assert (run.name, run.folder, run.after_step, settings.every) == ("r", tmp_path / "r", 4, 3)
    assert run.config["optimizer"]["lr"] == 1e-3 and rest == [(5, {"a": 1.0, "b": None}), "closed"]


def test_a_tracker_that_fails_is_reported_and_the_numbers_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = Recorder(tmp_path, config(listed={}), after_step=0)
    Listed.error = ConnectionError("no [net] here")
    for step in (1, 2):
        recorder.record(step, {"reward/total": float(step)})
    assert capsys.readouterr().out.count("tracker listed failed at step") == 2
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["reward/total"] for row in rows] == [1.0, 2.0]
    # A full disk is no tracker's fault, and the run says what to do about it.
    Listed.error = OSError(errno.ENOSPC, "full")
    with pytest.raises(OSError, match="full"):
        recorder.record(3, {})


def test_a_tracker_that_cannot_start_is_named(tmp_path: Path) -> None:
    Listed.error = ValueError("no account")
    with pytest.raises(UserError, match=r"^tracker listed cannot start \(ValueError: no account\); mend"):
        Recorder(tmp_path, config(listed={}), after_step=0)
