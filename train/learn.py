"""The update: log-probs, loss and gradient over micro-batches, with the sampler–learner gap measured on the way."""

import math
from collections import defaultdict
from collections.abc import Sequence

import torch

from train.batching import MicroBatch, TrainSample, collate, cut, set_weights
from train.config import TrainConfig
from train.distributed import Ranks
from train.engine import GradientWatch, Learner, lr_at
from train.losses import LOSSES, Tokens

# In fp32 on the CPU sampler and learner compute the same function; more than this and one of them is wrong.
MAX_GAP = 1e-4


class GapError(RuntimeError):
    """Sampler and learner disagree about log-probs that both computed with the same weights."""


class Trainer:
    """Learns from one step's samples. `updates` counts optimizer updates since the run began."""

    def __init__(self, learner: Learner, config: TrainConfig, ranks: Ranks):
        self.learner = learner
        self.config = config
        self.ranks = ranks
        self.updates = 0
        self.total_updates = config.steps * config.algorithm.updates_per_step
        self.loss = LOSSES[config.algorithm.loss]
        self.watch = GradientWatch(learner.policy)
        self.strict = config.dtype == "float32" and not torch.cuda.is_available()

    def learn(self, samples: Sequence[TrainSample]) -> dict[str, float]:
        """One step: `updates_per_step` updates over this rank's samples, whole groups each; returns the step's metrics.

        Without a single sample on any rank nothing is updated. In fp32 on the CPU a log-prob that differs from the
        sampler's by more than 1e-4 raises GapError before anything is updated.
        """
        count = self.config.algorithm.updates_per_step
        if count > 1:
            self._remember(samples)
        metrics: dict[str, list[float]] = defaultdict(list)
        places = sorted({place for rank in self.ranks.gather({s.group for s in samples}) for place in rank})
        for part in range(count):
            # By the place in the whole batch, so that an update holds the same groups on any number of ranks.
            now = set(places[part::count])
            for key, value in self._update([s for s in samples if s.group in now]).items():
                metrics[key].append(value)
        self.learner.policy.forget_pictures()
        return {key: max(v) if key.endswith("max") else sum(v) / len(v) for key, v in metrics.items()}

    def _update(self, samples: list[TrainSample]) -> dict[str, float]:
        tokens = sum(self.ranks.gather(sum(len(s.response_ids) for s in samples)))
        sequences = sum(self.ranks.gather(len(samples)))
        lr = lr_at(self.updates, self.total_updates, self.config.optimizer)
        self.updates += 1
        if sequences == 0:
            return {"policy/lr": lr}
        set_weights(samples, self.config.algorithm.aggregation, tokens, sequences)
        sums: dict[str, float] = defaultdict(float)
        largest = 0.0
        for batch in self._micro_batches(samples):
            new, entropy = self.learner.forward(batch)
            old = new.detach() if batch.old is None else batch.old.to(new)
            advantages, weights = batch.advantages.to(new), batch.weights.to(new)
            loss, parts = self.loss(Tokens(new, old, advantages, weights), self.config.algorithm)
            self.learner.backward(loss)
            for key, value in parts.items():
                sums[f"policy/{key}"] += float(value)
            real = weights > 0
            gap = (old - batch.sampler_logprobs.to(old))[real]
            since = (new.detach() - batch.sampler_logprobs.to(new))[real]
            sums["policy/loss"] += float(loss.detach())
            sums["policy/entropy"] += float((entropy * weights).sum())
            # Schulman's k3 estimate of KL(sampler ‖ learner), from the sampler's own tokens.
            sums["policy/kl_to_sampler"] += float((since.expm1() - since).sum()) / tokens
            sums["gap/mean"] += float(gap.abs().sum()) / tokens
            sums["gap/kl"] += float((gap.expm1() - gap).sum()) / tokens
            # torch's maximum keeps a NaN, Python's would lose it.
            largest = float(torch.cat([gap.abs(), gap.new_tensor([largest])]).max())
        totals: dict[str, float] = defaultdict(float)
        for rank in self.ranks.gather(dict(sums)):
            for key, amount in rank.items():
                totals[key] += amount
        totals["gap/max"] = max(self.ranks.gather(largest))
        if self.strict and not totals["gap/max"] <= MAX_GAP:
            raise GapError(
                f"sampler and learner log-probs differ by {totals['gap/max']:.2e}, more than {MAX_GAP:.0e}; "
                "in fp32 on the CPU that means they do not compute the same function, so the run stops"
            )
        if not math.isfinite(totals["policy/loss"]):
            raise RuntimeError(f"the loss is {totals['policy/loss']}; the weights are still those of the step before")
        self.watch.check()
        totals["policy/grad_norm"] = self.learner.update(lr)
        totals["policy/lr"] = lr
        return dict(totals)

    def _micro_batches(self, samples: Sequence[TrainSample]) -> list[MicroBatch]:
        """This rank's micro-batches, filled up with weightless ones: every rank must make equally many passes."""
        policy = self.learner.policy
        groups = cut(samples, self.config.micro_batch_tokens)
        passes = max(self.ranks.gather(len(groups)))
        blank = TrainSample([policy.pad_token], [policy.pad_token], [0.0], 0.0)
        groups += [[blank]] * (passes - len(groups))
        return [collate(group, policy.image_token, policy.pad_token, policy.merge) for group in groups]

    @torch.no_grad()
    def _remember(self, samples: Sequence[TrainSample]) -> None:
        """Keep the log-probs from before the first update."""
        for sample in samples:
            sample.old = None
        groups = cut(samples, self.config.micro_batch_tokens)
        for group, batch in zip(groups, self._micro_batches(samples), strict=False):
            logprobs, _ = self.learner.forward(batch)
            pieces = logprobs.cpu().split([len(sample.response_ids) for sample in group])
            for sample, piece in zip(group, pieces, strict=True):
                sample.old = piece
