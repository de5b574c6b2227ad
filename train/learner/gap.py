"""How far apart sampler and learner are about the sampled tokens, and whether that is rounding or a fault."""

from collections import defaultdict
from dataclasses import replace

import torch

from train.distributed import Ranks
from train.learner.batching import MicroBatch
from train.learner.engine import Learner
from train.learner.policy import Policy
from workbench.errors import UserError

# In fp32 on the CPU sampler and learner compute the same function; more than this and one of them is wrong, or the
# model blows up the rounding of both.
MAX_GAP = 1e-4
# How many times the learner's own rounding, measured in float64, the sampler's may be.
ROUNDINGS = 10


class GapError(UserError):
    """Sampler and learner disagree about log-probs that both computed with the same weights."""


class GapMeter:
    """The gap of a step's tokens, micro-batch by micro-batch: log-probs of the learner less those of the sampler.

    A strict meter keeps the micro-batches with a gap above MAX_GAP until `settle`.
    """

    def __init__(self, strict: bool):
        self.strict = strict
        self.sums: dict[str, float] = defaultdict(float)
        self.largest = torch.zeros(())
        self.over = 0
        self.suspects: list[tuple[MicroBatch, torch.Tensor]] = []

    def add(self, batch: MicroBatch, logprobs: torch.Tensor) -> None:
        """Take a micro-batch and the learner's log-probs of its tokens, (n,), with the weights that sampled them."""
        gap = logprobs.detach() - batch.sampler_logprobs.to(logprobs)
        # Schulman's k3 estimate of KL(sampler ‖ learner), from the sampler's own tokens.
        self.sums["gap/kl"] += float((gap.expm1() - gap).sum())
        self.sums["gap/mean"] += float(gap.abs().sum())
        # Tensors' maximum keeps a NaN, Python's would lose it.
        largest = gap.abs().max().cpu()
        if self.strict and not largest <= MAX_GAP:
            self.over += int((~(gap.abs() <= MAX_GAP)).sum())
            self.suspects.append((batch, logprobs.detach()))
        else:
            self.largest = self.largest.maximum(largest)

    def settle(self, learner: Learner, tokens: int, ranks: Ranks) -> dict[str, float]:
        """The metrics over all ranks' tokens, of which there are so many. Every rank calls it, before an update.

        In fp32 the suspects' log-probs are computed again in float64. A sampler that is within MAX_GAP of those, or
        within ROUNDINGS times the learner's own distance from them, computes the same function: the model blows up
        rounding there, as where it attends sharply. Its distance then counts as the gap, and `gap/over` says how many
        tokens were above MAX_GAP. Any other raises GapError, on every rank.
        """
        totals: dict[str, float] = defaultdict(float)
        for sums in ranks.gather(dict(self.sums)):
            for key, amount in sums.items():
                totals[key] += amount / tokens
        fault: str | None = None
        if self.strict:
            totals["gap/over"] = float(sum(ranks.gather(self.over)))
            if totals["gap/over"]:
                fault = self._recheck(in_float64(learner))
        faults = [one for one in ranks.gather(fault) if one]
        if faults:
            raise GapError(faults[0])
        totals["gap/max"] = float(torch.stack(ranks.gather(self.largest)).max())
        return dict(totals)

    def _recheck(self, exact: Policy) -> str | None:
        """What is wrong with the suspects, or None; `largest` then covers them."""
        for batch, logprobs in self.suspects:
            pictures = [replace(one, pixels=one.pixels.double()) for one in batch.pictures]
            with torch.no_grad():
                truth = exact(replace(batch, pictures=pictures))[0].double()
            sampler, learner = batch.sampler_logprobs.double(), logprobs.double()
            apart, rounding = (sampler - truth).abs(), (learner - truth).abs().max()
            if not apart.max() <= max(MAX_GAP, ROUNDINGS * rounding):
                at = int(apart.nan_to_num(torch.inf).argmax())
                mine, theirs, token = float(learner[at]), float(sampler[at]), int(batch.targets[at])
                return (
                    f"sampler and learner log-probs differ by {abs(theirs - mine):.2e}, more than {MAX_GAP:.0e}: for "
                    f"token {token} the sampler has {theirs:.5f}, the learner {mine:.5f}, in float64 it is "
                    f"{float(truth[at]):.5f}; in fp32 on the CPU that means they do not compute the same function, so "
                    "the run stops"
                )
            self.largest = self.largest.maximum(apart.max().float())
        return None


def in_float64(learner: Learner) -> Policy:
    """The learner's policy as it is now, whole, in float64. Every rank calls it."""
    policy = learner.policy
    # Making a model draws random numbers, which must not move those of the run.
    with torch.random.fork_rng():
        model = type(policy.model)(policy.model.config)
    model.load_state_dict(dict(learner.weights(trainable_only=False)), strict=False)
    model.tie_weights()
    banned = policy.bias.nonzero().flatten().tolist()
    return Policy(model.double().eval(), policy.family, banned, policy.temperature, freeze_vision=True)
