"""Problem order, run folders and records."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.train.conftest import add_dataset, tiny_config, write_dataset
from train.data import ProblemStream, load_problems, refuse_benchmarks
from train.run import checkpoint
from train.run.folder import as_begun, begin, check_new, check_resumable, made_with, pinned
from train.run.metrics import Recorder, rewind
from workbench.errors import UserError
from workbench.models import checkpoints, resolve_model
from workbench.schema import Problem
from workbench.workspace import Workspace, write_text


def _problems(count: int) -> list[Problem]:
    return [Problem("s", str(i), f"question {i}", (), "1") for i in range(count)]


def test_every_epoch_asks_every_problem_once_in_an_order_of_its_own() -> None:
    stream = ProblemStream(_problems(10), seed=1)
    asked = [p.source_id for _ in range(5) for p in stream.take(4)]
    first, second = asked[:10], asked[10:]
    assert sorted(first) == sorted(second) == sorted(str(i) for i in range(10))
    assert first != second
    assert [p.source_id for p in ProblemStream(_problems(10), seed=1).take(10)] == first
    assert [p.source_id for p in ProblemStream(_problems(10), seed=2).take(10)] != first


@pytest.mark.parametrize("taken", [0, 3, 10, 13, 27])
def test_a_stream_goes_on_where_its_state_was_taken(taken: int) -> None:
    stream = ProblemStream(_problems(10), seed=5)
    stream.take(taken)
    other = ProblemStream(_problems(10), seed=5)
    other.load_state_dict(json.loads(json.dumps(stream.state_dict())))
    assert other.take(17) == stream.take(17)


def test_a_problem_without_its_picture_is_an_error(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    problem = next(p for p in add_dataset(place, "few", 4, 1) if p.images)
    path = next(place.images.rglob(f"{problem.images[0]}.*"))
    path.unlink()
    with pytest.raises(UserError, match=f"lacks picture {problem.images[0]}"):
        load_problems(place, ["few"])


def test_one_problem_in_two_datasets_is_an_error(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    add_dataset(place, "one", 3, 1)
    add_dataset(place, "two", 4, 1)
    with pytest.raises(UserError, match="is in one@v001 and in two@v001"):
        load_problems(place, ["one", "two"])


@pytest.mark.parametrize("source", ["k12", "mathv", "MathLLMs/MathVision", "AI4Math/MathVista", "lmms-lab/MMMU_val"])
def test_benchmarks_are_not_trained_on(source: str) -> None:
    fine = _problems(3)
    with pytest.raises(UserError, match=rf"1 of 4 problems.*1 of source {source}.*allow_benchmarks=true"):
        refuse_benchmarks([*fine, Problem(source, "1", "q", (), "1")])


def test_a_test_split_is_not_trained_on_but_other_splits_are() -> None:
    def of(split: str | None) -> Problem:
        return Problem("tabmwp", str(split), "q", (), "1", split=split)

    refuse_benchmarks([of(split) for split in (None, "train", "dev", "validation")])
    refuse_benchmarks([Problem(source, "1", "q", (), "1") for source in ("mmk12", "MMathCoT", "k12x", "synth")])
    with pytest.raises(UserError, match=r"2 of 3 problems.*1 of split test, 1 of split testmini"):
        refuse_benchmarks([of("train"), of("test"), of("testmini")])


def test_a_run_is_begun_once_and_resumed_as_it_was(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    config = tiny_config()
    place.run("test").mkdir(parents=True)  # as a start that was killed at once leaves it
    begin(config, check_new(config, place))
    stored = yaml.safe_load((place.run("test") / "config.yaml").read_text())
    assert stored["optimizer"]["lr"] == 1e-3 and stored["made_with"]["libraries"]["torch"].startswith("2.")
    with pytest.raises(UserError, match=r"run 'test' exists in .*; add --resume test"):
        check_new(config, place)
    memory_only = {"checkpoint__every": 3, "rollout__engine__kv_cache_gib": 3}
    assert check_resumable(tiny_config(**memory_only), place) == place.run("test")
    with pytest.raises(UserError, match=r"no run 'other' to resume in .*; there are: test"):
        check_resumable(tiny_config(run="other"), place)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": 3}, "steps=2, now it is 3; begin a new run with model=test@last to train on"),
        ({"steps": 1}, "steps=2, now it is 1; begin a new run"),
        ({"rollout__engine__max_num_seqs": 7}, "rollout.engine.max_num_seqs=128, now it is 7; begin a new run"),
        ({"reward": {"accuracy": 1.0}}, "reward.format=0.5, now it is None; begin a new run"),
        ({"dataset": "many"}, "dataset='few', now it is 'many'; begin a new run"),
    ],
)
def test_another_config_is_refused_by_its_dotted_key(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    place = Workspace(tmp_path)
    begin(tiny_config(), place.run("test"))
    with pytest.raises(UserError) as refused:
        check_resumable(tiny_config(**changes), place)
    assert str(refused.value) == f"run 'test' was begun with {words}"


def test_names_are_pinned_when_a_run_is_begun(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    for name in ("few", "more", "held"):
        write_dataset(place, name, _problems(3))
    for step in ("step-000004", "step-000006", "best-000005-ab12"):
        write_text(place.run("first") / "checkpoints" / step / "model" / "config.json", "{}")
    (place.run("first") / "checkpoints" / "best").symlink_to("best-000005-ab12")
    asked = tiny_config(dataset=["few", "more@v001"], eval_dataset="held", model="first@last")
    config = pinned(asked, place)
    assert (config.dataset, config.eval_dataset) == (["few@v001", "more@v001"], "held@v001")
    assert config.model == "first@6"
    best = pinned(tiny_config(model="first@best"), place).model
    assert best == "first@best-000005-ab12"
    assert resolve_model(best, place) == place.run("first") / "checkpoints" / "best-000005-ab12" / "model"
    begin(config, place.run("test"))
    write_dataset(place, "few", _problems(3))
    write_text(place.run("first") / "checkpoints" / "step-000008" / "model" / "config.json", "{}")
    for given in (asked, config):
        assert as_begun(given, check_resumable(given, place)) == config
    with pytest.raises(UserError, match=r"dataset=\['few@v001', 'more@v001'\], now it is \['few@v002', 'more'\]"):
        check_resumable(asked.model_copy(update={"dataset": ["few@v002", "more"]}), place)
    with pytest.raises(UserError, match=r"model='first@6', now it is 'first'"):
        check_resumable(asked.model_copy(update={"model": "first"}), place)


def test_a_run_begun_without_pins_still_resumes(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    begin(tiny_config(dataset="few", model="first@last"), place.run("test"))
    config = tiny_config(dataset="few", model="first@last")
    assert as_begun(config, check_resumable(config, place)) == config


def test_made_with_names_versions() -> None:
    made = made_with()
    assert {"torch", "transformers"} <= set(made["libraries"])
    assert made["commit"] is None or len(made["commit"].removesuffix("+changes")) == 40


def test_rewind_cuts_later_and_torn_lines(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps({"step": s}) + "\n" for s in range(5)) + '{"step": 5, "tor')
    rewind(tmp_path, 2)
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [0, 1, 2]


def test_a_removal_that_is_killed_leaves_no_half_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "checkpoints" / "step-000001"
    (folder / "model").mkdir(parents=True)
    monkeypatch.setattr(checkpoint.shutil, "rmtree", lambda path: None)
    checkpoint.remove(folder)
    assert checkpoints(tmp_path) == {} and all(path.name.startswith(".") for path in folder.parent.iterdir())


def test_a_start_repeated_before_the_first_checkpoint_draws_its_evaluation_once(tmp_path: Path) -> None:
    for _ in range(2):
        recorder = Recorder(tmp_path, tiny_config(steps=1), after_step=0)
        for step in (0, 1):
            recorder.record(step, {"eval/accuracy": 0.5})
        recorder.close()
        time.sleep(1.1)  # event files are read in the order of the seconds in their names
    drawn = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in drawn.Scalars("eval/accuracy")] == [0, 1]
