"""What a micro-batch adds to the loss and to the metrics: policy loss, correction, KL, entropy bonus."""

import torch

from train.algorithm.config import AlgorithmConfig
from train.algorithm.correction import correct
from train.algorithm.losses import Loss, Tokens
from train.learner.batching import MicroBatch

# Sums that add up over micro-batches and ranks.
Sums = dict[str, float]


def objective(
    batch: MicroBatch, new: torch.Tensor, entropy: torch.Tensor, loss: Loss, algorithm: AlgorithmConfig
) -> tuple[torch.Tensor, Sums]:
    """This micro-batch's part of the update's loss, with gradient, and of its metrics.

    `new` and `entropy` (n,) are the policy's. Where the batch has no older log-probs the update is the first since the
    responses were sampled: old and new are the same numbers and the ratio is 1.
    """
    old = new.detach() if batch.old is None else batch.old.to(new)
    rows = batch.responses.to(new.device)
    correction, sums = torch.ones_like(old), Sums()
    if algorithm.correction is not None:
        made = correct(old, batch.sampler_logprobs.to(old), rows, algorithm.correction)
        correction = made.weights
        # The count, the sum and the sum of squares.
        sums = {f"correction/{power}": float(made.units.double().pow(power).sum()) for power in (0, 1, 2)}
    tokens = Tokens(new, old, batch.advantages.to(new), batch.weights.to(new), rows, correction)
    value, metrics = loss(tokens)
    if batch.reference is not None and algorithm.kl is not None:
        estimate = algorithm.kl.component("estimator")
        distance = tokens.mean(estimate(new, batch.reference.to(new)))
        value = value + algorithm.kl.coefficient * distance
        metrics["kl_to_reference"] = distance
    if algorithm.entropy_bonus:
        value = value - algorithm.entropy_bonus * tokens.mean(entropy)
    metrics |= {"loss": value, "entropy": tokens.mean(entropy)}
    return value, sums | {f"policy/{name}": float(amount.detach()) for name, amount in metrics.items()}
