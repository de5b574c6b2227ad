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
from pathlib import Path
from typing import Any

STARTUP_SECONDS = 600.0
PATIENCE = 4.0
_TICKS = os.sysconf("SC_CLK_TCK")


class WorkerFailed(RuntimeError):
    """A job got no result: `reason` is "timeout", "memory", "crash" or the name of a library's exception."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class PoolUnavailable(WorkerFailed):
    """No worker could be started: a failure of ours, of no pair's making."""


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
            self._receive(STARTUP_SECONDS)
        except WorkerFailed as failure:
            self.kill()
            raise PoolUnavailable("pool_unavailable") from failure

    def ask(self, job: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The worker's answer; raises WorkerFailed at the deadline or when it died."""
        data = json.dumps(job).encode()
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(struct.pack("<I", len(data)) + data)
            self.process.stdin.flush()
        except OSError:
            raise WorkerFailed("crash") from None
        return self._receive(seconds)

    def _cpu_seconds(self) -> float:
        """Processor time the worker has used so far."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def _receive(self, seconds: float) -> dict[str, Any]:
        began, cpu = time.monotonic(), self._cpu_seconds()
        (size,) = struct.unpack("<I", self._read(4, began, cpu, seconds))
        message: dict[str, Any] = json.loads(self._read(size, began, cpu, seconds))
        return message

    def _read(self, size: int, began: float, cpu: float, seconds: float) -> bytes:
        """`size` bytes; raises WorkerFailed after `seconds` of the worker's processor time.

        Counting by the clock would make verdicts depend on what else the machine does; it is the outer bound only.
        """
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        data = b""
        while len(data) < size:
            waited = time.monotonic() - began
            left = seconds - (self._cpu_seconds() - cpu if waited >= seconds else waited)
            ready, _, _ = select.select([descriptor], [], [], min(max(left, 0.01), seconds))
            if not ready and (left <= 0.02 or waited > PATIENCE * seconds):
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


class Pool:
    """Lends workers: at most `workers` processes of at most `memory_mb` MiB each; `run` blocks until one is free."""

    def __init__(self, workers: int = 1, memory_mb: int = 2048):
        self.workers = workers
        self.memory_mb = memory_mb
        self._reset()
        atexit.register(self.close)

    def _reset(self) -> None:
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._slots: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._live: set[_Worker] = set()
        for _ in range(self.workers):
            self._slots.put(None)

    @property
    def pids(self) -> list[int]:
        """Process ids of the running workers."""
        return [w.process.pid for w in self._live]

    def run(self, job: dict[str, Any], seconds: float) -> bool:
        """Whether the job's two sides are equal. A worker that misses the deadline or dies is replaced on next use.

        Raises WorkerFailed; "crash" only if the job ended a fresh worker too, since the first may have been killed from
        outside. Waiting for a free worker and starting one do not count against `seconds`.
        """
        if self._owner != os.getpid():
            self._reset()  # after a fork the pipes belong to the parent
        slots = self._slots
        worker = slots.get()
        kept = None
        try:
            if worker is None or worker.process.poll() is not None:
                worker = self._start()
            try:
                message = worker.ask(job, seconds)
            except WorkerFailed as failure:
                if failure.reason != "crash":
                    raise
                self._end(worker)
                worker = self._start()
                message = worker.ask(job, seconds)
            kept = worker
        finally:
            if worker is not None and kept is None:
                self._end(worker)
            slots.put(kept)
        if "error" in message:
            raise WorkerFailed(message["error"])
        return bool(message["equal"])

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
