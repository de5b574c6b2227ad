"""Start a run or continue one: reinforcement learning or supervised fine-tuning, as the config's `method` says."""

from pathlib import Path

from train import distributed
from train.config import TrainConfig
from train.learner.families import trainable
from train.loop import Loop
from train.run.disk import said_if_full
from train.run.folder import as_begun, check_new, check_resumable, given_back, held, pinned
from train.run.interrupt import Interrupt
from train.sft import SupervisedLoop
from workbench.errors import UserError
from workbench.models import resolve_model
from workbench.plugins import plugin_records
from workbench.workspace import Workspace


def check_same_plugins(ranks: distributed.Ranks) -> None:
    """UserError unless all ranks, on whichever machines, have loaded the same bytes as plug-ins."""
    everywhere = ranks.gather({(record["name"], record["sha256"]) for record in plugin_records()})
    for rank, records in enumerate(everywhere):
        if records != everywhere[0]:
            names = ", ".join(sorted({name for name, _ in records ^ everywhere[0]}))
            raise UserError(f"rank {rank} has other plug-ins than rank 0 ({names}); give every machine the same")


def train(config: TrainConfig, workspace: Workspace, resume: bool = False) -> Path:
    """Run the config to its end, or go on with a run that stopped; returns the run's folder.

    Every rank of a launcher calls it. Ctrl-C finishes the step, saves and returns; a second one stops at once.
    Raises UserError for what the config asks wrongly, GapError if sampler and learner disagree.
    """
    run = check_resumable(config, workspace) if resume else check_new(config, workspace)
    config = as_begun(config, run) if resume else pinned(config, workspace)
    # What cannot be trained does not take the run's name.
    trainable(resolve_model(config.model, workspace))
    kind = SupervisedLoop if config.supervised else Loop
    with said_if_full(run), held(run):
        with given_back(run):
            ranks = distributed.start(config.deepspeed is not None)
            check_same_plugins(ranks)
            loop = kind(config, workspace, run, ranks)
        with Interrupt() as interrupt:
            loop.start(resume)
            while loop.progress.step < config.steps and not loop.stopped:
                loop.step()
                loop.stopped = any(loop.ranks.gather(interrupt.requested))
                loop.save()
        loop.close()
    return run
