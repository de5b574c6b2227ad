"""The whole loop with the real sampler: gap, sync, resume, export. One engine serves all that need no fresh one."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
import yaml

import train.start
from tests.train.conftest import ENGINE, lend, tiny_config
from tests.train.helpers.same_run import assert_same_run, config_of, metrics
from train.distributed import Ranks
from train.learner.engine import make_learner
from train.learner.sync import sync
from train.loop import Loop
from train.rollouts import sample
from workbench.models import TINY, checkpoints, resolve_model
from workbench.rollout.sampling import SamplingConfig
from workbench.rollout.vllm_local import LocalVLLM
from workbench.schema import ROLLOUTS
from workbench.store import Store
from workbench.workspace import Workspace

pytestmark = pytest.mark.engine
ROOT = Path(__file__).parent.parent.parent
GREEDY = SamplingConfig(temperature=0.0, max_tokens=24)


@pytest.fixture(scope="session")
def undisturbed(sampler: LocalVLLM, workspace: Workspace) -> Path:
    """A run that nothing happened to."""
    with pytest.MonkeyPatch.context() as patch:
        lend(sampler, patch)
        return train.start.train(config_of("undisturbed"), workspace)


def greedy(engine: LocalVLLM, loop_parts: Loop) -> list[tuple[list[int], list[float]]]:
    groups = sample(engine, loop_parts.prompts, list(enumerate(loop_parts.stream.problems[:8])), GREEDY, 1, 0)
    return [(g.rollouts[0].sample.token_ids, g.rollouts[0].sample.logprobs) for g in groups]


def test_a_run_writes_what_it_promises(undisturbed: Path, workspace: Workspace) -> None:
    rows = [json.loads(line) for line in (undisturbed / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [0, 1, 2, 3, 4]
    assert [row["step"] for row in rows if "eval/accuracy" in row] == [0, 2, 4]
    assert all(row["gap/max"] <= 1e-4 and row["samples/all"] == 24 for row in rows[1:])
    assert all(row["time/step"] > 0 and row["memory/rss_gib"] > 0 for row in rows[1:])
    assert rows[-1]["policy/grad_norm"] > 0
    # One warm-up update of four, then the cosine from the top.
    assert rows[1]["policy/lr"] == rows[2]["policy/lr"] == 1e-3 > rows[3]["policy/lr"] > rows[4]["policy/lr"]
    stored = yaml.safe_load((undisturbed / "config.yaml").read_text())
    assert stored["rollout"]["samples_per_prompt"] == 4 and "libraries" in stored["made_with"]
    assert list((undisturbed / "tensorboard").glob("events.out.tfevents.*"))
    assert set(checkpoints(undisturbed)) == {4}
    assert resolve_model("undisturbed@last", workspace) == checkpoints(undisturbed)[4] / "model"
    best = json.loads((resolve_model("undisturbed@best", workspace).parent / "state.json").read_text())
    evaluated = {row["step"]: row["eval/accuracy"] for row in rows if row.get("eval/accuracy") is not None}
    assert best["accuracy"] == max(evaluated[2], evaluated[4]) == evaluated[best["step"]]


def test_rollouts_are_whole_and_agree_with_the_metrics(undisturbed: Path, workspace: Workspace) -> None:
    table = pq.read_table(undisturbed / "rollouts/step=000003/rank=0.parquet")
    assert table.schema.equals(ROLLOUTS)
    rows = table.to_pylist()
    assert len({row["rollout_id"] for row in rows}) == 24 and len({row["group_id"] for row in rows}) == 6
    assert {row["weight_version"] for row in rows} == {2}
    for row in rows:
        rewards, reasons = dict(row["rewards"]), dict(row["reward_reasons"])
        assert row["reward"] == pytest.approx(rewards["accuracy"] + 0.5 * rewards["format"])
        assert reasons.keys() == rewards.keys() and all(reasons.values())
        assert len(row["token_ids"]) == len(row["logprobs"]) == row["n_tokens"]
        assert (rewards["accuracy"] == 1) == (row["verdict"] == "correct")
    mean = sum(row["reward"] for row in rows) / len(rows)
    assert metrics(undisturbed)[3]["reward/total"] == pytest.approx(mean)
    counted = Store(workspace).query(
        "SELECT count(*) AS n FROM rollouts WHERE used", rollouts=Store(workspace).rollouts("undisturbed")
    )
    assert counted["n"][0] == 96


def test_a_step_samples_until_enough_groups_are_kept(workspace: Workspace, shared: LocalVLLM) -> None:
    size, rounds = 6, 3
    run = train.start.train(config_of("refilled", steps=2, filter={"rounds": rounds}), workspace)
    for step in (1, 2):
        table = pq.read_table(next(run.glob(f"rollouts/step={step:06d}/*"))).to_pylist()
        groups: dict[str, set[str | None]] = {}
        for row in table:
            groups.setdefault(row["group_id"], set()).add(row["unused_reason"])
        # Places are given in the order of sampling: a round is the next `size` of them.
        turns = [list(groups.values())[i : i + size] for i in range(0, len(groups), size)]
        kept = [sum(bool(reasons & {None, "surplus"}) for reasons in turn) for turn in turns]
        assert sum(kept[:-1]) < size and (sum(kept) >= size or len(turns) == rounds)
        assert sum(None in reasons for reasons in groups.values()) == min(size, sum(kept))


def test_a_killed_run_resumes_to_the_same_end(undisturbed: Path, workspace: Workspace, shared: LocalVLLM) -> None:
    """SIGKILL after the third step's line, one step after the checkpoint, in a process with an engine of its own."""
    file = workspace.root / "killed.yaml"
    file.write_text(yaml.safe_dump(config_of("killed").model_dump(mode="json")))
    command = [sys.executable, "-m", "workbench.cli", "train", str(file), "--workspace", str(workspace.root)]
    log = (workspace.root / "killed.log").open("w")
    process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    lines = workspace.run("killed") / "metrics.jsonl"
    while not (lines.exists() and len(lines.read_text().splitlines()) >= 4):
        assert process.poll() is None, (workspace.root / "killed.log").read_text()[-4000:]
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert max(checkpoints(workspace.run("killed"))) <= 4
    train.start.train(config_of("killed"), workspace, resume=True)
    assert_same_run(workspace.run("killed"), undisturbed)


