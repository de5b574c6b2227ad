"""Fewer data by RL: RL, SFT and CoT-SFT from the same base on nested sets of problems, with equally many updates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from train.experiments import gather
from train.experiments.lab import Lab
from train.experiments.report import Cell, Goal, Panel, Report, Series, Table, dots
from workbench.statistics import Interval, wilson
from workbench.workspace import Workspace

# Method of the trainer → its name.
METHODS = {"rl": "RL", "sft": "SFT", "cot_sft": "CoT-SFT"}
# A supervised step takes as many targets as an RL step samples responses. Written targets are far from what the model
# says by itself and need the rate of its own lessons (1.2e-3 in `train.tiny.pretrain`); RL collapses below that.
SUPERVISED = ("rollout.prompts_per_step=256", "optimizer.lr=1.0e-3")
SETTINGS = {
    "rl": ("rollout.prompts_per_step=32", "rollout.samples_per_prompt=8", "optimizer.lr=2.0e-4"),
    "sft": SUPERVISED,
    "cot_sft": SUPERVISED,
}
COMMON = ("algorithm.updates_per_step=2", "checkpoint.keep=1")
# Training knows one and two steps of arithmetic; three and more are the shift.
TESTS = {"held-out": ("easy", "medium"), "shifted": ("hard",)}
ABOUT = (
    "The embedded base model learns problems of one or two steps of arithmetic: by RL (GRPO) from its own answers, by "
    "SFT from gold answers, by CoT-SFT from worked solutions. Optimizer updates and responses an update are the same, "
    "the learning rate is each method's own; smaller sets are part of the larger ones and come round more often. "
    "Tested greedily on problems of another seed: held-out ones of the same kind, and shifted ones of three and more "
    "steps. Brackets and bars are 95 % intervals over the problems."
)
# Two methods at the same place would hide each other's intervals.
APART = 1.07


@dataclass(frozen=True)
class Sizes:
    """Problems to draw the training sets from, those sets, and problems to test on (all levels); seeds 11 and 12."""

    pool: int = 3000
    train: tuple[int, ...] = (32, 128, 512, 2048)
    test: int = 700
    overrides: tuple[str, ...] = ()


SIZES = Sizes()


@dataclass(frozen=True)
class Result:
    """One run: what it learned how, on how many problems, and its `eval run --json` summary."""

    method: str
    size: int
    seed: int
    run: str
    tested: Mapping[str, Any]


def experiment(lab: Lab, seeds: int, steps: int, sizes: Sizes = SIZES) -> Report:
    """Train every method on every size with every seed, and test each with the base."""
    pool = lab.synth("efficiency-pool", sizes.pool, 11)
    test = lab.synth("efficiency-test", sizes.test, 12)
    data = {size: lab.curate(f"efficiency-{size}", pool, subset(size)) for size in sizes.train}
    base = lab.evaluate("tiny", test)
    results = []
    for seed in range(1, seeds + 1):
        for size, dataset in data.items():
            for method, settings in SETTINGS.items():
                run = f"efficiency-{method.replace('_', '-')}-{size}-seed-{seed}"
                named = (f"method={method}", f"dataset={dataset}", "eval_dataset=null", f"seed={seed}")
                lab.train("aha", run, (*named, f"steps={steps}", *COMMON, *settings, *sizes.overrides))
                results.append(Result(method, size, seed, run, lab.evaluate(f"{run}@last", test)))
    return report(lab.workspace, base, results)


def subset(size: int) -> list[dict[str, Any]]:
    """Curation steps for `size` problems of the training's levels; a cap keeps the first of an order of its own, so a
    smaller set is part of a larger one."""
    return [
        {"step": "filter", "levels": list(TESTS["held-out"])},
        {"step": "balance", "by": ["language"], "cap": size},
    ]


def report(workspace: Workspace, base: Mapping[str, Any], results: Sequence[Result]) -> Report:
    """What the finished runs show; `base` is the summary of the untrained model on the same problems."""
    sizes = sorted({one.size for one in results})
    seconds = {
        method: fmean(gather.cost(workspace, one.run).seconds for one in results if one.method == method)
        for method in METHODS
    }
    spent = [
        Series(name, [name], [seconds[method]], style="bars", color=color)
        for color, (method, name) in enumerate(METHODS.items())
    ]
    return Report(
        experiment="data-efficiency",
        title="How many problems it takes: RL, SFT and CoT-SFT from the same base",
        about=ABOUT,
        runs=[one.run for one in results],
        panels=[
            *(
                Panel(f"{test}, greedy, % right", "problems to train on", _lines(test, base, results, sizes), sizes)
                for test in TESTS
            ),
            Panel("seconds of training, mean of the runs", "", spent),
        ],
        tables=[_accuracies(base, results), _costs(workspace, results)],
        goals=[
            Goal(
                f"{test}: RL is right more often than {METHODS[other]} on the same problems",
                _wins(workspace, other, test, results),
            )
            for test in TESTS
            for other in METHODS
            if other != "rl"
        ],
    )


def accuracy(summary: Mapping[str, Any], test: str) -> Interval:
    """Percent right on the levels of one of TESTS, with Wilson's interval."""
    parts = [Interval(**part) for level, part in summary["groups"]["level"].items() if level in TESTS[test]]
    return gather.percent(wilson(round(sum(part.value * part.n for part in parts)), sum(part.n for part in parts)))


