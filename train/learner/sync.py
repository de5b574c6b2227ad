"""New weights from the learner to the sampler."""

from train.learner.engine import Learner
from workbench.rollout.engine import RolloutEngine


def sync(learner: Learner, sampler: RolloutEngine, version: int, trainable_only: bool) -> None:
    """Stream the learner's weights into the sampler, which is then at `version`.

    `trainable_only` leaves out what never changes; the sampler must still hold those (a GPU's sleep drops them).
    """
    weights = learner.weights(trainable_only)
    sampler.sync(weights, version)
    for _ in weights:
        raise RuntimeError("the sampler took only a part of the weights")
