"""The aha effect: rewards that never name reflection, and accuracy, length and reflection rise together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from train.experiments import gather
from train.experiments.lab import Lab
from train.experiments.report import INTERVAL, Cell, Goal, Panel, Report, Series, Table, dots
from workbench.reflection import TRANSITIONS
from workbench.statistics import Interval, mean
from workbench.workspace import Workspace

GAIN_WANTED = 25.0
EFFECT = "reflection's effect, same prompt, points"


@dataclass(frozen=True)
class Measure:
    """A metric drawn over the steps: `factor` makes it `unit`, in which differences are `difference`."""

    key: str
    name: str
    unit: str
    difference: str
    factor: float


MEASURES = (
    Measure("reward/accuracy", "accuracy reward", "%", "points", 100),
    Measure("length/mean", "response length", "tokens", "tokens", 1),
    Measure("reflection/rate", "reflection rate", "%", "points", 100),
)
ABOUT = (
    "GRPO from the embedded base model, rewarded for right answers in the asked format and for nothing else. A band "
    "reaches from the lowest seed to the highest; brackets and bars are 95 % intervals. The test problems are "
    "generated from another seed and answered greedily, before training and after its last step. Reflection's effect "
    "is the accuracy of answers that reflect less that of the other answers to the same prompt, a mean over all groups "
    "of the run that have both."
)


@dataclass(frozen=True)
class Sizes:
    """Problems to train on, to evaluate while training, and to test on: the streams of the seeds 1, 2 and 3."""

    train: int = 2048
    heldout: int = 300
    test: int = 500
    overrides: tuple[str, ...] = ()


SIZES = Sizes()


def experiment(lab: Lab, seeds: int, steps: int, sizes: Sizes = SIZES) -> Report:
    """Generate the problems, train every seed, test base and results."""
    train = lab.synth("aha-train", sizes.train, 1)
    heldout = lab.synth("aha-heldout", sizes.heldout, 2)
    test = lab.synth("aha-test", sizes.test, 3)
    base = lab.evaluate("tiny", test)
    tested = {}
    for seed in range(1, seeds + 1):
        run = f"aha-seed-{seed}"
        named = (f"dataset={train}", f"eval_dataset={heldout}", f"seed={seed}", f"steps={steps}")
        lab.train("aha", run, (*named, *sizes.overrides))
        tested[run] = lab.evaluate(f"{run}@last", test)
    return report(lab.workspace, train, base, tested)


@dataclass(frozen=True)
class Seed:
    """What one finished run shows; shares in percent, `test` greedy after training, `effect` within the same prompt.

    `reflecting` counts its reflecting answers, of which `transitions` has those that state a first answer.
    """

    curves: dict[str, gather.Curve]
    heldout: gather.Curve
    test: Interval
    gain: Interval
    effect: Interval
    reflecting: int
    transitions: dict[str, int]

    @property
    def rises(self) -> dict[str, Interval]:
        return {key: gather.rise(one) for key, one in self.curves.items()}


def report(
    workspace: Workspace, dataset: str, base: Mapping[str, Any], tested: Mapping[str, Mapping[str, Any]]
) -> Report:
    """What finished runs on `dataset` show; `base` and `tested` (by run) are summaries of `eval run --json`."""
    before = gather.accuracy(base)
    seeds = {
        f"seed {number}": _seed(workspace, run, dataset, base, tested[run]) for number, run in enumerate(tested, 1)
    }
    return Report(
        experiment="aha",
        title="Rewards that never name reflection: accuracy, length and reflection",
        about=ABOUT,
        runs=list(tested),
        panels=_panels(before, seeds),
        tables=_tables(before, seeds),
        goals=[
            *(
                Goal(f"{one.name} rises", {name: seed.rises[one.key].low > 0 for name, seed in seeds.items()})
                for one in MEASURES
            ),
            Goal(
                f"greedy accuracy on {before.n} test problems gains at least {GAIN_WANTED:.0f} points",
                {name: one.gain.value >= GAIN_WANTED for name, one in seeds.items()},
            ),
        ],
    )


def _seed(workspace: Workspace, run: str, dataset: str, base: Mapping[str, Any], tested: Mapping[str, Any]) -> Seed:
    answers = gather.answers(workspace, run)
    return Seed(
        curves={one.key: gather.curve(workspace, run, one.key, one.factor) for one in MEASURES},
        heldout=gather.curve(workspace, run, "eval/accuracy", 100),
        test=gather.accuracy(tested),
        gain=gather.percent(gather.gain(workspace, base["path"], tested["path"]).difference),
        effect=gather.percent(gather.within_prompt(answers)),
        reflecting=int(answers["reflects"].sum()),
        transitions=gather.transitions(workspace, answers, dataset),
    )


def _tables(before: Interval, seeds: Mapping[str, Seed]) -> list[Table]:
    measured = {
        "test, greedy, before, %": [before for _ in seeds],
        "test, greedy, after, %": [one.test for one in seeds.values()],
        "gain, points": [one.gain for one in seeds.values()],
        **{f"{one.name}, rise in {one.difference}": [s.rises[one.key] for s in seeds.values()] for one in MEASURES},
        EFFECT: [one.effect for one in seeds.values()],
    }
    # Over the seeds: Student's interval of the mean of their values. The base is one model.
    means = {name: mean([one.value for one in of]) for name, of in measured.items()} | {next(iter(measured)): before}
    changes: list[Sequence[Cell]] = [(name, *(one.transitions[name] for one in seeds.values())) for name in TRANSITIONS]
    unknown = [one.reflecting - sum(one.transitions.values()) for one in seeds.values()]
    return [
        Table(
            "95 % intervals; a rise is the last fifth of the steps less the first",
            ("", *seeds, "mean"),
            [(name, *of, means[name]) for name, of in measured.items()],
        ),
        Table(
            "reflecting answers, first → final",
            ("", *seeds),
            [*changes, ("no first answer found", *unknown)],
        ),
    ]


def _panels(before: Interval, seeds: Mapping[str, Seed]) -> list[Panel]:
    panels = []
    for measure in MEASURES:
        curves = [one.curves[measure.key] for one in seeds.values()]
        middle = gather.band(curves)
        series = [Series("one seed", one.steps, one.values, style="thin") for one in curves]
        series.append(Series("mean of seeds", middle.steps, middle.mean, middle.low, middle.high))
        if measure is MEASURES[0]:
            heldout = gather.band([one.heldout for one in seeds.values()])
            name = "held-out problems, greedy, mean of seeds"
            series.append(Series(name, heldout.steps, heldout.mean, heldout.low, heldout.high, color=1))
        panels.append(Panel(f"{measure.name}, {measure.unit}", "step", series))
    right = [("before", before), *((name, one.test) for name, one in seeds.items())]
    effects = [(name, one.effect) for name, one in seeds.items()]
    totals = {name: sum(one.transitions[name] for one in seeds.values()) for name in TRANSITIONS}
    shares = [100 * count / max(1, sum(totals.values())) for count in totals.values()]
    return [
        *panels,
        Panel(f"{before.n} test problems, greedy, % right", "", [dots(INTERVAL, right, color=2)]),
        Panel(EFFECT, "", [dots(INTERVAL, effects, color=2)]),
        Panel("reflecting answers, first → final, %", "", [Series("all seeds", list(totals), shares, style="bars")]),
    ]
