"""The update: log-probs, loss and gradient over micro-batches, with the sampler–learner gap measured on the way."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from train.algorithm.correction import effective_share
from train.algorithm.losses import LOSSES
from train.config import TrainConfig
from train.distributed import Ranks
from train.learner.batching import MicroBatch, Row, TrainSample, collate, cut, set_weights, share
from train.learner.engine import GradientWatch, Learner
from train.learner.gap import GapMeter
from train.learner.objective import objective
from train.learner.optimizer import lr_at
from train.learner.reference import Reference
from train.rollouts import Group
from train.selection import used
from workbench.errors import UserError

# What is logged as a mean over the batch's tokens, with the loss's weights.
MEANS = ("entropy", "clip_fraction", "ratio_mean", "kl_to_old", "kl_to_reference", "nll")


class LossError(UserError):
    """A loss or a gradient that is no number; no checkpoint is written after it."""


def _check_finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise LossError(
            f"the {name} is {value}, so the run stops; its newest checkpoint is whole, but a resumed run comes to the "
            "same end: begin a new one from it (model=RUN@last) with a lower optimizer.lr or optimizer.grad_clip"
        )


class Trainer:
    """Learns from one step's samples. `updates` counts optimizer updates since the run began."""

    def __init__(self, learner: Learner, config: TrainConfig, ranks: Ranks):
        self.learner = learner
        self.config = config
        self.ranks = ranks
        self.updates = 0
        self.total_updates = config.steps * config.algorithm.updates_per_step
        # Written targets come from no sampler that the learner could differ from.
        self.sampled = not config.supervised
        self.loss = config.algorithm.component("loss") if self.sampled else LOSSES["nll"]
        self.watch = GradientWatch(learner.policy)
        # Made before a checkpoint is restored: the reference is the model the run starts from.
        self.reference = Reference(learner) if config.algorithm.kl else None
        self.strict = config.dtype == "float32" and not torch.cuda.is_available()

    def learn(self, samples: Sequence[TrainSample]) -> dict[str, float]:
        """One step: `updates_per_step` updates over this rank's samples, whole groups each; returns the step's metrics.

        Without a single sample on any rank nothing is updated. In fp32 on the CPU log-probs that differ from the
        sampler's by more than rounding explains raise GapError before anything is updated (`train/learner/gap.py`).
        """
        count = self.config.algorithm.updates_per_step
        gap: dict[str, float] = {}
        if count > 1 and self.sampled:
            meter = GapMeter(self.strict)
            for sample, logprobs in zip(samples, self._logprobs(samples, meter), strict=True):
                sample.old = logprobs
            gap = meter.settle(self.learner, self._tokens(samples), self.ranks)
        if self.config.algorithm.kl is not None and self.config.algorithm.kl.place == "loss":
            for sample, logprobs in zip(samples, self.reference_logprobs(samples), strict=True):
                sample.reference = logprobs
        metrics: dict[str, list[float]] = defaultdict(list)
        places = sorted({place for rank in self.ranks.gather({s.group for s in samples}) for place in rank})
        for part in range(count):
            # By the place in the whole batch, so that an update holds the same groups on any number of ranks.
            now = set(places[part::count])
            for key, value in self._update([s for s in samples if s.group in now]).items():
                metrics[key].append(value)
        self.learner.policy.forget_pictures()
        return {key: sum(values) / len(values) for key, values in metrics.items()} | gap

    def _update(self, samples: list[TrainSample]) -> dict[str, float]:
        tokens = self._tokens(samples)
        sequences = sum(self.ranks.gather(len(samples)))
        lr = lr_at(self.updates, self.total_updates, self.config.optimizer)
        self.updates += 1
        if sequences == 0:
            return {"policy/lr": lr}
        algorithm = self.config.algorithm
        set_weights(samples, algorithm.aggregation, tokens, sequences, self.config.rollout.max_tokens)
        sums: dict[str, float] = defaultdict(float)
        # With several updates the gap was measured before the first.
        meter = GapMeter(self.strict) if self.sampled and algorithm.updates_per_step == 1 else None
        for passed, batch in self._micro_batches(samples):
            new, entropy = self.learner.forward(batch)
            if not passed:
                self.learner.backward(0 * new.sum())
                continue
            loss, parts = objective(batch, new, entropy, self.loss, algorithm)
            self.learner.backward(loss)
            for key, amount in parts.items():
                sums[key] += amount
            if meter is not None:
                meter.add(batch, new)
        totals: dict[str, float] = defaultdict(float)
        for rank in self.ranks.gather(dict(sums)):
            for key, amount in rank.items():
                totals[key] += amount
        if algorithm.aggregation == "constant":
            # These weights do not sum to 1, and what is logged is to be a mean all the same.
            whole = tokens / (sequences * self.config.rollout.max_tokens)
            for key in totals.keys() & {f"policy/{name}" for name in MEANS}:
                totals[key] /= whole
        if algorithm.correction is not None:
            count, total, squares = (totals.pop(f"correction/{power}", 0.0) for power in (0, 1, 2))
            totals["correction/effective_share"] = effective_share(total, squares, int(count)) if count else 0.0
            totals["correction/mean"] = total / count if count else 0.0
        _check_finite("loss", totals["policy/loss"])
        if meter is not None:
            totals |= meter.settle(self.learner, tokens, self.ranks)
        self.watch.check()
        totals["policy/grad_norm"] = self.learner.update(lr)
        _check_finite("gradient's norm", totals["policy/grad_norm"])
        totals["policy/lr"] = lr
        return dict(totals)

    def _tokens(self, samples: Sequence[TrainSample]) -> int:
        """Response tokens of all ranks' samples."""
        return sum(self.ranks.gather(sum(len(sample.response_ids) for sample in samples)))

    def _micro_batches(self, samples: Sequence[TrainSample]) -> Iterator[tuple[list[TrainSample], MicroBatch]]:
        """This rank's micro-batches with their samples, then weightless ones without any: all ranks make as many
        passes, and in each as many calls of the head, since under ZeRO-3 every call waits for every rank.
        """
        policy, groups = self.learner.policy, self._cut(samples)
        targets = self.ranks.gather([sum(len(s.response_ids) for row in group for s in row) for group in groups])
        blank = TrainSample([policy.pad_token], [policy.pad_token], [0.0], 0.0)
        for index in range(max(map(len, targets))):
            group = groups[index] if index < len(groups) else []
            batch = collate(group or [[blank]], policy.image_token, policy.pad_token)
            most = max(rank[index] for rank in targets if index < len(rank))
            yield [sample for row in group for sample in row], replace(batch, most_targets=most)

    def _cut(self, samples: Sequence[TrainSample]) -> list[list[Row]]:
        budget = self.config.micro_batch_tokens
        return cut(share(samples, self.learner.policy.width, budget), budget)

    @property
    def penalizes_rewards(self) -> bool:
        return self.config.algorithm.kl is not None and self.config.algorithm.kl.place == "reward"

    def penalize(self, groups: Sequence[Group], samples: Sequence[TrainSample]) -> None:
        """Subtract from each used rollout's reward its distance from the reference; `samples` are theirs, in order.

        The learner computes both sides, since the sampler's rounding would rank equal rewards while the policy is still
        the reference.
        """
        penalty = self.config.algorithm.kl
        assert penalty is not None
        rollouts = [rollout for group in groups for rollout in used(group)]
        estimate = penalty.component("estimator")
        both = zip(self._logprobs(samples), self.reference_logprobs(samples), strict=True)
        for rollout, (policy, reference) in zip(rollouts, both, strict=True):
            distance = float(estimate(policy.double(), reference.double()).sum())
            assert rollout.reward is not None
            rollout.reward -= penalty.coefficient * distance
            rollout.rewards["kl"], rollout.reasons["kl"] = -distance, f"{penalty.estimator}_to_reference"

    def reference_logprobs(self, samples: Sequence[TrainSample]) -> list[torch.Tensor]:
        """The reference's log-probs of each sample's response tokens. Every rank calls it."""
        assert self.reference is not None
        with self.reference.in_place():
            return self._logprobs(samples)

    @torch.no_grad()
    def _logprobs(self, samples: Sequence[TrainSample], meter: GapMeter | None = None) -> list[torch.Tensor]:
        """The policy's log-probs of each sample's response tokens, as it is now; `meter` sees them too."""
        found: dict[int, torch.Tensor] = {}
        for passed, batch in self._micro_batches(samples):
            logprobs, _ = self.learner.forward(batch)
            if passed:
                if meter is not None:
                    meter.add(batch, logprobs)
                pieces = logprobs.cpu().split([len(sample.response_ids) for sample in passed])
                found |= {id(sample): piece for sample, piece in zip(passed, pieces, strict=True)}
        return [found[id(sample)] for sample in samples]
