"""The commands `eureka experiment aha | data-efficiency | ablations`."""

from typing import TYPE_CHECKING, Annotated

import typer

from workbench.command_line.options import WORKSPACE, WorkspaceOption

if TYPE_CHECKING:
    from pathlib import Path

    from train.experiments.lab import Lab

SeedsOption = Annotated[int, typer.Option(min=1, help="How many runs of each kind, with the seeds 1, 2, …")]
StepsOption = Annotated[int, typer.Option(min=1, help="Training steps a run.")]


def aha(seeds: SeedsOption = 3, steps: StepsOption = 120, workspace: WorkspaceOption = WORKSPACE) -> None:
    """RL from the base model: do accuracy, response length and reflection rise, and do second thoughts help?

    A seed takes about ten minutes on 2 cores. Called again it goes on where it stopped and uses what is finished.
    Figure and report.json go to WORKSPACE/experiments/aha.

    Example: `eureka experiment aha --seeds 3`
    """
    from train.experiments.aha import experiment
    from train.experiments.publish import publish

    lab = _lab("aha", workspace)
    publish(experiment(lab, seeds, steps), lab)


def data_efficiency(seeds: SeedsOption = 1, steps: StepsOption = 16, workspace: WorkspaceOption = WORKSPACE) -> None:
    """RL, SFT and CoT-SFT from the same base on 32 to 2,048 problems: which needs fewer, and which carries over?

    A seed takes about 25 minutes on 2 cores. Called again it goes on where it stopped and uses what is finished.
    Figure and report.json go to WORKSPACE/experiments/data-efficiency.

    Example: `eureka experiment data-efficiency --seeds 1`
    """
    from train.experiments.data_efficiency import experiment
    from train.experiments.publish import publish

    lab = _lab("data-efficiency", workspace)
    publish(experiment(lab, seeds, steps), lab)


def ablations(seeds: SeedsOption = 1, steps: StepsOption = 25, workspace: WorkspaceOption = WORKSPACE) -> None:
    """Algorithms side by side, with and without the difficulty filter and the KL penalty, in short runs.

    A seed takes about 20 minutes on 2 cores. Called again it goes on where it stopped and uses what is finished.
    Figure and report.json go to WORKSPACE/experiments/ablations.

    Example: `eureka experiment ablations --seeds 1`
    """
    from train.experiments.ablations import experiment
    from train.experiments.publish import publish

    lab = _lab("ablations", workspace)
    publish(experiment(lab, seeds, steps), lab)


def _lab(name: str, workspace: "Path") -> "Lab":
    from rich.console import Console

    from train.experiments.lab import Lab
    from workbench.workspace import Workspace

    return Lab(name, Workspace(workspace), Console())
