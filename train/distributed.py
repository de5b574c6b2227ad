"""The ranks of a run: who this process is, and the few collective calls the loop needs; one process needs none."""

import ctypes
import os
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from workbench.errors import UserError

T = TypeVar("T")
# The rank that prints an error has ended by then, unless it never met it.
_LAUNCHER_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl


class RankLost(UserError):
    """Another rank ended while this one waited for it, so nothing is wrong here."""


class Ranks:
    """`rank` of `world` processes. Every method is a plain answer where `world` is 1."""

    def __init__(self, rank: int = 0, world: int = 1):
        self.rank = rank
        self.world = world

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    def share(self, items: Sequence[T]) -> list[T]:
        """This rank's items of a list all ranks know."""
        return list(items[self.rank :: self.world])

    def gather(self, value: T) -> list[T]:
        """Every rank's value, by rank, on every rank. RankLost if one of them has ended."""
        if self.world == 1:
            return [value]
        import torch.distributed

        values: list[Any] = [None] * self.world
        try:
            torch.distributed.all_gather_object(values, value)
        except RuntimeError as error:
            if "timed out" in str(error).lower():
                raise  # it hangs, and says nothing
            raise RankLost("another rank stopped; its message says why") from error
        return values

    def main_says(self, value: T) -> T:
        """Rank 0's value on every rank."""
        return self.gather(value)[0]

    def barrier(self) -> None:
        self.gather(None)


def is_main() -> bool:
    """Whether this process is rank 0, or the only one; known before it has joined the others."""
    return os.environ.get("RANK", "0") == "0"


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def die_with_launcher() -> None:
    """A rank dies with its launcher: outliving it, it would write into a run that somebody goes on with."""
    if "LOCAL_RANK" in os.environ:
        die_with_parent()


@contextmanager
def said_once() -> Iterator[None]:
    """An error that several ranks meet is printed by one of them; the others wait for the launcher to end them.

    A launcher ends every rank as soon as one has failed, so a silent rank that exits first would take the message with
    it. A rank that nobody ends within `_LAUNCHER_SECONDS` met the error alone and prints it.
    """
    try:
        yield
    except UserError as error:
        if not _first_to_say(str(error)):
            time.sleep(_LAUNCHER_SECONDS)
        raise


def _first_to_say(text: str) -> bool:
    if "LOCAL_RANK" not in os.environ:
        return True
    import torch.distributed
    from torch.distributed.distributed_c10d import _get_default_store

    if not torch.distributed.is_initialized():
        # What is read before the ranks have joined is alike on a machine.
        return os.environ.get("LOCAL_RANK", "0") == "0"
    try:
        return bool(_get_default_store().add(f"said/{text}", 1) == 1)
    except RuntimeError:
        return True  # the rank that kept the count has ended


def start(deepspeed: bool) -> Ranks:
    """Join the processes of the launcher (torchrun, deepspeed), or start alone.

    DeepSpeed needs a process group even when alone, and several processes need DeepSpeed: else a UserError.
    """
    import torch

    if not torch.cuda.is_available():
        # Said even without DeepSpeed: transformers looks for it when it saves, and would warn.
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    if not deepspeed:
        refuse_several(int(os.environ.get("WORLD_SIZE", "1")))
        return Ranks()
    import deepspeed as ds
    import torch.distributed

    if "WORLD_SIZE" not in os.environ:
        alone = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1"}
        os.environ.update(alone | {"MASTER_PORT": str(_free_port())})
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    else:
        _build_op()
    ds.init_distributed(dist_backend="nccl" if torch.cuda.is_available() else "gloo", verbose=False)
    return Ranks(torch.distributed.get_rank(), torch.distributed.get_world_size())


def refuse_several(world: int) -> None:
    """UserError if plain torch, which sums nothing over ranks, is asked for in more than one process."""
    if world > 1:
        raise UserError(f"{world} processes need deepspeed; add deepspeed.stage=2")


def _build_op() -> None:
    """Have DeepSpeed's shared-memory op compiled and loaded, one process of this machine at a time.

    torch guards a build by a file that a killed process leaves behind, for which every later start would wait for ever.
    Behind a lock that the kernel frees with its holder, such a file is a dead one's and is removed.
    """
    import deepspeed.ops
    from deepspeed.accelerator import get_accelerator
    from filelock import FileLock
    from torch.utils.cpp_extension import _get_build_directory

    builder = get_accelerator().create_op_builder("ShareMemCommBuilder")
    if builder is None or not deepspeed.ops.__compatible_ops__.get(builder.NAME, False):
        return
    folder = Path(_get_build_directory(builder.name, verbose=False))
    with FileLock(folder / "building.lock"):
        (folder / "lock").unlink(missing_ok=True)
        builder.load(verbose=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
