"""An advantage: the distance to the group's median, which one lucky answer does not move.

`eureka train demo algorithm.advantage=median --plugin advantage.py`
"""

from collections.abc import Sequence

import numpy as np

from train import ADVANTAGES


@ADVANTAGES.register("median")
def median(groups: Sequence[np.ndarray]) -> list[np.ndarray]:
    """r − median, for the total rewards of every group of the step, over all ranks."""
    return [rewards - np.median(rewards) for rewards in groups]
