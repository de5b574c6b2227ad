"""`eureka demo`: the whole loop on the embedded model, by the same functions the commands call.

generate → difficulty → curate → evaluate the base → train with GRPO → evaluate the result → report.
"""

import json
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.command_line.options import WORKSPACE, WorkspaceOption
from workbench.errors import UserError
from workbench.workspace import Workspace, read_jsonl, write_json

if TYPE_CHECKING:
    from eval.summary import Summary
    from workbench.statistics import Interval

TRAIN_SEED = 1
HELDOUT_SEED = 2
DIFFICULTY_SAMPLES = 8
MAX_TOKENS = 96
PROMPT = "plain"


@dataclass(frozen=True)
class Sizes:
    """How many problems to train on and to hold out, and what to override of the recipe.

    Sized so that the loop takes about 8 minutes on 2 cores and the gain is far outside its interval.
    """

    train: int = 640
    heldout: int = 400
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """Everything the report is made of."""

    funnel: list[dict[str, Any]]
    before: "Summary"
    after: "Summary"
    lengths: tuple["Interval", "Interval"]
    difference: "Interval"
    metrics: list[dict[str, Any]]
    run: str
    tables: dict[str, str]
    seconds: dict[str, float]


def demo(workspace: WorkspaceOption = WORKSPACE) -> None:
    """Run the whole loop on the embedded model: about 8 minutes on 2 cores, once everything is installed.

    It ends with a report, also in WORKSPACE/demo/report.json, and the command that opens the pages on it.

    Example: `eureka demo`
    """
    from rich.console import Console

    console = Console(highlight=False)
    place = Workspace(workspace)
    outcome = run_loop(place, console, Sizes())
    report = report_of(outcome)
    path = place.root / "demo" / "report.json"
    write_json(path, report)
    print_report(console, report, place, path)


def run_loop(workspace: Workspace, console: Any, sizes: Sizes) -> Outcome:
    """The loop itself; every step leaves its tables in the workspace."""
    from eval.comparison import compare
    from eval.run import evaluate
    from pipelines.curation.curate import curate
    from pipelines.curation.terminal import print_funnel
    from pipelines.difficulty import MeasureConfig, measure
    from pipelines.importing import import_synth
    from train.config import load_config
    from train.start import train
    from workbench.models import resolve_model
    from workbench.rollout.drivers import make_engine
    from workbench.rollout.sampling import EngineConfig

    seconds: dict[str, float] = {}
    clock = Clock(seconds, console)

    with clock("generate", f"1/6 {sizes.train} problems to train on and {sizes.heldout} held out, rendered"):
        raw = import_synth(workspace, "demo-raw", sizes.train, TRAIN_SEED).ref
        heldout = import_synth(workspace, "demo-heldout", sizes.heldout, HELDOUT_SEED).ref
        assert raw and heldout, "generated problems are never rejected"
    with clock("difficulty", f"2/6 difficulty: {DIFFICULTY_SAMPLES} answers of the base model to each problem"):
        engine = make_engine(resolve_model("tiny", workspace), EngineConfig())
        settings = MeasureConfig(DIFFICULTY_SAMPLES, prompt=PROMPT, max_tokens=MAX_TOKENS)
        measure(workspace, raw, "tiny", settings, engine)
    with clock("curate", "3/6 curation: checks, duplicates, verifiable golds, pass rates between 0 and 1"):
        curated = curate(workspace, "mm-eureka", [raw], "demo-train")
        print_funnel("demo-train", curated.funnel)
    on_heldout = partial(
        evaluate, workspace, "dataset", data=heldout, temperature=1.0, max_tokens=MAX_TOKENS, prompt=PROMPT
    )
    with clock("evaluate base", "4/6 the base model on the held-out problems"):
        before = on_heldout("tiny", engine=engine)
        engine.close()
    run = free_run_name(workspace, "demo")
    with clock("train", "5/6 training with GRPO"):
        names = [f"run={run}", f"dataset={curated.ref}", f"eval_dataset={heldout}", *sizes.overrides]
        config = load_config("demo", names)
        train(config, workspace)
        metrics, _ = read_jsonl(workspace.run(run) / "metrics.jsonl")
        made = metrics[-1]["step"]
        if made < config.steps:
            raise UserError(f"stopped at step {made} of {config.steps}; go on with `eureka train --resume {run}`")
    trained = f"{run}@last"
    with clock("evaluate trained", "6/6 the trained model on the held-out problems"):
        after = on_heldout(trained)
    compared = next(c for c in compare(workspace, "tiny", trained) if c.benchmark == after.benchmark)
    return Outcome(
        funnel=[step.row() for step in curated.funnel],
        before=before,
        after=after,
        lengths=(mean_length(workspace, before.path), mean_length(workspace, after.path)),
        difference=compared.difference,
        metrics=metrics,
        run=run,
        tables={
            "problems": str(curated.path / "problems.parquet"),
            "decisions": str(curated.path / "decisions.parquet"),
            "responses": str(workspace.root / "responses" / "demo-raw"),
            "rollouts": str(workspace.run(run) / "rollouts"),
            "metrics": str(workspace.run(run) / "metrics.jsonl"),
            "scores": str(workspace.root / "evals"),
        },
        seconds=seconds,
    )


