"""The vLLM server driver: samples over HTTP from servers that `eureka serve` started, and pushes weights into them.

Its parts know vLLM's API too: `serve` starts a server, `weight_push` gets weights into it.
"""

import asyncio
import base64
import os
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import UserError
from workbench.rollout.engine import Sample, SampleGroup
from workbench.rollout.inputs import BAN_BIAS, banned_token_ids, load_processor
from workbench.rollout.requests import PromptLimits, RolloutRequest
from workbench.rollout.sampling import EngineConfig, SamplingConfig
from workbench.rollout.serve import agreed, start_line
from workbench.rollout.servers import Servers
from workbench.rollout.weight_push import FilePush, NCCLPush, Push

if TYPE_CHECKING:
    import torch

# What a server calls the weights it started with.
FIRST_WEIGHTS = "default"


class ServerVLLM:
    """`RolloutEngine` over vLLM servers, among which the requests go round. Closing leaves them running.

    Every rank of a launcher samples; rank 0 alone pushes weights, into all servers, and the others wait for it. Servers
    that hold another run's weights are given the model's own first.

    Each request has a seed of its own, so equal calls give equal tokens in whatever order requests arrive. They are not
    equal bit for bit, as in one process: what arrives together is computed together, and that decides a log-prob's last
    digits and, where two tokens are as close as that, the token.

    Raises UserError, naming the URL, for a server that does not answer, fails, or was started with another model or
    other settings.
    """

    def __init__(self, model: Path, config: EngineConfig):
        self.model, self.config = model.resolve(), config
        self.rank = int(os.environ.get("RANK", "0"))
        self.version = 0
        self.servers = Servers(config.servers, self._way_out)
        try:
            self.workers = self._agreeing_workers()
            self.bias = dict.fromkeys(map(str, banned_token_ids(model)), BAN_BIAS)
            processor = load_processor(model, config.min_pixels, config.max_pixels)
            self.limits = PromptLimits(processor, config.images_per_prompt, self.workers[0][0]["max_model_len"])
            if self.rank == 0:
                self._begin()
            _wait_for_all_ranks()
        except BaseException:
            self.servers.close()
            raise

    def generate(
        self,
        requests: Sequence[RolloutRequest],
        sampling: SamplingConfig,
        n: int,
        seed: int,
        finished: Callable[[int, SampleGroup], object] | None = None,
    ) -> list[SampleGroup]:
        """See `RolloutEngine.generate`. A prompt that leaves no room for a response comes back `unusable`."""
        groups = [SampleGroup([], [], self.version, self.limits.unusable(request)) for request in requests]

        async def sample(i: int) -> int:
            own_seed = random.Random(f"{seed}/{i}").getrandbits(31)
            url = self.servers.urls[(self.rank + i) % len(self.servers.urls)]
            groups[i] = await self._sample(url, requests[i], sampling, n, own_seed)
            return i

        async def sample_all() -> None:
            tasks = [asyncio.create_task(sample(i)) for i, group in enumerate(groups) if group.unusable is None]
            try:
                for done in asyncio.as_completed(tasks):
                    i = await done
                    if finished is not None:
                        finished(i, groups[i])
            finally:
                for task in tasks:
                    task.cancel()
                # Where one failed, the first has said why.
                await asyncio.gather(*tasks, return_exceptions=True)

        self.servers.run(sample_all())
        return groups

    async def _sample(
        self, url: str, request: RolloutRequest, sampling: SamplingConfig, n: int, seed: int
    ) -> SampleGroup:
        length = self.limits.prompt_length(request)
        body = {
            # In a thread, since encoding pictures would hold up everything else.
            "messages": [{"role": "user", "content": await asyncio.to_thread(_content, request)}],
            "n": n,
            "seed": seed,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_completion_tokens": min(sampling.max_tokens, self.limits.max_model_len - length),
            "logit_bias": self.bias,
            "logprobs": True,
            "return_token_ids": True,
        }
        answer = await self.servers.post(url, "/v1/chat/completions", body)
        prompt = answer["prompt_token_ids"]
        if len(prompt) != length:
            raise UserError(f"{url} made {len(prompt)} tokens of a prompt of {length}; {self._way_out(url)}")
        choices = sorted(answer["choices"], key=lambda choice: choice["index"])
        return SampleGroup(prompt, [_response(choice) for choice in choices], self.version)

    def sync(self, weights: Iterable[tuple[str, "torch.Tensor"]], version: int) -> None:
        """Rank 0 pushes the weights into every server; the others only take part in gathering them, and wait.

        What is being sampled when it begins is finished with the old weights.
        """
        stream = iter(weights)
        if self.rank == 0:
            self._push(stream, version)
        for _ in stream:
            pass
        _wait_for_all_ranks()
        self.version = version

    def _push(self, weights: Iterator[tuple[str, "torch.Tensor"]], version: int) -> None:
        self.servers.call("/pause?mode=wait")
        # Said before it is true: a push that breaks off must not leave a server that claims its first weights.
        self.servers.call("/update_weight_version", new_version=str(version))
        self._pusher.push(weights)
        for cache in ("prefix", "mm", "encoder"):
            self.servers.call(f"/reset_{cache}_cache")
        self.servers.call("/resume")

    @cached_property
    def _pusher(self) -> Push:
        import torch

        on_gpu = all(worker["device"] == "cuda" for workers in self.workers for worker in workers)
        if on_gpu and torch.cuda.is_available():
            return NCCLPush(self.servers, [len(workers) for workers in self.workers])
        return FilePush(self.servers)

    def _begin(self) -> None:
        """Servers as they were when they started: an earlier trainer may have left them paused, or with its weights."""
        self.servers.call("/resume")
        for url in self.servers.urls:
            held = self.servers.run(self.servers.get(url, "/weight_info"))["weight_version"]
            if held != FIRST_WEIGHTS:
                self._push(_stored(self.model), 0)
                return

    def _agreeing_workers(self) -> list[list[dict[str, Any]]]:
        """What each server's workers say of themselves. UserError for a server that was started otherwise."""
        workers = [answer["results"] for answer in self.servers.call("/collective_rpc", method="describe_served")]
        wanted = agreed(self.model, self.config)
        for url, (first, *_) in zip(self.servers.urls, workers, strict=True):
            other = [
                f"{k} {first['agreed'][k]} instead of {wanted[k]}" for k in wanted if first["agreed"][k] != wanted[k]
            ]
            if other:
                raise UserError(f"the vLLM server at {url} has {', '.join(other)}; {self._way_out(url)}")
        return workers

    def _way_out(self, url: str) -> str:
        return f"start it as: {start_line(self.model, self.config, url)}"

    def sleep(self) -> None:
        """Nothing: the servers' memory is not the learner's."""

    def wake(self) -> None:
        """Nothing, as for `sleep`."""

    def close(self) -> None:
        if "_pusher" in self.__dict__:
            self._pusher.close()
        self.servers.close()


def _content(request: RolloutRequest) -> list[dict[str, Any]]:
    """The request as parts of a chat message; a picture goes as PNG, which loses nothing."""
    parts: list[dict[str, Any]] = []
    for index, image in enumerate(request.images):
        buffer = BytesIO()
        image.save(buffer, "PNG", compress_level=1)
        url = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
        name = {"uuid": request.image_ids[index]} if request.image_ids else {}
        parts.append({"type": "image_url", "image_url": {"url": url}, **name})
    return [*parts, {"type": "text", "text": request.prompt}]


def _response(choice: dict[str, Any]) -> Sample:
    logprobs = [position["logprob"] for position in choice["logprobs"]["content"]]
    return Sample(choice["token_ids"], logprobs, choice["message"]["content"] or "", choice["finish_reason"])


def _stored(model: Path) -> Iterator[tuple[str, "torch.Tensor"]]:
    """The weights of a Hugging Face folder."""
    from safetensors.torch import load_file

    for file in sorted(model.glob("*.safetensors")):
        yield from load_file(file).items()


def _wait_for_all_ranks() -> None:
    import torch.distributed

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