def _lines(test: str, base: Mapping[str, Any], results: Sequence[Result], sizes: Sequence[int]) -> list[Series]:
    untrained, ends = accuracy(base, test), [sizes[0] / APART, sizes[-1] * APART]
    flat = [[end] * 2 for end in (untrained.value, untrained.low, untrained.high)]
    series = [Series("untrained", ends, flat[0], flat[1], flat[2], color=7)]
    for color, (method, name) in enumerate(METHODS.items()):
        aside = APART ** (color - 1)
        mine = [(one.size, accuracy(one.tested, test)) for one in results if one.method == method]
        means = [fmean(found.value for size, found in mine if size == wanted) for wanted in sizes]
        series.append(Series(name, [size * aside for size in sizes], means, color=color))
        series.append(dots(name, [(size * aside, found) for size, found in mine], color))
    return series


def _wins(workspace: Workspace, other: str, test: str, results: Sequence[Result]) -> dict[str, bool]:
    """Whether the paired interval of RL less the other method lies above 0, by size and seed."""
    runs = {(one.method, one.size, one.seed): one for one in results}
    won = {}
    for (method, size, seed), one in runs.items():
        if method == "rl":
            theirs = runs[other, size, seed].tested["path"]
            found = gather.gain(workspace, theirs, one.tested["path"], TESTS[test]).difference
            won[f"{size} problems, seed {seed}"] = found.low > 0
    return won


def _accuracies(base: Mapping[str, Any], results: Sequence[Result]) -> Table:
    rows: list[Sequence[Cell]] = [("untrained", "", "", *(accuracy(base, test) for test in TESTS))]
    for one in results:
        rows.append((METHODS[one.method], one.size, one.seed, *(accuracy(one.tested, test) for test in TESTS)))
    head = ("", "problems", "seed", *(f"{test}, %" for test in TESTS))
    return Table("right answers to test problems, greedy", head, rows)


def _costs(workspace: Workspace, results: Sequence[Result]) -> Table:
    rows: list[Sequence[Cell]] = []
    for one in results:
        spent = gather.cost(workspace, one.run)
        costs = (spent.updates, spent.responses, spent.tokens, spent.sampled_tokens, spent.seconds)
        rows.append((METHODS[one.method], one.size, one.seed, *costs))
    head = ("", "problems", "seed", "updates", "answers", "tokens", "sampled tokens", "seconds")
    return Table("what training took: updates, answers learned and their tokens, tokens sampled, seconds", head, rows)
