"""Problem order, run folders and records."""

import json
from pathlib import Path

import pytest
import yaml

from tests.train.conftest import add_dataset, tiny_config
from train.data import ProblemStream, load_problems, refuse_benchmarks
from train.metrics import rewind
from train.run import begin, check_new, check_resumable, made_with
from workbench.errors import UserError
from workbench.schema import Problem
from workbench.workspace import Workspace


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
    begin(config, check_new(config, place))
    stored = yaml.safe_load((place.run("test") / "config.yaml").read_text())
    assert stored["optimizer"]["lr"] == 1e-3 and stored["made_with"]["libraries"]["torch"].startswith("2.")
    with pytest.raises(UserError, match=r"run 'test' exists in .*; add --resume test"):
        check_new(config, place)
    assert check_resumable(tiny_config(checkpoint={"every": 3}), place) == place.run("test")
    with pytest.raises(UserError, match="run 'test' was begun with steps=2, now it is 3"):
        check_resumable(tiny_config(steps=3), place)
    with pytest.raises(UserError, match=r"no run 'other' to resume in .*; there are: test"):
        check_resumable(tiny_config(run="other"), place)


def test_made_with_names_versions() -> None:
    made = made_with()
    assert {"torch", "transformers"} <= set(made["libraries"])
    assert made["commit"] is None or len(made["commit"].removesuffix("+changes")) == 40


def test_rewind_cuts_later_and_torn_lines(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps({"step": s}) + "\n" for s in range(5)) + '{"step": 5, "tor')
    rewind(tmp_path, 2)
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [0, 1, 2]
