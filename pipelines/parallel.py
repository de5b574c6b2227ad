"""Work cut into pieces and spread over processes, the results in the order of the pieces."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

from workbench.plugins import load_plugins, loaded_plugins

In = TypeVar("In")
Out = TypeVar("Out")


def in_processes(
    work: Callable[[Sequence[In]], Out], items: Sequence[In], piece: int, alone: int = 400
) -> Iterator[tuple[Sequence[In], Out]]:
    """(piece, work(piece)) for `items` cut into pieces; `work` must be a module's function.

    Up to `alone` items stay in this process: starting others takes longer than such a piece. Only a few pieces wait
    at a time, so memory does not grow with `items`.
    """
    pieces = [items[start : start + piece] for start in range(0, len(items), piece)]
    cores = len(os.sched_getaffinity(0))
    if len(items) <= alone or cores == 1:
        yield from ((part, work(part)) for part in pieces)
        return
    # Not fork: Polars' and OpenCV's threads do not survive it.
    context = multiprocessing.get_context("spawn")
    # Another process finds a plug-in's function only once it has loaded the plug-in.
    begin = load_plugins if loaded_plugins() else None
    with ProcessPoolExecutor(min(cores, len(pieces)), mp_context=context, initializer=begin) as pool:
        waiting: deque[tuple[Sequence[In], Future[Out]]] = deque()
        for part in pieces:
            waiting.append((part, pool.submit(work, part)))
            if len(waiting) > 2 * cores:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()
