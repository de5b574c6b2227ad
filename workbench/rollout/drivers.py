"""Which driver samples: the one place that chooses, so that no upper floor names one."""

from pathlib import Path

from workbench.rollout.engine import RolloutEngine
from workbench.rollout.sampling import EngineConfig


def make_engine(model: Path, config: EngineConfig, seed: int = 0) -> RolloutEngine:
    """vLLM servers that run already if the config names some, else vLLM in this process.

    `seed` is the engine's own; what is sampled follows from each call's. UserError for servers that cannot be used.
    """
    if config.servers:
        from workbench.rollout.vllm_server import ServerVLLM

        return ServerVLLM(model, config)
    from workbench.rollout.vllm_local import LocalVLLM

    return LocalVLLM(model, config, seed)
