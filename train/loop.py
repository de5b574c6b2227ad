"""The training loop: sample → judge → weigh → learn → sync → record."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import torch

from train import distributed
from train.config import TrainConfig
from train.data import ProblemStream, load_problems, refuse_benchmarks
from train.evaluate import evaluate
from train.learner.batching import TrainSample
from train.learner.engine import make_learner
from train.learner.policy import PictureReader
from train.learner.sync import sync
from train.learner.trainer import Trainer
from train.rollouts import Group, judge, rows, sample, seed_of
from train.run import checkpoint
from train.run.checkpoint import Progress, size_on_disk
from train.run.folder import begin
from train.run.metrics import Metrics, Recorder, Timer, memory, summarize
from train.run.plan import announce, forecast
from train.selection import exactly, screen, used, weigh
from workbench.images import ImageStore
from workbench.models import resolve_model
from workbench.rollout.drivers import make_engine
from workbench.rollout.inputs import PromptBuilder, load_processor
from workbench.rollout.sampling import SamplingConfig
from workbench.schema import ROLLOUTS, Problem
from workbench.verify import shared_verifier
from workbench.workspace import Workspace, write_table


class Loop:
    """One run in this process: the parts, and the step that uses them."""

    def __init__(self, config: TrainConfig, workspace: Workspace, run: Path, ranks: distributed.Ranks):
        self.config, self.run, self.ranks = config, run, ranks
        self.template = config.template
        problems = load_problems(workspace, config.datasets)
        self.check(problems)
        self.stream = ProblemStream(problems, config.seed)
        held_out = load_problems(workspace, [config.eval_dataset]) if config.eval_dataset else []
        self.held_out = held_out[: config.evaluate.problems]
        model = resolve_model(config.model, workspace)
        engine, images = config.rollout.engine, ImageStore(workspace.images)
        self.processor = load_processor(model, engine.min_pixels, engine.max_pixels)
        if ranks.is_main and not (run / "config.yaml").exists():
            # Before the slow start of learner and engine: a run killed in it can be resumed too.
            begin(config, run)
        self.learner = make_learner(model, config, ranks)
        self.trainer = Trainer(self.learner, config, ranks)
        self.prompts = PromptBuilder(self.processor, self.template, images)
        self.pictures = PictureReader(self.processor, images, self.learner.policy.family)
        self.sampler = make_engine(model, engine)
        self.sampling = SamplingConfig(temperature=config.rollout.temperature, max_tokens=config.rollout.max_tokens)
        self.verifier = shared_verifier("default")
        self.verifier.warm_up()
        # One thread, so that what it is given is done in order.
        self.background = ThreadPoolExecutor(1)
        self.writing: Future[None] | None = None
        self.progress = Progress(world=ranks.world)
        self.recorder: Recorder | None = None
        self.metrics: Metrics = {}
        self.stopped = False
        self.steps_made = 0

    def check(self, problems: Sequence[Problem]) -> None:
        """Raises UserError for problems that are not to be trained on."""
        if not self.config.allow_benchmarks:
            refuse_benchmarks(problems)

    def start(self, resume: bool) -> None:
        """Begin the run's folder, or restore its newest checkpoint; a fresh start measures the base model."""
        if resume:
            self.progress = checkpoint.restore(self.run, self.learner, self.config, self.ranks)
        self.stream.load_state_dict(self.progress.cursor)
        self.trainer.updates = self.progress.updates
        if self.ranks.is_main:
            self.recorder = Recorder(self.run, self.config, self.progress.step)
            self.recorder.say(announce(self.config, self.run, size_on_disk(self.learner), self.progress.step))
        if self.progress.step:
            self.sync(self.progress.step)
        elif self.held_out:
            self.record(0, self.evaluate())

    def step(self) -> None:
        """One step of the algorithm, written down when it returns."""
        step = self.progress.step + 1
        timer = Timer()
        metrics = self.practise(step, timer)
        evaluates = bool(self.held_out) and (step == self.config.steps or step % self.config.evaluate.every == 0)
        # Written targets need no sampler but for held-out answers.
        if evaluates or not self.config.supervised:
            with timer("sync"):
                self.sampler.wake()
                self.sync(step)
        metrics |= {"data/epoch": float(self.stream.epoch)}
        if evaluates:
            with timer("evaluate"):
                metrics |= self.evaluate()
        with timer("record"):
            if self.writing is not None:
                self.writing.result()
        # Only when every rank's rollouts lie there does the step's line say that it was made.
        self.ranks.barrier()
        metrics |= timer.metrics(metrics["samples/tokens"] or 0.0) | memory()
        self.record(step, metrics)
        self.steps_made += 1
        if self.recorder and self.steps_made == 2 and step < self.config.steps:
            # The first step also warms up the engine and would promise too long a run.
            self.recorder.say(forecast(metrics["time/step"] or 0.0, step, self.config))
        self.progress.step, self.progress.updates = step, self.trainer.updates
        self.progress.cursor = self.stream.state_dict()

    def practise(self, step: int, timer: Timer) -> Metrics:
        """Sample, judge, weigh and learn: what all ranks' groups came to. The sampler sleeps after it."""
        groups, kept = self.collect(step, timer)
        with timer("learn"):
            self.sampler.sleep()
            if self.trainer.penalizes_rewards:
                self.trainer.penalize(kept, self.training_samples(kept))
            weigh(kept, self.config, self.ranks)
            # Written while the learner works.
            self.writing = self.background.submit(self.write, step, groups)
            learned = self.trainer.learn(self.training_samples(kept))
            self.pictures.forget()
        return summarize(groups, self.ranks) | learned

    def collect(self, step: int, timer: Timer) -> tuple[list[Group], list[Group]]:
        """This rank's groups of the step, and those of them to learn from.

        Rounds go on until all ranks together keep as many groups as a step has prompts.
        """
        count, rounds = self.config.rollout.prompts_per_step, self.config.filter.rounds if self.config.filter else 1
        groups: list[Group] = []
        kept: list[Group] = []
        for turn in range(rounds):
            batch = list(enumerate(self.stream.take(count), start=turn * count))
            seed = seed_of(self.config.seed, step, self.ranks.rank, turn)
            fresh = self.ask(self.ranks.share(batch), seed, timer)
            groups += fresh
            kept += screen(fresh, self.config)
            if sum(self.ranks.gather(len(kept))) >= count:
                break
        return groups, exactly(kept, count, self.ranks)

    def ask(self, problems: Sequence[tuple[int, Problem]], seed: int, timer: Timer) -> list[Group]:
        """Sampled and judged groups.

        While others are sampled a group is judged and its pictures are read for the learner; the timer sees the rest.
        """
        config, limit = self.config, self.config.rollout.max_tokens
        judged: list[Future[None]] = []

        def finish(group: Group) -> None:
            judge([group], self.verifier, self.template, config.rewards, limit, self.prompts.images)
            self.pictures.read(group.problem)

        def finished(group: Group) -> None:
            judged.append(self.background.submit(finish, group))

        with timer("sample"):
            n = config.rollout.samples_per_prompt
            groups = sample(self.sampler, self.prompts, problems, self.sampling, n, seed, finished)
        with timer("judge"):
            for one in judged:
                one.result()
        return groups

    def training_samples(self, groups: Sequence[Group]) -> list[TrainSample]:
        """The sampler's own tokens with their advantages; a problem's pictures are read once for all its samples."""
        made: list[TrainSample] = []
        for group in groups:
            pictures = self.pictures.read(group.problem)
            made += [
                TrainSample(group.prompt_ids, r.sample.token_ids, r.sample.logprobs, r.advantage, pictures, group.place)
                for r in used(group)
            ]
        return made

    def write(self, step: int, groups: Sequence[Group]) -> None:
        """Write this rank's rollouts of the step."""
        table = self.run / "rollouts" / f"step={step:06d}" / f"rank={self.ranks.rank}.parquet"
        write_table(table, rows(groups, self.config.run, step), ROLLOUTS)

    def sync(self, version: int) -> None:
        # A GPU's sampler drops all its weights while the learner works; elsewhere what is frozen stays in place.
        sync(self.learner, self.sampler, version, trainable_only=not torch.cuda.is_available())

    def evaluate(self) -> Metrics:
        return {**evaluate(self.sampler, self.prompts, self.verifier, self.held_out, self.config, self.ranks)}

    def record(self, step: int, metrics: Metrics) -> None:
        self.metrics = metrics
        if self.recorder:
            self.recorder.record(step, metrics)

    def save(self) -> None:
        """Keep the best model, and the whole state where it is due."""
        progress, due = self.progress, self.config.checkpoint
        accuracy = self.metrics.get("eval/accuracy")
        if accuracy is not None and (progress.best is None or accuracy > progress.best):
            progress.best, progress.best_step = accuracy, progress.step
            checkpoint.save_best(self.run, progress.step, accuracy, self.learner, self.processor, self.ranks)
        if self.stopped or progress.step == self.config.steps or progress.step % due.every == 0:
            checkpoint.save(self.run, progress, self.learner, self.processor, self.config, self.ranks)

    def close(self) -> None:
        if self.recorder:
            self.recorder.close()
        self.background.shutdown()
        self.sampler.close()
