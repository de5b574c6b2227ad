"""Pushing weights over NCCL, as far as it goes without GPUs: who has which place, what is said when; and with two."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.workbench.serving import serving
from workbench.models import TINY
from workbench.rollout import weight_push
from workbench.rollout.requests import RolloutRequest
from workbench.rollout.sampling import EngineConfig, SamplingConfig
from workbench.rollout.weight_push import NCCLPush

pytestmark = pytest.mark.engine


class Noted:
    """Servers that note what they are asked."""

    urls = ("http://127.0.0.1:1", "http://127.0.0.1:2")

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[dict[str, Any]]]] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(work)

    def call(self, path: str, **body: Any) -> None:
        asyncio.run(self.call_each(path, [body] * 2))

    async def call_each(self, path: str, bodies: list[dict[str, Any]]) -> None:
        self.asked.append((path, bodies))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """Names of the weights of each transfer, which no GPU makes."""
    from vllm.distributed.weight_transfer import nccl_common, packed_tensor

    monkeypatch.setattr(torch.cuda, "current_device", lambda: "cpu")
    monkeypatch.setattr(torch.cuda, "device", lambda _: nullcontext())
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(nccl_common, "trainer_init", lambda group: group)
    made: list[list[str]] = []

    def producer(weights: Iterator[tuple[str, torch.Tensor]], group: Any, src: int, of: Any) -> None:
        assert src == 0
        pairs = list(weights)
        assert all(isinstance(of(pair), torch.Tensor) for pair in pairs)
        made.append([name for name, _ in pairs])

    monkeypatch.setattr(packed_tensor, "packed_nccl_broadcast_producer", producer)
    yield made


def test_workers_have_places_after_the_trainer_and_hear_of_what_is_sent(
    sent: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from vllm.distributed.weight_transfer.nccl_common import NCCLWeightTransferInitInfo
    from vllm.distributed.weight_transfer.nccl_engine import NCCLWeightTransferUpdateInfo

    monkeypatch.setattr(weight_push, "CHUNK_BYTES", 40)
    servers = Noted()
    push = NCCLPush(servers, [2, 1])  # type: ignore[arg-type]
    path, bodies = servers.asked.pop()
    infos = [NCCLWeightTransferInitInfo(**body["init_info"]) for body in bodies]
    assert path == "/init_weight_transfer_engine" and [info.rank_offset for info in infos] == [1, 3]
    assert {info.world_size for info in infos} == {4} == {push.group["world_size"]}
    assert infos[0].master_port == infos[1].master_port == push.group["master_port"]
    push.push(iter([("a", torch.ones(2, 3)), ("b", torch.ones(5)), ("c", torch.ones(1, dtype=torch.bfloat16))]))
    paths = [path for path, _ in servers.asked]
    assert paths == ["/start_weight_update", "/update_weights", "/update_weights", "/finish_weight_update"]
    told = [NCCLWeightTransferUpdateInfo(**bodies[1]["update_info"]) for _, bodies in servers.asked[1:3]]
    assert [one.names for one in told] == sent == [["a", "b"], ["c"]]
    assert told[0].shapes == [[2, 3], [5]] and told[1].dtype_names == ["bfloat16"]


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="takes a GPU for the trainer and one for the server")
def test_weights_arrive_over_nccl(tmp_path: Path) -> None:
    """All zeros make every token that is not banned equally likely; then the model's own weights come back."""
    from safetensors.torch import load_file

    from workbench.rollout.vllm_server import ServerVLLM

    own = load_file(TINY / "model.safetensors")
    with serving(tmp_path, "tiny", "max_model_len=512", "dtype=float32", CUDA_VISIBLE_DEVICES="1") as url:
        engine = ServerVLLM(TINY, EngineConfig(dtype="float32", max_model_len=512, servers=[url]))
        ask = [RolloutRequest("3 + 4 ?")]

        def logprobs() -> torch.Tensor:
            greedy = SamplingConfig(temperature=0.0, max_tokens=4)
            return torch.tensor(engine.generate(ask, greedy, 1, 0)[0].samples[0].logprobs)

        first = logprobs()
        engine.sync(iter((name, torch.zeros_like(weight)) for name, weight in own.items()), 1)
        likely = len(own["lm_head.weight"]) - len(engine.bias)
        torch.testing.assert_close(logprobs(), -torch.full((4,), float(likely)).log(), atol=1e-4, rtol=0)
        engine.sync(iter(own.items()), 2)
        torch.testing.assert_close(logprobs(), first, atol=1e-4, rtol=0)
        assert isinstance(engine._pusher, NCCLPush)
        engine.close()