def test_a_run_killed_before_its_first_checkpoint_starts_again(
    undisturbed: Path, workspace: Workspace, shared: LocalVLLM
) -> None:
    run = workspace.run("early")
    shutil.copytree(undisturbed, run, symlinks=True)
    shutil.rmtree(run / "checkpoints")
    (run / "config.yaml").write_text((run / "config.yaml").read_text().replace("run: undisturbed", "run: early"))
    with (run / "metrics.jsonl").open("a") as torn:
        torn.write('{"step": 5, "rew')
    train.start.train(config_of("early"), workspace, resume=True)
    assert_same_run(run, undisturbed)


def test_ctrl_c_finishes_the_step_saves_and_stops(
    undisturbed: Path, workspace: Workspace, shared: LocalVLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Loop.step

    def pressed(self: Loop) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        step(self)

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "step", pressed)
        run = train.start.train(config_of("stopped"), workspace)
    assert set(checkpoints(run)) == {1} and len(metrics(run)) == 2
    sync(make_learner(TINY, tiny_config(), Ranks()), shared, 0, trainable_only=False)
    train.start.train(config_of("stopped"), workspace, resume=True)
    assert_same_run(run, undisturbed)


def test_a_sync_of_unchanged_weights_changes_no_greedy_output(workspace: Workspace, shared: LocalVLLM) -> None:
    loop = Loop(config_of("unchanged"), workspace, workspace.run("unchanged"), Ranks())
    before = greedy(shared, loop)
    for trainable_only in (True, False):
        sync(loop.learner, shared, 1, trainable_only)
        assert greedy(shared, loop) == before


def test_a_sync_of_changed_weights_equals_a_fresh_engine_on_the_export(
    workspace: Workspace, shared: LocalVLLM, tmp_path: Path
) -> None:
    """Language model and tower both changed; the export is read by transformers too."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    from train.run.checkpoint import export

    loop = Loop(config_of("changed", freeze_vision=False), workspace, workspace.run("changed"), Ranks())
    base = greedy(shared, loop)
    with torch.no_grad():
        for name, parameter in loop.learner.policy.model.named_parameters():
            if name.endswith(("merger.mlp.2.weight", "layers.1.mlp.down_proj.weight")):
                parameter.mul_(1.5)
    sync(loop.learner, shared, 1, trainable_only=True)
    synced = greedy(shared, loop)
    assert synced != base
    export(loop.learner, loop.processor, tmp_path / "model", Ranks())
    loaded = AutoModelForImageTextToText.from_pretrained(tmp_path / "model", dtype=torch.float32)
    for (name, ours), (_, theirs) in zip(
        loop.learner.weights(trainable_only=False), loaded.named_parameters(), strict=True
    ):
        assert torch.equal(ours, theirs), name
    assert AutoProcessor.from_pretrained(tmp_path / "model").image_processor.merge_size == 2
    fresh = LocalVLLM(tmp_path / "model", ENGINE)
    assert greedy(fresh, loop) == synced
    fresh.close()


def test_two_processes_run_and_resume(workspace: Workspace) -> None:
    """ZeRO-2 under torchrun, an engine a rank; cut back to the second checkpoint it comes to the same end."""
    settings = config_of(
        "pair", deepspeed__stage=2, checkpoint__every=1, checkpoint__keep=3, steps=3, eval_dataset=None
    )
    file = workspace.root / "pair.yaml"
    file.write_text(yaml.safe_dump(settings.model_dump(mode="json")))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*launch, "-m", "workbench.cli", "train", str(file), "--workspace", str(workspace.root)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    def run(*more: str) -> None:
        made = subprocess.run(
            [*command, *more], env=environment, capture_output=True, text=True, check=False, timeout=290
        )
        assert made.returncode == 0, (made.stdout + made.stderr)[-8000:]

    run()
    pair = workspace.run("pair")
    rows = metrics(pair)
    assert [row["step"] for row in rows] == [1, 2, 3]
    assert all(row["samples/all"] == 24 and row["gap/max"] <= 1e-4 for row in rows)
    tables = [pq.read_table(pair / f"rollouts/step=000001/rank={rank}.parquet") for rank in (0, 1)]
    ids = [value for table in tables for value in table["rollout_id"].to_pylist()]
    assert [len(table) for table in tables] == [12, 12] and len(set(ids)) == 24
    shutil.copytree(pair, workspace.run("whole-pair"), symlinks=True)
    shutil.rmtree(checkpoints(pair)[3])
    run("--resume", "pair")
    assert_same_run(pair, workspace.run("whole-pair"))