class Clock:
    """Times the steps of the loop and announces each."""

    def __init__(self, seconds: dict[str, float], console: Any):
        self.seconds = seconds
        self.console = console

    def __call__(self, name: str, words: str) -> "Clock":
        self.console.rule(f"[bold]{words}", align="left")
        self.name = name
        return self

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds[self.name] = round(time.perf_counter() - self.start, 1)


def free_run_name(workspace: Workspace, name: str) -> str:
    """`name`, or `name-2`, `name-3`, … where runs of earlier demos lie: nothing is overwritten."""
    taken = set(workspace.run_names())
    return next(n for i in range(1, len(taken) + 2) if (n := name if i == 1 else f"{name}-{i}") not in taken)


def mean_length(workspace: Workspace, scores: Path) -> "Interval":
    """Mean response length in tokens with its 95 % interval."""
    from workbench.statistics import mean
    from workbench.store import Store

    sql = "SELECT CAST(meta->>'n_tokens' AS INTEGER) AS n FROM scores WHERE scorer <> 'none'"
    return mean(Store(workspace).query(sql, scores=[scores])["n"].to_list())


def report_of(outcome: Outcome) -> dict[str, Any]:
    """The report as plain JSON values; intervals are [value, low, high]."""

    def side(summary: "Summary", length: "Interval") -> dict[str, Any]:
        return {
            "model": summary.model,
            "problems": summary.n_items,
            "accuracy": triple(summary.accuracy),
            "mean_length_tokens": triple(length),
            "reflection_rate": triple(summary.reflection),
        }

    gaps = [row["gap/max"] for row in outcome.metrics if row.get("gap/max") is not None]
    return {
        "funnel": outcome.funnel,
        "before": side(outcome.before, outcome.lengths[0]),
        "after": side(outcome.after, outcome.lengths[1]),
        "accuracy_difference": triple(outcome.difference),
        "largest_sampler_learner_gap": max(gaps),
        "steps": max(row["step"] for row in outcome.metrics),
        "run": outcome.run,
        "tables": outcome.tables,
        "seconds": outcome.seconds,
    }


def triple(interval: "Interval") -> list[float]:
    return [round(float(x), 4) for x in (interval.value, interval.low, interval.high)]


def print_report(console: Any, report: dict[str, Any], workspace: Workspace, path: Path) -> None:
    """The same report for people."""
    from rich.table import Table

    table = Table(title=f"held-out generated problems, before and after {report['steps']} steps", title_justify="left")
    for column in ("", "before", "after"):
        table.add_column(column)

    def cell(values: list[float], scale: float, digits: int) -> str:
        value, low, high = (f"{scale * x:.{digits}f}" for x in values)
        return f"{value} [{low}, {high}]"

    for label, key, scale in (
        ("accuracy, %", "accuracy", 100.0),
        ("mean length, tokens", "mean_length_tokens", 1.0),
        ("reflection rate, %", "reflection_rate", 100.0),
    ):
        table.add_row(label, cell(report["before"][key], scale, 1), cell(report["after"][key], scale, 1))
    console.rule("[bold]report", align="left")
    steps = ", ".join(f"{step['step']} {step['out']}" for step in report["funnel"])
    console.print(f"curation: {report['funnel'][0]['in']} problems in; left after each step: {steps}")
    console.print(table)
    console.print(
        f"accuracy gained, points: {cell(report['accuracy_difference'], 100.0, 1)}  (95 % intervals throughout)"
    )
    console.print(f"largest sampler–learner log-prob gap: {report['largest_sampler_learner_gap']:.1e}")
    for name, place in report["tables"].items():
        console.print(f"{name:>10}: {place}", soft_wrap=True)
    took = sum(report["seconds"].values())
    console.print(f"{took / 60:.1f} minutes: {json.dumps(report['seconds'])}", soft_wrap=True)
    console.print(
        f"report: {path}\nlook at it all: [bold].venv/bin/eureka app --workspace {workspace.root}[/]", soft_wrap=True
    )
