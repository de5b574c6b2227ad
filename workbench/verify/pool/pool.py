"""Worker processes for symbolic work: started on first use, killed at the deadline, replaced, shared by all threads.

Workers are fresh interpreters, never forks of this process, so they carry no weights, locks or CUDA state, and no
signal is used, so any thread may ask. They end when their standard input closes, that is, with this process.
"""

import atexit
import contextlib
import json
import os
import queue
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

STARTUP_SECONDS = 600.0
PATIENCE = 2.0
_TICKS = os.sysconf("SC_CLK_TCK")
T = TypeVar("T")


class WorkerFailed(RuntimeError):
    """A job got no result: `reason` is "timeout", "memory", "crash" or the name of a library's exception."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class PoolUnavailable(WorkerFailed):
    """No worker could be started: a failure of ours, of no pair's making."""


class Budget:
    """The time that several jobs about one answer may still take together: `cpu` seconds of the worker's processor,
    and `clock` seconds of waiting for it. Verdicts shall not depend on what else the machine does, so the clock is the
    outer bound only. `queued` are the seconds spent until a worker was free or had started, which no answer can help.
    """

    def __init__(self, seconds: float):
        self.cpu = seconds
        self.clock = PATIENCE * seconds
        self.queued = 0.0


class _Worker:
    def __init__(self, memory_mb: int):
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("worker.py")), str(memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
            start_new_session=True,
        )
        try:
            self._receive(Budget(STARTUP_SECONDS))
        except WorkerFailed as failure:
            self.kill()
            raise PoolUnavailable("pool_unavailable") from failure

    def ask(self, job: dict[str, Any], budget: Budget) -> dict[str, Any]:
        """The worker's answer, whose time is taken from the budget; raises WorkerFailed where that ends or it died."""
        data = json.dumps(job).encode()
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(struct.pack("<I", len(data)) + data)
            self.process.stdin.flush()
        except OSError:
            raise WorkerFailed("crash") from None
        return self._receive(budget)

    def _cpu_seconds(self) -> float:
        """Processor time the worker has used so far."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def _receive(self, budget: Budget) -> dict[str, Any]:
        began, cpu = time.monotonic(), self._cpu_seconds()
        try:
            (size,) = struct.unpack("<I", self._read(4, began, cpu, budget))
            message: dict[str, Any] = json.loads(self._read(size, began, cpu, budget))
        finally:
            budget.cpu -= self._cpu_seconds() - cpu
            budget.clock -= time.monotonic() - began
        return message

    def _read(self, size: int, began: float, cpu: float, budget: Budget) -> bytes:
        """`size` bytes; raises WorkerFailed("timeout") when the budget is spent."""
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        data = b""
        while len(data) < size:
            waited = time.monotonic() - began
            # The processor's clock is coarse and slow to ask, so it is asked only once the wall clock gives reason to.
            spare = budget.cpu - (self._cpu_seconds() - cpu if waited >= budget.cpu else waited)
            patience = budget.clock - waited
            ready, _, _ = select.select([descriptor], [], [], max(min(spare, patience), 0.01))
            if not ready and (spare <= 0.02 or patience <= 0.01):
                raise WorkerFailed("timeout")
            if not ready:
                continue
            piece = os.read(descriptor, size - len(data))
            if not piece:
                raise WorkerFailed("crash")
            data += piece
        return data

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # a pipe to a dead process may fail its last flush
                    stream.close()


class _Slots(queue.LifoQueue[_Worker | None]):
    """A worker or None for each process that may run. None, which has to be started first, is taken last."""

    def _put(self, item: _Worker | None) -> None:
        if item is None:
            self.queue.insert(0, item)
        else:
            self.queue.append(item)


class Pool:
    """Lends workers: at most `workers` processes of at most `memory_mb` MiB each; `run` blocks until one is free."""

    def __init__(self, workers: int = 1, memory_mb: int = 2048):
        self.workers = workers
        self.memory_mb = memory_mb
        self._reset()
        atexit.register(self.close)

    def _reset(self) -> None:
        self._owner = os.getpid()
        self._closings = 0
        self._lock = threading.Lock()
        self._slots = _Slots()
        self._live: set[_Worker] = set()
        for _ in range(self.workers):
            self._slots.put(None)

    @property
    def pids(self) -> list[int]:
        """Process ids of the running workers."""
        return [w.process.pid for w in self._live]

    def warm_up(self) -> None:
        """Start the workers in the background, so that the first answer that needs one does not wait for it."""
        for _ in range(self.workers):
            self._start_in_background()

    def _start_in_background(self) -> None:
        closings = self._closings

        def start() -> None:
            # A pool that cannot start workers says so to the first answer that needs one.
            with contextlib.suppress(PoolUnavailable):
                worker = self._lend(lambda worker: worker)
                if self._closings != closings:  # closed while it started
                    self._end(worker)

        threading.Thread(target=start, daemon=True).start()

    def run(self, job: dict[str, Any], budget: Budget) -> bool:
        """Whether the job's two sides are equal. A worker that misses the deadline or dies is replaced, in the
        background, so that the next answer has another or waits less.

        Raises WorkerFailed; "crash" only if the job ended a fresh worker too, since the first may have been killed from
        outside. Waiting for a free worker and starting one do not count against the budget.
        """
        try:
            message = self._ask(job, budget)
        except WorkerFailed as failure:
            if failure.reason != "crash":
                raise
            message = self._ask(job, budget)
        if "error" in message:
            raise WorkerFailed(message["error"])
        return bool(message["equal"])

    def _ask(self, job: dict[str, Any], budget: Budget) -> dict[str, Any]:
        asked = time.monotonic()

        def ask(worker: _Worker) -> dict[str, Any]:
            budget.queued += time.monotonic() - asked
            return worker.ask(job, budget)

        return self._lend(ask)

    def _lend(self, use: Callable[[_Worker], T]) -> T:
        """What `use` makes of a running worker; one that fails is ended."""
        if self._owner != os.getpid():
            self._reset()  # after a fork the pipes belong to the parent
        slots = self._slots
        worker = slots.get()
        kept = None
        try:
            if worker is None or worker.process.poll() is not None:
                worker = self._start()
            result = use(worker)
            kept = worker
            return result
        finally:
            if worker is not None and kept is None:
                self._end(worker)
            slots.put(kept)
            if worker is not None and kept is None:
                self._start_in_background()

    def _start(self) -> _Worker:
        worker = _Worker(self.memory_mb)
        with self._lock:
            self._live.add(worker)
        return worker

    def _end(self, worker: _Worker) -> None:
        self._live.discard(worker)
        worker.kill()

    def close(self) -> None:
        """Kill the workers; a later `run` starts new ones."""
        if self._owner != os.getpid():
            return
        with self._lock:
            self._closings += 1
            for worker in self._live:
                worker.kill()
            self._live.clear()


_shared: Pool | None = None
_shared_lock = threading.Lock()


def shared_pool() -> Pool:
    """The one pool of this process."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Pool(workers=2)
        return _shared
