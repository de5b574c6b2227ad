"""A researcher's first run: reinforcement learning on generated problems, its metrics, and the model before and after.

    python examples/researcher.py FOLDER [STEPS]

Runs the embedded model on a laptop's CPU: two steps take about a minute. Forty steps on more problems show a clear
gain, see `eureka demo`. In a notebook, call the functions one by one.
"""

import sys
from pathlib import Path

import polars as pl

from eval import compare, evaluate
from pipelines import curate, import_synth
from train import TrainConfig, load_config, train
from workbench import Workspace


def make_data(workspace: Workspace) -> None:
    """A curated training set, and problems of another seed to measure on."""
    import_synth(workspace, "raw", count=120, seed=1)
    curate(workspace, "default", "raw", "training")
    import_synth(workspace, "heldout", count=40, seed=2)


def make_config(run: str, steps: int) -> TrainConfig:
    """The bundled `demo` recipe with a few settings of our own, checked before anything starts."""
    return load_config(
        "demo",
        [
            f"run={run}",
            f"steps={steps}",
            "dataset=training",
            "eval_dataset=heldout",
            "rollout.prompts_per_step=8",
            "rollout.max_tokens=64",
            "evaluate.problems=20",
        ],
    )


def show_metrics(run: Path) -> None:
    """One object per step; the keys are explained in docs/researcher.md."""
    metrics = pl.read_ndjson(run / "metrics.jsonl", infer_schema_length=None).filter(pl.col("step") > 0)
    print(metrics.select("step", "reward/total", "length/mean", "groups/used", "gap/max"))


def main(folder: Path, steps: int) -> None:
    workspace = Workspace(folder / "workspace")
    make_data(workspace)
    config = make_config("first", steps)
    print(f"{config.algorithm.advantage} with {config.algorithm.loss}, {steps} steps")
    show_metrics(train(config, workspace))
    for model in ("tiny", "first@last"):
        summary = evaluate(workspace, "dataset", model, "heldout", max_tokens=64, progress=False)
        print(f"{model}: accuracy {summary.accuracy}")
    (comparison,) = compare(workspace, "tiny", "first@last")
    print(f"difference {comparison.difference}, p = {comparison.p_value:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2)
