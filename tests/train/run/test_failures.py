"""What a run does when something breaks: it says so in one message, and what it had kept stays good."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import train.loop
import train.start
from tests.train.conftest import lend
from tests.train.helpers.same_run import config_of, metrics
from train.algorithm.rewards import REWARDS, Response, Reward
from train.config import load_config
from train.distributed import Ranks
from train.learner.engine import make_learner
from train.learner.trainer import LossError, Trainer
from train.run import checkpoint
from train.run.folder import held
from workbench.errors import UserError
from workbench.models import TINY, checkpoints
from workbench.rollout.vllm_local import LocalVLLM
from workbench.workspace import Workspace

pytestmark = pytest.mark.engine
ROOT = Path(__file__).parents[3]
EACH: dict[str, Any] = {"checkpoint__every": 1, "checkpoint__keep": 2}


@pytest.fixture(scope="module")
def stopped(workspace: Workspace, sampler: LocalVLLM) -> Path:
    """A run of three steps with a checkpoint at each."""
    with pytest.MonkeyPatch.context() as patch:
        lend(sampler, patch)
        return train.start.train(config_of("failing", steps=3, eval_dataset=None, **EACH), workspace)


def copy(run: Path, name: str) -> Path:
    """The same run under another name."""
    other = run.with_name(name)
    shutil.copytree(run, other, symlinks=True)
    config = (other / "config.yaml").read_text()
    (other / "config.yaml").write_text(config.replace("run: failing", f"run: {name}"))
    return other


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    """Other bytes in the middle of the file, which stays as long as it was."""
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 8] = bytes(byte ^ 0xFF for byte in data[middle : middle + 8])
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: flip(folder / "learner" / "learner.pt"),
        lambda folder: half(folder / "learner" / "learner.pt"),
        lambda folder: half(folder / "rank=0.pt"),
        lambda folder: half(folder / "state.json"),
        lambda folder: (folder / "rank=0.pt").unlink(),
        lambda folder: (folder / "learner" / "learner.pt").write_bytes(b""),
    ],
    ids=[
        "flipped bytes in the weights",
        "half the weights",
        "half the random states",
        "half the state",
        "no random states",
        "empty weights",
    ],
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
        train.start.train(config, workspace, resume=True)
    shutil.rmtree(checkpoints(run)[3])
    train.start.train(config, workspace, resume=True)
    assert metrics(run) == metrics(stopped)


def test_a_reward_that_raises_names_itself_and_the_answer(
    workspace: Workspace, shared: LocalVLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(response: Response) -> Reward:
        return Reward(1 / (response.n_tokens * 0), "never")

    monkeypatch.setitem(REWARDS._items, "broken", broken)
    with pytest.raises(RuntimeError, match=r"reward 'broken' raised on an answer to problem \w+: '") as caught:
        train.start.train(config_of("broken", reward={"accuracy": 1.0, "broken": 1.0}, eval_dataset=None), workspace)
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
        train.start.train(config, workspace)
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
        train.start.train(config_of("small-disk", eval_dataset=None, **EACH), workspace)
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
        with pytest.raises(
            UserError, match=r"no space left to write /dev/full; free some and go on with .*--resume full"
        ):
            train.start.train(config, workspace)
    lend(shared, monkeypatch)
    run = train.start.train(config, workspace, resume=True)
    assert [row["step"] for row in metrics(run)] == [1, 2]


def test_a_disk_that_fills_up_under_a_checkpoint_is_said_in_one_line(
    workspace: Workspace, shared: LocalVLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torch raises an error of its own then; only the disk says what happened."""

    def fails(*_: Any) -> None:
        usage = shutil.disk_usage(workspace.root)._replace(free=0)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")

    monkeypatch.setattr(checkpoint.torch, "save", fails)
    with pytest.raises(UserError, match=r"no space left to write .*filled \(PytorchStreamWriter.*--resume filled"):
        train.start.train(config_of("filled", eval_dataset=None, **EACH), workspace)


def test_the_best_model_too_is_only_begun_where_it_has_room(
    stopped: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = make_learner(TINY, config_of("best"), Ranks())
    usage = shutil.disk_usage(workspace.root)._replace(free=2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UserError, match=r"the best model, of step 3, needs about \d+ MiB in .*--resume failing"):
        checkpoint.save_best(stopped, 3, 0.5, learner, None, Ranks())


def test_another_config_cannot_go_on_with_a_run(stopped: Path, workspace: Workspace) -> None:
    with pytest.raises(UserError, match=r"run 'failing' was begun with seed=42, now it is 43; begin a new run"):
        train.start.train(config_of("failing", steps=3, eval_dataset=None, seed=43, **EACH), workspace, resume=True)
    before = json.loads((stopped / "metrics.jsonl").read_text().splitlines()[-1])
    assert before["step"] == 3


def test_a_config_edited_by_hand_is_noticed_by_the_checkpoint(
    stopped: Path, workspace: Workspace, shared: LocalVLLM
) -> None:
    run = copy(stopped, "edited")
    file = run / "config.yaml"
    file.write_text(file.read_text().replace("seed: 42", "seed: 43"))
    with pytest.raises(UserError, match=r"run 'edited' was begun with seed=42, now it is 43; begin a new run"):
        train.start.train(load_config(file), workspace, resume=True)
    file.write_text(file.read_text().replace("seed: 43", "seed: 42"))
    for folder in checkpoints(run).values():  # as an older version wrote them
        state = json.loads((folder / "state.json").read_text())
        del state["config"]
        (folder / "state.json").write_text(json.dumps(state))
    train.start.train(load_config(file), workspace, resume=True)


def test_one_process_at_a_time_has_a_run(stopped: Path, workspace: Workspace) -> None:
    script = "import sys; from pathlib import Path; from train.run.folder import held\n"
    script += "with held(Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(stopped)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "in\n"
        with pytest.raises(UserError, match=rf"run 'failing' is being trained by process {other.pid} on .*--resume"):
            train.start.train(config_of("failing", steps=3, eval_dataset=None, **EACH), workspace, resume=True)
        other.kill()
        other.wait()
    with held(stopped):
        pass


def test_what_a_killed_process_left_half_done_is_cleared(
    stopped: Path, workspace: Workspace, shared: LocalVLLM
) -> None:
    """An unlinked best model, half-removed and half-written checkpoints; metrics that lack a step are named."""
    run = copy(stopped, "half-done")
    config = config_of("half-done", steps=3, eval_dataset=None, **EACH)
    folder = run / "checkpoints"
    for name in ("best-000003-ab12", ".best-000002-cd34", ".step-000001-ef56", ".step-000004"):
        (folder / name / "model").mkdir(parents=True)
    train.start.train(config, workspace, resume=True)
    assert sorted(path.name for path in folder.iterdir()) == ["step-000002", "step-000003"]
    rows = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
    (run / "metrics.jsonl").write_text("".join(rows[:1] + rows[2:]))
    with pytest.raises(UserError, match=r"metrics.jsonl has 0 lines of step 2, .* checkpoint of step 3 comes after"):
        train.start.train(config, workspace, resume=True)


def test_what_cannot_be_trained_does_not_take_the_name(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(UserError, match="model_type 'bert', which the trainer cannot train"):
        train.start.train(config_of("unknown", model=str(tmp_path)), workspace)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match=r"2 processes need deepspeed; add deepspeed.stage=2"):
        train.start.train(config_of("unknown"), workspace)
    assert "unknown" not in workspace.run_names()
