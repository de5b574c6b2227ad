"""What parts of the recipe do: algorithms, the difficulty filter and the KL penalty, each against the same GRPO run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from train.experiments import gather
from train.experiments.lab import Lab
from train.experiments.report import Cell, Panel, Report, Series, Table, dots
from workbench.statistics import Interval, newcombe, wilson
from workbench.workspace import Workspace

BASELINE = "GRPO"
# Name → what differs from the first. The filter is the trainer's own: it judges a problem by the model as it is now and
# costs no measuring beforehand. GSPO keeps the clip bounds of the others, at which it hardly ever clips; its own are
# for learning rates far below this one. CPGD is its loss with advantages that are centred and not scaled.
VARIANTS: dict[str, tuple[str, ...]] = {
    BASELINE: (),
    "GRPO, filter 0.1–0.9": ("filter.low=0.1", "filter.high=0.9"),
    "GRPO, KL 0.01": ("algorithm.kl.coefficient=0.01",),
    "RLOO": ("algorithm.advantage=rloo",),
    "REINFORCE++": ("algorithm.advantage=reinforce_pp",),
    "Dr. GRPO": ("algorithm.advantage=dr_grpo", "algorithm.aggregation=constant"),
    "GSPO": ("algorithm.loss=gspo",),
    "CPGD": ("algorithm.loss=cpgd", "algorithm.advantage=dr_grpo"),
}
SETTINGS = ("algorithm.updates_per_step=2", "optimizer.lr=2.0e-4")
CURVES = (
    ("reward/accuracy", "accuracy reward, %", 100.0),
    ("length/mean", "response length, tokens", 1.0),
    ("reflection/rate", "reflection rate, %", 100.0),
    ("policy/entropy", "entropy, nats a token", 1.0),
)
SMOOTHED = 5
ABOUT = (
    "Short runs from the embedded base model that differ in one part each, with two updates a step, so that old and "
    f"new policy differ. Curves are means of {SMOOTHED} steps and of the seeds. Held-out problems are generated from "
    "another seed and answered greedily after the last step. Brackets and bars are 95 % intervals; those of a "
    "difference to GRPO take the two as if asked different problems, so they are rather too wide."
)


@dataclass(frozen=True)
class Sizes:
    """Problems to train on and to hold out: the streams of the seeds 21 and 22."""

    train: int = 1024
    heldout: int = 500
    overrides: tuple[str, ...] = ()


SIZES = Sizes()


def experiment(lab: Lab, seeds: int, steps: int, sizes: Sizes = SIZES) -> Report:
    """Train every variant with every seed; the trainer evaluates before the first step and after the last."""
    train = lab.synth("ablations-train", sizes.train, 21)
    heldout = lab.synth("ablations-heldout", sizes.heldout, 22)
    data = (f"dataset={train}", f"eval_dataset={heldout}", f"evaluate.problems={sizes.heldout}")
    common = (*data, f"steps={steps}", f"evaluate.every={steps}", *SETTINGS, *sizes.overrides)
    runs = {name: [run_name(name, seed) for seed in range(1, seeds + 1)] for name in VARIANTS}
    for seed in range(1, seeds + 1):
        for name, changes in VARIANTS.items():
            lab.train("aha", run_name(name, seed), (*common, *changes, f"seed={seed}"))
    return report(lab.workspace, runs)


def run_name(variant: str, seed: int) -> str:
    """`ablations-grpo-kl-0.01-seed-1`."""
    words = variant.lower().replace("++", "-pp").replace("–", "-").replace(",", "").replace(". ", "-").split()
    return f"ablations-{'-'.join(words)}-seed-{seed}"


def report(workspace: Workspace, runs: Mapping[str, list[str]]) -> Report:
    """What the finished runs of each variant show."""
    counts = {name: [gather.heldout(workspace, run) for run in of] for name, of in runs.items()}
    right = {name: [gather.percent(wilson(*after)) for _, after in of] for name, of in counts.items()}
    grpo = [after for _, after in counts[BASELINE]]
    less = {
        name: [gather.percent(newcombe(*base, *after)) for base, (_, after) in zip(grpo, of, strict=True)]
        for name, of in counts.items()
        if name != BASELINE
    }
    untrained, (_, total) = counts[BASELINE][0]
    return Report(
        experiment="ablations",
        title="What each part of the recipe does",
        about=ABOUT,
        runs=[run for of in runs.values() for run in of],
        panels=[
            *(Panel(title, "step", _curves(workspace, runs, key, factor)) for key, title, factor in CURVES),
            Panel(f"{total} held-out problems, greedy, % right", "", _each(right)),
            Panel("difference to GRPO, points", "", _each(less)),
        ],
        tables=[_table(workspace, runs, untrained, right, less)],
    )


def _curves(workspace: Workspace, runs: Mapping[str, list[str]], key: str, factor: float) -> list[Series]:
    series = []
    for color, (name, of) in enumerate(runs.items()):
        middle = gather.band([gather.smooth(gather.curve(workspace, run, key, factor), SMOOTHED) for run in of])
        series.append(Series(name, middle.steps, middle.mean, color=color))
    return series


def _each(found: Mapping[str, Sequence[Interval]]) -> list[Series]:
    return [dots(name, [(name, one) for one in of], list(VARIANTS).index(name)) for name, of in found.items()]


def _table(
    workspace: Workspace,
    runs: Mapping[str, list[str]],
    untrained: tuple[int, int],
    right: Mapping[str, Sequence[Interval]],
    less: Mapping[str, Sequence[Interval]],
) -> Table:
    rows: list[Sequence[Cell]] = [("untrained", "", gather.percent(wilson(*untrained)), "", "", "")]
    for name, of in runs.items():
        for number, run in enumerate(of):
            difference: Cell = less[name][number] if name in less else ""
            spent = gather.cost(workspace, run)
            rows.append((name, number + 1, right[name][number], difference, spent.responses, spent.seconds))
    head = ("", "seed", "right, %", "less GRPO, points", "answers", "seconds")
    return Table("held-out problems, greedy; answers learned from and seconds of all steps", head, rows)
