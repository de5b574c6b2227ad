"""Experiments: their numbers from hand-made runs, the commands they run, what they reuse, and their figures."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from app.queries import aha as page
from tests.train.helpers.fake_eureka import AT_ONCE, SECOND_LOOK, FakeEureka, rollout, score
from train.experiments import ablations, aha, data_efficiency, figure, gather
from train.experiments.lab import Lab, run_command
from train.experiments.publish import publish
from train.experiments.report import Goal, Panel, Report, Series, Table, dots, shown
from workbench.errors import UserError
from workbench.schema import ROLLOUTS, SCORES, Problem
from workbench.statistics import Interval
from workbench.store import Store
from workbench.workspace import Workspace, write_jsonl, write_table, write_text

SMALL = aha.Sizes(train=6, heldout=4, test=40)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def eureka(place: Workspace) -> FakeEureka:
    skills = {"tiny": 0.3, "aha-seed-1@last": 0.9, "aha-seed-2@last": 0.4}
    return FakeEureka(place, skills)


def lab_of(eureka: FakeEureka, experiment: str = "aha") -> Lab:
    return Lab(experiment, eureka.workspace, Console(file=io.StringIO(), width=200), eureka)


def test_curves_bands_and_rises(place: Workspace) -> None:
    values = [1, 2, 3, 4, 5, 6, 7, 8, 11, 14]
    rows: list[dict[str, Any]] = [{"step": 0, "eval/accuracy": 0.5}]
    rows += [{"step": step, "length/mean": value} for step, value in enumerate(values, 1)]
    write_jsonl(place.run("a") / "metrics.jsonl", rows)
    write_jsonl(place.run("b") / "metrics.jsonl", [row | {"length/mean": 3.0} for row in rows[2:4]])
    one, other = (gather.curve(place, run, "length/mean", 10) for run in "ab")
    assert one == gather.Curve(tuple(range(1, 11)), tuple(10.0 * value for value in values))
    assert gather.curve(place, "a", "eval/accuracy") == gather.Curve((0,), (0.5,))
    assert gather.curve(place, "a", "no/such") == gather.Curve((), ())
    assert gather.band([one, other]) == gather.Band((2, 3), (25.0, 30.0), (20.0, 30.0), (30.0, 30.0))
    assert gather.smooth(one, 4).values[:5] == (10.0, 15.0, 20.0, 25.0, 35.0)
    # Differences 11 − 1 and 14 − 2; t(0.975, 1 degree) = 12.7062 and s/√2 = 1.
    risen = gather.rise(gather.curve(place, "a", "length/mean"))
    assert (risen.value, risen.n) == (11.0, 2)
    assert (risen.low, risen.high) == pytest.approx((11 - 12.7062, 11 + 12.7062), abs=1e-4)
    assert gather.rise(other).n == 0


def test_reflection_within_the_same_prompt_is_what_the_page_shows(place: Workspace) -> None:
    problem = Problem("synth", "1", "How many?", (), "8", level="easy")
    groups = [
        # reflecting right half the time, the others never; one of two against one of one; only reflecting ones.
        [(8, "correct", True), (9, "wrong", True), (9, "wrong", False), (9, "wrong", False)],
        [(9, "wrong", True), (8, "correct", False)],
        [(8, "correct", True), (8, "correct", True)],
        # Its one reflecting answer cannot be scored.
        [(8, "unscorable", True), (8, "correct", False)],
        [(8, "correct", True), (9, "wrong", False)],
    ]
    rows = [
        rollout(
            "run", 1, number, problem.problem_id, index,
            (SECOND_LOOK if reflects else AT_ONCE).format(first=7 if index else 8, final=final), verdict,
        )
        for number, group in enumerate(groups)
        for index, (final, verdict, reflects) in enumerate(group)
    ]  # fmt: skip
    write_table(place.run("run") / "rollouts" / "step=000001" / "rank=0.parquet", rows, ROLLOUTS)
    FakeEureka(place).dataset("train", [problem.row()], {})
    table = gather.answers(place, "run")
    found = gather.within_prompt(table)
    # Differences 0.5, −1 and 1, and by Agresti and Min two more: 0.5/5 ± 1.959964 · sqrt((3.25/5 − 0.1²)/5).
    assert (found.value, found.n) == (pytest.approx(1 / 6), 3)
    assert (found.low, found.high) == pytest.approx((0.1 - 0.701218, 0.1 + 0.701218), abs=1e-5)
    changes = gather.transitions(place, table, "train")
    assert changes == {"right→right": 4, "wrong→right": 1, "right→wrong": 1, "wrong→same": 0, "wrong→other": 1}
    store = Store(place)
    write_text(place.run("run") / "config.yaml", "dataset: train\n")
    shown_there = page.overall(store, page.prepare(store, "run", lambda done, of: None))
    assert shown_there.within == found
    assert shown_there.transitions == changes


def test_gain_is_paired_over_scored_items_of_the_levels(place: Workspace) -> None:
    levels = ["easy", "easy", "hard", "hard", "hard"]
    problems = [{"problem_id": str(number), "level": level} for number, level in enumerate(levels)]
    paths = []
    for model, right in (("before", "01000"), ("after", "01110")):
        rows = [score(row, model, one == "1") for row, one in zip(problems, right, strict=True)]
        rows[4]["verdict"] = "unscorable" if model == "after" else "correct"
        paths.append(place.evals("dataset--test", model) / "0-0.parquet")
        write_table(paths[-1], rows, SCORES)
    everything = gather.gain(place, str(paths[0]), str(paths[1]))
    assert everything.difference.n == 4
    assert everything.difference.value == pytest.approx(0.5)
    assert (everything.only_first, everything.only_second, everything.p) == (0, 2, 0.5)
    assert gather.gain(place, str(paths[0]), str(paths[1]), ["easy"]).difference.value == 0
    assert gather.gain(place, str(paths[0]), str(paths[1]), ["hard"]).difference.value == 1


def test_a_run_costs_what_it_learned_from(place: Workspace, eureka: FakeEureka) -> None:
    lab = lab_of(eureka)
    data = lab.synth("few", 5, 1)
    common = (f"dataset={data}", "eval_dataset=null", "steps=3", "algorithm.updates_per_step=2")
    lab.train("aha", "rl", common)
    rows = [rollout("rl", 3, 0, "p", index, "", "wrong", used=index < 2) for index in range(3)]
    write_table(place.run("rl") / "rollouts" / "step=000003" / "rank=0.parquet", rows, ROLLOUTS)
    assert gather.cost(place, "rl") == gather.Cost(6, 3 + 3 + 2, 80, 300, 7.5)
    lab.train("aha", "written", (*common, "method=sft"))
    assert gather.cost(place, "written") == gather.Cost(6, 12, 300, 0, 7.5)
    assert gather.heldout(place, "rl") == ((10, 40), (30, 40))


def test_aha_runs_the_public_commands_and_nothing_twice(eureka: FakeEureka, place: Workspace) -> None:
    found = aha.experiment(lab_of(eureka), 2, 10, SMALL)
    assert {path.name for path in place.root.parent.iterdir()} == {"workspace"}
    asked = ["--prompt", "plain", "--max-tokens", "96", "--json"]
    test = ["eval", "run", "--benchmark", "dataset", "--data", "aha-test@v001", "--model"]
    settings = ["train", "aha", "dataset=aha-train@v001", "eval_dataset=aha-heldout@v001"]
    assert eureka.calls == [
        ["data", "synth", "--name", "aha-train", "--count", "6", "--seed", "1", "--json"],
        ["data", "synth", "--name", "aha-heldout", "--count", "4", "--seed", "2", "--json"],
        ["data", "synth", "--name", "aha-test", "--count", "40", "--seed", "3", "--json"],
        [*test, "tiny", *asked],
        [*settings, "seed=1", "steps=10", "run=aha-seed-1"],
        [*test, "aha-seed-1@last", *asked],
        [*settings, "seed=2", "steps=10", "run=aha-seed-2"],
        [*test, "aha-seed-2@last", *asked],
    ]
    assert found.runs == ["aha-seed-1", "aha-seed-2"]
    rises, gained = found.goals[:3], found.goals[3]
    assert all(goal.met == {"seed 1": True, "seed 2": True} for goal in rises)
    assert gained.met == {"seed 1": True, "seed 2": False}
    by_seed, changes = found.tables
    rows = {row[0]: row[1:] for row in by_seed.rows}
    sides = [place.evals("dataset--aha-test", model) / "0-0.parquet" for model in ("tiny", "aha-seed-1@last")]
    right = [Store(place).query("SELECT verdict FROM scores", scores=[path])["verdict"].to_list() for path in sides]
    before, after = (100 * verdicts.count("correct") / 40 for verdicts in right)
    cells = [rows[name][0] for name in ("test, greedy, before, %", "test, greedy, after, %", "gain, points")]
    assert [cell.value for cell in cells] == pytest.approx([before, after, after - before])
    first, second, over = rows["gain, points"]
    assert over.value == pytest.approx((first.value + second.value) / 2)
    # Of three answers to a prompt the reflecting one is right and one of the two others.
    effect = rows[aha.EFFECT][0]
    # Ten groups with the difference 0.5: 5/12 ± 1.959964 · sqrt((3.5/12 − (5/12)²)/12), in percent.
    assert (effect.value, effect.low, effect.high, effect.n) == pytest.approx((50.0, 22.2265, 61.1069, 10), abs=1e-3)
    assert [row[1:] for row in changes.rows] == [(0, 0), (10, 10), (0, 0), (0, 0), (0, 0), (0, 0)]

    eureka.calls.clear()
    again = aha.experiment(lab_of(eureka), 2, 10, SMALL)
    assert eureka.calls == []
    assert again == found


def test_a_stopped_run_is_resumed_and_tested_anew(eureka: FakeEureka, place: Workspace) -> None:
    eureka.stops_at = 4
    with pytest.raises(UserError, match="aha-seed-1 stopped at step 4 of 10"):
        aha.experiment(lab_of(eureka), 1, 10, SMALL)
    eureka.stops_at = None
    eureka.calls.clear()
    aha.experiment(lab_of(eureka), 1, 10, SMALL)
    train, test = eureka.calls
    assert train[-4:] == ["seed=1", "steps=10", "--resume", "aha-seed-1"]
    assert test[:2] == ["eval", "run"]
    # A checkpoint newer than its scores is asked again, with nothing else.
    eureka.calls.clear()
    later = place.root.stat().st_mtime + 60
    os.utime(place.run("aha-seed-1") / "checkpoints" / "step-000010" / "model" / "config.json", (later, later))
    aha.experiment(lab_of(eureka), 1, 10, SMALL)
    assert [words[:2] for words in eureka.calls] == [["eval", "run"]]


def test_another_config_or_other_problems_are_not_taken_for_the_same(eureka: FakeEureka, place: Workspace) -> None:
    aha.experiment(lab_of(eureka), 1, 10, SMALL)
    with pytest.raises(UserError, match="'aha-seed-1' was begun with steps=10, now it is 12; begin a new run"):
        aha.experiment(lab_of(eureka), 1, 12, SMALL)
    assert lab_of(eureka).synth("aha-train", 7, 1) == "aha-train@v002"
    assert lab_of(eureka).synth("aha-train", 6, 1) == "aha-train@v001"


def test_data_efficiency_on_nested_sets_with_equal_updates(eureka: FakeEureka, place: Workspace) -> None:
    eureka.skills |= {f"efficiency-rl-{size}-seed-1@last": 0.95 for size in (4, 8)}
    sizes = data_efficiency.Sizes(pool=30, train=(4, 8), test=60)
    found = data_efficiency.experiment(lab_of(eureka, "data-efficiency"), 1, 5, sizes)
    trained = [words for words in eureka.calls if words[0] == "train"]
    assert [words[-1] for words in trained] == [
        f"run=efficiency-{method}-{size}-seed-1" for size in (4, 8) for method in ("rl", "sft", "cot-sft")
    ]
    assert "rollout.prompts_per_step=256" in trained[1] and "method=sft" in trained[1]
    table, costs = found.tables
    assert [row[3:5] for row in costs.rows[:2]] == [(10, 15), (10, 20)]
    held, shifted = found.panels[:2]
    assert held.log_ticks == [4, 8]
    base = json.loads((place.root / "experiments/data-efficiency/evals/tiny-efficiency-test@v001.json").read_text())
    level = base["groups"]["level"]
    easier = [level["easy"], level["medium"]]
    n = sum(part["n"] for part in easier)
    right = sum(part["value"] * part["n"] for part in easier)
    assert table.rows[0][3].n == n
    assert table.rows[0][3].value == held.series[0].y[0] == pytest.approx(100 * right / n)
    assert shifted.series[0].y[0] == pytest.approx(100 * level["hard"]["value"])
    assert {goal.text.partition(":")[0] for goal in found.goals} == {"held-out", "shifted"}
    assert found.goals[0].met == {"4 problems, seed 1": True, "8 problems, seed 1": True}


def test_subsets_of_the_pool_are_nested(tmp_path: Path) -> None:
    from pipelines.curation.curate import curate
    from pipelines.importing import import_synth

    place = Workspace(tmp_path)
    import_synth(place, "pool", 60, 11)
    lab = Lab("data-efficiency", place, Console(file=io.StringIO()), lambda words, quiet: pytest.fail("not needed"))
    held = []
    for size in (8, 16):
        recipe = lab.folder / "recipes" / f"efficiency-{size}.yaml"
        try:
            lab.curate(f"efficiency-{size}", "pool@v001", data_efficiency.subset(size))
        except pytest.fail.Exception:
            curate(place, str(recipe), ["pool@v001"], f"efficiency-{size}")
        # The real command's version is taken for the one.
        assert lab.curate(f"efficiency-{size}", "pool@v001", data_efficiency.subset(size)) == f"efficiency-{size}@v001"
        sql = "SELECT problem_id, level FROM problems"
        table = Store(place).query(sql, problems=Store(place).problems(f"efficiency-{size}"))
        assert set(table["level"]) == {"easy", "medium"}
        held.append(set(table["problem_id"]))
    assert len(held[0]) == 8 and len(held[1]) == 16 and held[0] < held[1]


def test_ablations_differ_from_grpo_in_one_part_each(eureka: FakeEureka) -> None:
    sizes = ablations.Sizes(train=6, heldout=40)
    found = ablations.experiment(lab_of(eureka, "ablations"), 1, 6, sizes)
    names = [words[-1].removeprefix("run=") for words in eureka.calls if words[0] == "train"]
    assert names == found.runs
    assert names[:3] == [
        "ablations-grpo-seed-1",
        "ablations-grpo-filter-0.1-0.9-seed-1",
        "ablations-grpo-kl-0.01-seed-1",
    ]
    assert len(set(names)) == len(ablations.VARIANTS) == 8
    untrained, grpo, *others = found.tables[0].rows
    # 10 of 40 problems before, 30 of 40 after, for every variant.
    assert [untrained[2].value, grpo[2].value, grpo[3]] == [25.0, 75.0, ""]
    assert all(row[3].value == 0 and row[3].low < 0 < row[3].high for row in others)
    assert [len(panel.series) for panel in found.panels] == [8, 8, 8, 8, 8, 7]


def small_report() -> Report:
    points = [("before", Interval(30, 25, 35, 9)), ("one", Interval(5, -float("inf"), float("inf"), 1))]
    return Report(
        experiment="aha",
        title="A title",
        about="What was done.",
        runs=["a"],
        panels=[
            Panel("lines", "step", [Series("mean", [1, 2], [1, 2], [0, 1], [2, 3])]),
            Panel("sizes", "problems", [dots("dots", [(32, points[0][1])])], [32]),
            Panel("bars", "", [Series("n", ["x"], [3], style="bars"), dots("dots", points)]),
        ],
        tables=[Table("numbers", ["", "a", "b", "c"], [["x", points[0][1], points[1][1], 1234]])],
        goals=[Goal("it rises", {"seed 1": True, "seed 2": False})],
    )


def test_a_report_is_json_html_and_a_table(eureka: FakeEureka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure, "find_browser", lambda: None)
    lab = lab_of(eureka)
    publish(small_report(), lab)
    written = json.loads((lab.folder / "report.json").read_text(), parse_constant=pytest.fail)
    assert written["tables"][0]["rows"] == [
        ["x", {"value": 30, "low": 25, "high": 35, "n": 9}, {"value": 5, "low": None, "high": None, "n": 1}, 1234]
    ]
    assert written["panels"][2]["series"][1]["low"] == [25, 5]
    assert written["made_with"]["python"]
    html = (lab.folder / "aha.html").read_text()
    assert "A title" in html and len(html) > 1_000_000 and "<script src=" not in html
    assert not (lab.folder / "aha.png").exists()
    printed = lab.console.file.getvalue()  # type: ignore[attr-defined]
    assert "needs Chrome or Chromium" in printed
    assert "it rises: seed 1 yes, seed 2 no" in printed
    assert "30.0 [25.0, 35.0]" in printed and "1,234" in printed
    assert shown(Interval(float("nan"), 0, 1, 0)) == "–"


def test_no_browser_is_found_where_none_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    assert figure.find_browser() is None
    monkeypatch.setenv("BROWSER_PATH", "/opt/chrome")
    assert figure.find_browser() == "/opt/chrome"


def test_a_browser_that_does_not_draw_leaves_the_html(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BROWSER_PATH", "/opt/nothing")
    files, missing = figure.write(small_report(), tmp_path)
    assert [path.name for path in files] == ["aha.html"]
    assert missing is not None and missing.startswith("no PNG, since /opt/nothing did not draw it")


@pytest.mark.browser
def test_the_figure_is_drawn_as_png(tmp_path: Path) -> None:
    if not figure.find_browser():
        pytest.skip("no Chrome or Chromium here")
    files, missing = figure.write(small_report(), tmp_path)
    assert missing is None
    assert files[1].read_bytes().startswith(b"\x89PNG")


def test_a_failing_command_stops_the_experiment(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match=r"`eureka data show nothing-here --workspace .*` ended with status 2"):
        run_command(["data", "show", "nothing-here", "--workspace", str(tmp_path)], True)
    assert "no dataset 'nothing-here'" in capfd.readouterr().err
    assert json.loads(run_command(["data", "list", "--json", "--workspace", str(tmp_path)], True)) == []
