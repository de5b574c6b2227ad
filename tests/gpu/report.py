"""Figures as JSON lines, within a time that holds: a section that fails or takes too long is a line like any other."""

import gc
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

ON_GPU = torch.cuda.is_available()
DEVICE = "cuda" if ON_GPU else "cpu"
GIB = 2**30


class TimeUp(BaseException):
    """A section's time is over. No Exception, so that no library takes it for a failure of its own."""


class Report:
    """Prints each figure at once, and appends it to $OUT/learner.jsonl where OUT is set; ends after `seconds`."""

    def __init__(self, seconds: float):
        self.start = time.monotonic()
        self.end = self.start + seconds
        self.file = Path(os.environ["OUT"]) / "learner.jsonl" if os.environ.get("OUT") else None

    def line(self, section: str, **figures: Any) -> None:
        """One JSON line; `at` is in seconds since the start."""
        rounded = {key: _round(value) for key, value in figures.items()}
        text = json.dumps({"section": section, "at": round(time.monotonic() - self.start, 1)} | rounded)
        print(text, flush=True)
        if self.file is not None:
            with self.file.open("a") as stream:
                stream.write(text + "\n")

    @contextmanager
    def section(self, name: str, seconds: float) -> Iterator[None]:
        """At most so long, and no longer than the whole report; what goes wrong is printed and the next one begins."""
        seconds = min(seconds, self.end - time.monotonic())
        begin = time.monotonic()
        try:
            if seconds <= 1:
                raise TimeUp
            signal.signal(signal.SIGALRM, _time_up)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            with self.case(name):
                yield
        except TimeUp:
            self.line(name, error=f"time is up after {time.monotonic() - begin:.0f} s, the rest is left out")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            free()
        self.line(name, seconds=time.monotonic() - begin)

    @contextmanager
    def case(self, section: str, **what: Any) -> Iterator[None]:
        """A part of a section that may fail by itself, out of memory for example."""
        try:
            yield
        except Exception as error:
            self.line(section, **what, error=f"{type(error).__name__}: {error}"[:600])
        free()


def free() -> None:
    """Give back the memory of what nothing holds any more."""
    gc.collect()
    if ON_GPU:
        torch.cuda.empty_cache()


def now() -> float:
    """Seconds on a clock, when the device has done all it was given."""
    if ON_GPU:
        torch.cuda.synchronize()
    return time.perf_counter()


def reset_peak() -> None:
    if ON_GPU:
        torch.cuda.reset_peak_memory_stats()


def allocated() -> float:
    """GiB of the GPU's memory that tensors take; 0 on a CPU."""
    return torch.cuda.memory_allocated() / GIB if ON_GPU else 0.0


def peak() -> float:
    """The most that tensors took since `reset_peak`, in GiB."""
    return torch.cuda.max_memory_allocated() / GIB if ON_GPU else 0.0


def _time_up(*_: Any) -> None:
    raise TimeUp


def _round(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _round(entry) for key, entry in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value
