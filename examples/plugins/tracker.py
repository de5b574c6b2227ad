"""A tracker: a CSV file of the numbers that one wants to plot, every few steps.

`eureka train demo 'trackers.csv={keys: [reward/total, length/mean], every: 5}' --plugin tracker.py`
"""

import csv
from collections.abc import Mapping

from pydantic import BaseModel, Field

from train import TRACKERS, TrackedRun, Tracker


class Settings(BaseModel):
    keys: list[str] = ["reward/total", "eval/accuracy"]
    """The columns: keys of metrics.jsonl."""
    every: int = Field(1, ge=1)
    """Steps from one row to the next."""


@TRACKERS.register("csv", settings=Settings)
class Csv(Tracker):
    """RUN/numbers.csv. Only rank 0 has one; `run` also has the run's name and its config."""

    def __init__(self, run: TrackedRun, settings: Settings):
        self.settings = settings
        # A resumed run draws the steps after its checkpoint again.
        self.file = (run.folder / "numbers.csv").open("a" if run.after_step else "w", newline="", encoding="utf-8")
        self.rows = csv.writer(self.file)
        if not run.after_step:
            self.rows.writerow(["step", *settings.keys])

    def record(self, step: int, metrics: Mapping[str, float | None]) -> None:
        if step % self.settings.every == 0:
            self.rows.writerow([step, *(metrics.get(key) for key in self.settings.keys)])
            self.file.flush()

    def close(self) -> None:
        self.file.close()
