"""How weights get into vLLM servers: over NCCL from GPU to GPU, or through a file that both can read."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from itertools import accumulate
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from workbench.rollout.servers import Servers

if TYPE_CHECKING:
    import torch

# What is announced and sent at once: enough to fill a network, little beside a model.
CHUNK_BYTES = 1024**3


class Push(Protocol):
    """Gets weights, named as in the Hugging Face state dict, into paused servers."""

    def push(self, weights: Iterator[tuple[str, "torch.Tensor"]]) -> None:
        """Send all of them, or only those of layers that changed."""
        ...

    def close(self) -> None:
        """Leave the servers ready for another trainer."""
        ...


class FilePush:
    """One safetensors file in the system's temporary folder, gone afterwards; the servers must see that folder."""

    def __init__(self, servers: Servers):
        self.servers = servers

    def push(self, weights: Iterator[tuple[str, "torch.Tensor"]]) -> None:
        from safetensors.torch import save_file

        with TemporaryDirectory(prefix="weights-") as folder:
            file = Path(folder) / "weights.safetensors"
            save_file({name: tensor.contiguous() for name, tensor in weights}, file)
            self.servers.call("/collective_rpc", method="read_weights", args=[str(file)])

    def close(self) -> None:
        pass


class NCCLPush:
    """vLLM's NCCL weight transfer: one group of this process, which is its rank 0, and all workers of all servers.

    `workers` are each server's. Needs a GPU of its own, since NCCL takes no GPU twice. A server that fails in the midst
    of a transfer leaves this process waiting in it.
    """

    def __init__(self, servers: Servers, workers: list[int]):
        import torch
        from vllm.distributed.weight_transfer.nccl_common import (
            NCCLWeightTransferInitInfo,
            trainer_init,
            worker_init_payload,
        )

        self.servers = servers
        self.device = torch.cuda.current_device()
        group = {
            "master_address": _own_address(servers.urls),
            "master_port": _free_port(),
            "world_size": 1 + sum(workers),
        }
        places = accumulate(workers[:-1], initial=1)
        infos = [NCCLWeightTransferInitInfo(**group, rank_offset=place, packed=True) for place in places]
        bodies = [{"init_info": worker_init_payload(info)} for info in infos]
        self.group = self._meanwhile("/init_weight_transfer_engine", bodies, lambda: trainer_init(group))

    def push(self, weights: Iterator[tuple[str, "torch.Tensor"]]) -> None:
        from vllm.distributed.weight_transfer.nccl_engine import NCCLWeightTransferUpdateInfo
        from vllm.distributed.weight_transfer.packed_tensor import packed_nccl_broadcast_producer

        self.servers.call("/start_weight_update")
        for chunk in chunks(weights, CHUNK_BYTES):
            here = [(name, tensor.to(self.device)) for name, tensor in chunk]
            info = NCCLWeightTransferUpdateInfo(
                names=[name for name, _ in here],
                dtype_names=[str(tensor.dtype).removeprefix("torch.") for _, tensor in here],
                shapes=[list(tensor.shape) for _, tensor in here],
            )
            bodies = [{"update_info": asdict(info)}] * len(self.servers.urls)
            send = partial(packed_nccl_broadcast_producer, iter(here), self.group, 0, itemgetter(1))
            self._meanwhile("/update_weights", bodies, send)
        self.servers.call("/finish_weight_update")

    def _meanwhile(self, path: str, bodies: list[dict[str, Any]], own_part: Callable[[], Any]) -> Any:
        """Call each server and do this process's part in what they then do together; what that gave."""
        import torch

        def here() -> Any:
            # The device is a thread's own setting, and vLLM sends on streams that wait for nothing before them.
            with torch.cuda.device(self.device):
                torch.cuda.synchronize()
                return own_part()

        async def together() -> Any:
            return (await asyncio.gather(asyncio.to_thread(here), self.servers.call_each(path, bodies)))[0]

        return self.servers.run(together())

    def close(self) -> None:
        self.servers.call("/shutdown_weight_transfer_engine")
        self.group.destroy()


def chunks(weights: Iterator[tuple[str, "torch.Tensor"]], size: int) -> Iterator[list[tuple[str, "torch.Tensor"]]]:
    """The weights in order, in lists that end once they hold `size` bytes."""
    chunk: list[tuple[str, torch.Tensor]] = []
    held = 0
    for name, tensor in weights:
        chunk.append((name, tensor))
        held += tensor.nbytes
        if held >= size:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def _own_address(urls: list[str]) -> str:
    """This machine's address as a server on another one reaches it; the loopback one if all are here."""
    found = []
    for url in urls:
        place = urlsplit(url)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            # Sends nothing: it only chooses the way.
            probe.connect((place.hostname, place.port or 80))
            found.append(str(probe.getsockname()[0]))
    return next((address for address in found if not address.startswith("127.")), found[0])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])
