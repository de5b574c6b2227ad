"""Ctrl-C that lets the step finish: the first asks, a second one stops at once."""

import os
import signal
import time
from types import FrameType, TracebackType
from typing import Any

# A launcher passes the terminal's Ctrl-C on to ranks that got it from the terminal already.
_SAME_PRESS = 1.0


class Interrupt:
    """While the block runs, `requested` says whether the user asked to stop."""

    def __init__(self) -> None:
        self.requested = False
        self._at = 0.0
        self._before: Any = None

    def __enter__(self) -> "Interrupt":
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        if self.requested and time.monotonic() - self._at > _SAME_PRESS:
            raise KeyboardInterrupt
        if not self.requested:
            # Not print: the handler may run in the midst of one.
            os.write(2, b"\nfinishing this step, then saving; Ctrl-C again stops at once\n")
            self.requested, self._at = True, time.monotonic()
