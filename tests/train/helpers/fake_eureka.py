"""What the public commands leave in a workspace, written by hand: for experiments tested without an engine."""

import hashlib
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from train.config import TrainConfig, load_config
from train.run.folder import begin
from workbench.schema import PROBLEMS, ROLLOUTS, SCORES, Problem
from workbench.statistics import wilson
from workbench.synth import generate
from workbench.workspace import Workspace, write_json, write_jsonl, write_table, write_text

SECOND_LOOK = "<think> It is {first}. Wait, let me check again. So it is {final}. </think><answer> {final} </answer>"
AT_ONCE = "<think> It is {final}. </think><answer> {final} </answer>"


class FakeEureka:
    """Runs `data synth`, `curate`, `train` and `eval run` in no time; `calls` holds the words of each.

    A run of `stops_at` steps ends there, as after Ctrl-C. A model's skill is what its name says in `skills`, else 0.5.
    """

    def __init__(self, workspace: Workspace, skills: dict[str, float] | None = None):
        self.workspace, self.skills = workspace, skills or {}
        self.calls: list[list[str]] = []
        self.stops_at: int | None = None

    def __call__(self, words: Sequence[str], quiet: bool) -> str:
        assert list(words[-2:]) == ["--workspace", str(self.workspace.root)]
        own = list(words[:-2])
        self.calls.append(own)
        match own:
            case ["data", "synth", "--name", name, "--count", count, "--seed", seed, "--json"]:
                manifest = {"format": "synth", "inputs": [{"count": int(count), "seed": int(seed)}]}
                made = [_problem(one) for one in generate(int(count), int(seed))]
                return self.dataset(name, [one.row() for one in made], manifest)
            case ["curate", recipe, "--input", source, "--output", name, "--json"]:
                return self.curate(Path(recipe), source, name)
            case ["train", recipe, *settings]:
                return self.train(recipe, settings)
            case ["eval", "run", "--benchmark", "dataset", "--data", data, "--model", model, *rest]:
                assert rest == ["--prompt", "plain", "--max-tokens", "96", "--json"]
                return self.evaluate(data, model)
        raise AssertionError(own)

    def dataset(self, name: str, rows: list[dict[str, Any]], manifest: dict[str, Any]) -> str:
        with self.workspace.new_version(name) as version:
            write_table(version.problems, rows, PROBLEMS)
            write_json(version.path / "manifest.json", manifest)
        return json.dumps({"dataset": version.ref})

    def curate(self, recipe: Path, source: str, name: str) -> str:
        [levels, cap] = yaml.safe_load(recipe.read_text())["steps"]
        table = pl.read_parquet(self.workspace.dataset(source).problems)
        rows = table.filter(pl.col("level").is_in(levels["levels"])).head(cap["cap"]).to_dicts()
        sha = hashlib.sha256(recipe.read_bytes()).hexdigest()
        return self.dataset(name, rows, {"inputs": [{"dataset": source}], "recipe": {"sha256": sha}})

    def train(self, recipe: str, settings: list[str]) -> str:
        if settings[-2] == "--resume":
            settings = [*settings[:-2], f"run={settings[-1]}"]
        config = load_config(recipe, settings)
        folder = self.workspace.run(config.run)
        if not folder.exists():
            begin(config, folder)
        steps = self.stops_at or config.steps
        write_jsonl(folder / "metrics.jsonl", [metrics(step, config.steps) for step in range(steps + 1)])
        if not config.supervised:
            for step in range(1, steps + 1):
                self.rollouts(config, step)
        model = folder / "checkpoints" / f"step-{steps:06d}" / "model"
        write_text(model / "config.json", "{}")
        return ""

    def rollouts(self, config: TrainConfig, step: int) -> None:
        problems = pl.read_parquet(self.workspace.dataset(config.datasets[0]).problems)
        row = problems.row(step % problems.height, named=True)
        right, wrong = row["answer"], "(1, 1000)"
        said = [
            (SECOND_LOOK.format(first=wrong, final=right), "correct"),
            (AT_ONCE.format(final=wrong), "wrong"),
            (AT_ONCE.format(final=right), "correct"),
        ]
        rows = [
            rollout(config.run, step, 0, row["problem_id"], index, text, verdict)
            for index, (text, verdict) in enumerate(said)
        ]
        write_table(self.workspace.run(config.run) / "rollouts" / f"step={step:06d}" / "rank=0.parquet", rows, ROLLOUTS)

    def evaluate(self, data: str, model: str) -> str:
        problems = pl.read_parquet(self.workspace.dataset(data).problems).to_dicts()
        skill = self.skills.get(model, 0.5)
        right = [random.Random(f"{skill}/{row['problem_id']}").random() < skill for row in problems]
        path = self.workspace.evals(f"dataset--{data.partition('@')[0]}", model) / "0-0.parquet"
        write_table(path, [score(row, model, one) for row, one in zip(problems, right, strict=True)], SCORES)
        levels = {
            level: vars(wilson(sum(of), len(of)))
            for level in sorted({row["level"] for row in problems})
            if (of := [one for row, one in zip(problems, right, strict=True) if row["level"] == level])
        }
        accuracy = vars(wilson(sum(right), len(right)))
        return json.dumps({"path": str(path), "accuracy": accuracy, "groups": {"level": levels}})


def _problem(made: Any) -> Problem:
    choices = tuple(made.choices) if made.choices else None
    return Problem("synth", made.source_id, made.question, (), made.answer, choices, level=made.level, language="en")


def metrics(step: int, steps: int) -> dict[str, Any]:
    """One line of metrics.jsonl; everything rises a little with every step, and a bit more on every other one."""
    evaluated = {"eval/accuracy": 0.25 + 0.5 * step / steps, "eval/problems": 40.0} if step in (0, steps) else {}
    if step == 0:
        return {"step": 0, **evaluated}
    share = (step + 0.2 * (step % 2)) / (steps + 1)
    return {
        "step": step,
        "reward/accuracy": 0.2 + 0.6 * share,
        "length/mean": 20 + 20 * share,
        "reflection/rate": 0.1 + 0.8 * share,
        "policy/entropy": 0.2,
        "samples/all": 4.0,
        "samples/tokens": 100.0,
        "time/step": 2.5,
        **evaluated,
    }


def rollout(
    run: str, step: int, group: int, problem: str, index: int, response: str, verdict: str, used: bool = True
) -> dict[str, Any]:
    """A row of the rollouts table."""
    group_id = f"{run}/{step:06d}/{group:04d}"
    empty: dict[str, Any] = dict.fromkeys(ROLLOUTS.names)
    return empty | {
        "rollout_id": f"{group_id}/{index}",
        "run_id": run,
        "step": step,
        "group_id": group_id,
        "problem_id": problem,
        "response": response,
        "verdict": verdict,
        "used": used,
        "n_tokens": 10,
        "advantage": 0.0,
    }


def score(problem: dict[str, Any], model: str, right: bool, verdict: str | None = None) -> dict[str, Any]:
    """A row of the scores table."""
    return {
        "benchmark": "dataset:test",
        "model": model,
        "item_id": problem["problem_id"],
        "sample_index": 0,
        "response": "",
        "extracted": None,
        "verdict": verdict or ("correct" if right else "wrong"),
        "scorer": "rules:default",
        "meta": json.dumps({"level": problem["level"]}),
    }
