"""What a run does when something breaks: it says so in one message, and what it had kept stays good."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import train.loop
from tests.train.conftest import lend
from tests.train.same_run import config_of, metrics
from train import checkpoint
from train.learn import LossError, Trainer
from train.rewards import REWARDS, Response, Reward
from workbench.errors import UserError
from workbench.models import checkpoints
from workbench.rollout.vllm_local import LocalVLLM
from workbench.workspace import Workspace

pytestmark = pytest.mark.engine
EACH: dict[str, Any] = {"checkpoint__every": 1, "checkpoint__keep": 2}


@pytest.fixture(scope="module")
def stopped(workspace: Workspace, sampler: LocalVLLM) -> Path:
    """A run of three steps with a checkpoint at each."""
    with pytest.MonkeyPatch.context() as patch:
        lend(sampler, patch)
        return train.loop.train(config_of("failing", steps=3, eval_dataset=None, **EACH), workspace)


def copy(run: Path, name: str) -> Path:
    """The same run under another name."""
    other = run.with_name(name)
    shutil.copytree(run, other, symlinks=True)
    config = (other / "config.yaml").read_text()
    (other / "config.yaml").write_text(config.replace("run: failing", f"run: {name}"))
    return other


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: half(folder / "learner" / "learner.pt"),
        lambda folder: half(folder / "rank=0.pt"),
        lambda folder: half(folder / "state.json"),
        lambda folder: (folder / "rank=0.pt").unlink(),
        lambda folder: (folder / "learner" / "learner.pt").write_bytes(b""),
    ],
    ids=["half the weights", "half the random states", "half the state", "no random states", "empty weights"],
)
def test_a_damaged_checkpoint_is_named_and_the_one_before_goes_on(
    stopped: Path, workspace: Workspace, shared: LocalVLLM, damage: Callable[[Path], None], request: Any
) -> None:
    run = copy(stopped, f"damaged-{request.node.callspec.indices['damage']}")
    damage(checkpoints(run)[3])
    config = config_of(run.name, steps=3, eval_dataset=None, **EACH)
    with pytest.raises(
        UserError, match=r"step-000003 cannot be read \(.*remove that folder .* goes on from step-000002"
    ):
        train.loop.train(config, workspace, resume=True)
    shutil.rmtree(checkpoints(run)[3])
    train.loop.train(config, workspace, resume=True)
    assert metrics(run) == metrics(stopped)


def test_a_reward_that_raises_names_itself_and_the_answer(
    workspace: Workspace, shared: LocalVLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(response: Response) -> Reward:
        return Reward(1 / (response.n_tokens * 0), "never")

    monkeypatch.setitem(REWARDS._items, "broken", broken)
    with pytest.raises(RuntimeError, match=r"reward 'broken' raised on an answer to problem \w+: '") as caught:
        train.loop.train(config_of("broken", reward={"accuracy": 1.0, "broken": 1.0}, eval_dataset=None), workspace)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_loss_that_is_no_number_stops_before_anything_is_kept(
    workspace: Workspace, shared: LocalVLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn = Trainer.learn

    def poisoned(self: Trainer, samples: Any) -> dict[str, float]:
        if self.updates == 2:
            with torch.no_grad():
                next(p for p in self.learner.policy.parameters() if p.requires_grad)[0] = torch.nan
        return learn(self, samples)

    monkeypatch.setattr(Trainer, "learn", poisoned)
    config = config_of("poisoned", eval_dataset=None, **EACH)
    with pytest.raises(LossError, match=r"the loss is nan, so the run stops; its newest checkpoint is whole"):
        train.loop.train(config, workspace)
    run = workspace.run("poisoned")
    assert [row["step"] for row in metrics(run)] == [1, 2] and max(checkpoints(run)) == 2
    state = torch.load(checkpoints(run)[2] / "learner" / "learner.pt", weights_only=True)
    assert all(value.isfinite().all() for value in state["weights"].values())


def test_a_disk_too_small_for_a_checkpoint_is_said_before_it_is_written(
    workspace: Workspace, shared: LocalVLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(workspace.root)._replace(free=2**20)
    monkeypatch.setattr(checkpoint.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(
        UserError, match=r"step 1 needs about \d+ MiB in .*checkpoints, where 1 MiB are free; .*--resume"
    ):
        train.loop.train(config_of("small-disk", eval_dataset=None, **EACH), workspace)
    assert not checkpoints(workspace.run("small-disk"))


def test_a_full_disk_names_the_run_and_the_way_on(
    stopped: Path, workspace: Workspace, shared: LocalVLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/dev/full refuses every write as a full disk does."""
    config = config_of("full", eval_dataset=None, steps=2)
    step = train.loop.Loop.step

    def on_full_disk(self: Any) -> None:
        assert self.recorder is not None
        self.recorder.path = Path("/dev/full")
        step(self)

    with monkeypatch.context() as patch:
        patch.setattr(train.loop.Loop, "step", on_full_disk)
        with pytest.raises(UserError, match=r"no space left to write .*full; free some and go on with .*--resume full"):
            train.loop.train(config, workspace)
    lend(shared, monkeypatch)
    run = train.loop.train(config, workspace, resume=True)
    assert [row["step"] for row in metrics(run)] == [1, 2]


def test_another_config_cannot_go_on_with_a_run(stopped: Path, workspace: Workspace) -> None:
    with pytest.raises(UserError, match=r"run 'failing' was begun with seed=42, now it is 43; begin a new run"):
        train.loop.train(config_of("failing", steps=3, eval_dataset=None, seed=43, **EACH), workspace, resume=True)
    before = json.loads((stopped / "metrics.jsonl").read_text().splitlines()[-1])
    assert before["step"] == 3
