"""The in-process vLLM driver: one engine in this process, on the CPU or beside the learner on its GPU.

Beside the server's driver the only place that knows vLLM's API (pinned, since weight loading changed at 0.22, 0.29 and
0.32).
"""

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakSet

from workbench.rollout.engine import Sample, SampleGroup
from workbench.rollout.inputs import BAN_BIAS, banned_token_ids, load_processor, processor_settings
from workbench.rollout.requests import PromptLimits, RolloutRequest
from workbench.rollout.sampling import EngineConfig, SamplingConfig

if TYPE_CHECKING:
    import torch


class LocalVLLM:
    """`RolloutEngine` over `vllm.LLM` in this process."""

    # The engines of this process that are not closed.
    _open: ClassVar[WeakSet["LocalVLLM"]] = WeakSet()

    def __init__(self, model: Path, config: EngineConfig, seed: int = 0):
        # One process: a tiny model starts in seconds instead of minutes, and torch's generator is the sampler's.
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", str(config.kv_cache_gib))
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
        os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
        # vLLM's use of a name that torch renamed; nothing a user can do about it.
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"vllm\.")
        import torch
        from vllm import LLM

        placement: dict[str, Any] = {}
        if torch.cuda.is_available():
            placement["enable_sleep_mode"] = True
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            # The launcher (torchrun, deepspeed) has made the processes; vLLM joins them instead of making its own.
            placement["distributed_executor_backend"] = "external_launcher"
        self.llm = LLM(
            **engine_arguments(model, config, seed), disable_log_stats=True, use_tqdm_on_load=False, **placement
        )
        self.version = 0
        processor = load_processor(model, config.min_pixels, config.max_pixels)
        self.limits = PromptLimits(processor, config.images_per_prompt, self.llm.llm_engine.model_config.max_model_len)
        self.bias = dict.fromkeys(banned_token_ids(model), BAN_BIAS)
        self._asleep = False
        LocalVLLM._open.add(self)

    def generate(
        self,
        requests: Sequence[RolloutRequest],
        sampling: SamplingConfig,
        n: int,
        seed: int,
        finished: Callable[[int, SampleGroup], object] | None = None,
    ) -> list[SampleGroup]:
        """See `RolloutEngine.generate`. A prompt that leaves no room for a response comes back `unusable`."""
        import numpy as np
        import torch
        from vllm import SamplingParams

        params = SamplingParams(
            n=n,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            logprobs=0,
            logit_bias=self.bias,
        )
        reasons = [self.limits.unusable(request) for request in requests]
        fitting = [i for i, reason in enumerate(reasons) if reason is None]
        self._forget()
        # vLLM's per-request seeds fail on the CPU when a prompt is prefilled in pieces; the global generator works.
        # On a GPU vLLM draws each request's seed from numpy's.
        torch.manual_seed(seed)
        np.random.seed(seed)
        prompts: list[Any] = [_prompt(requests[i]) for i in fitting]
        groups = [SampleGroup([], [], self.version, reason) for reason in reasons]
        # vLLM tells outputs by the number it gave a request, which it lengthened by a random part.
        names = [name.partition("-")[0] for name in self.llm.enqueue(prompts, params, use_tqdm=False)]
        places = dict(zip(names, fitting, strict=True))
        while self.llm.llm_engine.has_unfinished_requests():
            for output in self.llm.llm_engine.step():
                if output.finished:
                    i = places[output.request_id]
                    samples = [_sample(completion) for completion in sorted(output.outputs, key=lambda c: c.index)]
                    groups[i] = SampleGroup(list(output.prompt_token_ids or []), samples, self.version)
                    if finished is not None:
                        finished(i, groups[i])
        return groups

    def sync(self, weights: Iterable[tuple[str, "torch.Tensor"]], version: int) -> None:
        """Load new weights and drop every cache that could hold results of the old ones."""
        import torch

        self.llm.collective_rpc("reload_weights", kwargs={"weights_iterator": iter(weights)})
        if not torch.cuda.is_available():
            self.llm.apply_model(repack_tied_head)
        self._forget()
        self.version = version

    def _forget(self) -> None:
        """Drop every cache. A cached prefix also changes how the rest is batched, and with it the last bits."""
        self.llm.reset_prefix_cache()
        self.llm.reset_mm_cache()
        # Without this the scheduler believes the worker still holds encoded pictures ("Encoder cache miss").
        self.llm.llm_engine.engine_core.reset_encoder_cache()

    def sleep(self) -> None:
        import torch

        if torch.cuda.is_available() and not self._asleep:
            # Level 2 drops the weights too; the next sync streams all of them, frozen ones included.
            self.llm.sleep(level=2)
            self._asleep = True

    def wake(self) -> None:
        if self._asleep:
            self.llm.wake_up()
            self._asleep = False

    def close(self) -> None:
        import gc

        core = self.llm.llm_engine.engine_core
        LocalVLLM._open.discard(self)
        if LocalVLLM._open:
            # A shutdown would take away the process groups, which the other engines of this process still use.
            core._finalizer.detach()
            gc.unfreeze()
        else:
            core.shutdown()
        del self.llm, core
        gc.collect()


def engine_arguments(model: Path, config: EngineConfig, seed: int) -> dict[str, Any]:
    """The settings of vLLM that decide what is sampled and how fast, for an engine here and for a server alike."""
    import torch

    on_gpu = torch.cuda.is_available()
    arguments: dict[str, Any] = {
        "model": str(model),
        "dtype": config.dtype if config.dtype != "auto" or on_gpu else "float32",
        "enforce_eager": not on_gpu,
        "max_num_seqs": config.max_num_seqs,
        "limit_mm_per_prompt": {"image": config.images_per_prompt, "video": 0},
        "mm_processor_kwargs": processor_settings(model, config.min_pixels, config.max_pixels) or None,
        "logprobs_mode": "processed_logprobs",
        "tensor_parallel_size": config.tensor_parallel_size,
        "seed": seed,
    }
    if on_gpu:
        arguments["gpu_memory_utilization"] = config.gpu_memory_utilization
    else:
        # Samples share the whole blocks of their prompt; the default of 128 tokens is longer than many prompts.
        arguments["block_size"] = 32
    if config.max_model_len is not None:
        arguments["max_model_len"] = config.max_model_len
    return arguments


def repack_tied_head(model: Any) -> None:
    """On the CPU a head multiplies by a packed copy of its weights, which a reload leaves old if they are the
    embeddings' own."""
    from vllm.model_executor.layers.vocab_parallel_embedding import ParallelLMHead, VocabParallelEmbedding

    layers = [layer for layer in model.modules() if isinstance(layer, VocabParallelEmbedding)]
    embeddings = {id(layer.weight) for layer in layers if not isinstance(layer, ParallelLMHead)}
    for layer in layers:
        if isinstance(layer, ParallelLMHead) and id(layer.weight) in embeddings:
            layer.quant_method.process_weights_after_loading(layer)


def _prompt(request: RolloutRequest) -> dict[str, Any]:
    prompt: dict[str, Any] = {"prompt": request.prompt}
    if request.images:
        prompt["multi_modal_data"] = {"image": list(request.images)}
        if request.image_ids:
            prompt["multi_modal_uuids"] = {"image": list(request.image_ids)}
    return prompt


def _sample(completion: Any) -> Sample:
    token_ids = list(completion.token_ids)
    logprobs = [position[token].logprob for token, position in zip(token_ids, completion.logprobs, strict=True)]
    return Sample(token_ids, logprobs, completion.text, str(completion.finish_reason))
