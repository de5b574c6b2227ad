"""A step's numbers: summed up over the ranks, appended to metrics.jsonl, given to trackers, shown as one line."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.markup import escape

from train.config import TrainConfig
from train.distributed import Ranks
from train.rollouts import Group
from train.trackers import TrackedRun, Trackers
from workbench.errors import UserError
from workbench.reflection import is_reflective
from workbench.workspace import append_jsonl, read_jsonl, write_jsonl

Metrics = dict[str, float | None]


def summarize(groups: Sequence[Group], ranks: Ranks) -> Metrics:
    """Means and counts over every rank's groups of a step. Shares are over the responses, lengths are in tokens."""
    mine = [
        {
            "used": rollout.unused_reason is None,
            "why": rollout.unused_reason,
            "scorable": rollout.reward is not None,
            "timeout": rollout.judgement is not None and rollout.judgement.reason == "timeout",
            "correct": rollout.correct,
            "reward": rollout.reward,
            "rewards": rollout.rewards,
            "length": len(rollout.sample.token_ids),
            "truncated": rollout.sample.finish_reason == "length",
            "reflective": is_reflective(rollout.sample.text),
        }
        for group in groups
        for rollout in group.rollouts
    ]
    skipped = Counter(group.unusable for group in groups if group.unusable)
    even = sum(len({r.reward for r in group.scorable}) == 1 for group in groups)
    kept = sum(any(r.unused_reason is None for r in group.rollouts) for group in groups)
    everywhere = ranks.gather((mine, skipped, even, len(groups), kept))
    rows: list[dict[str, Any]] = [row for one in everywhere for row in one[0]]
    scored = [row for row in rows if row["scorable"]]
    used = [row for row in rows if row["used"]]
    metrics: Metrics = {
        "reward/total": _mean([row["reward"] for row in scored]),
        "accuracy/sampled": _mean([row["correct"] for row in scored]),
        "accuracy/used": _mean([row["correct"] for row in used]),
        "length/mean": _mean([row["length"] for row in rows]),
        "length/max": float(max((row["length"] for row in rows), default=0)),
        "length/truncated": _mean([row["truncated"] for row in rows]),
        "reflection/rate": _mean([row["reflective"] for row in rows]),
        "samples/all": float(len(rows)),
        "samples/used": float(len(used)),
        "samples/unscorable": float(len(rows) - len(scored)),
        "samples/verdict_timeouts": float(sum(row["timeout"] for row in rows)),
        "samples/tokens": float(sum(row["length"] for row in rows)),
        "groups/all": float(sum(one[3] for one in everywhere)),
        "groups/used": float(sum(one[4] for one in everywhere)),
        "groups/equal_rewards": float(sum(one[2] for one in everywhere)),
        "groups/prompt_too_long": 0.0,
    }
    for one in everywhere:
        for reason, count in one[1].items():
            metrics[f"groups/{reason}"] = (metrics.get(f"groups/{reason}") or 0.0) + count
    for name in sorted({name for row in scored for name in row["rewards"]}):
        metrics[f"reward/{name}"] = _mean([row["rewards"][name] for row in scored if name in row["rewards"]])
    for reason, count in sorted(Counter(row["why"] for row in rows if row["why"]).items()):
        metrics[f"unused/{reason}"] = float(count)
    return metrics


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


class Timer:
    """Seconds a phase takes, under `time/`."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[f"time/{phase}"] = self.seconds.get(f"time/{phase}", 0.0) + time.perf_counter() - started

    def metrics(self, tokens: float) -> Metrics:
        """The phases, their sum, and `tokens` a second of sampling, learning and the whole step."""
        step = sum(self.seconds.values())
        speeds = {phase: self.seconds.get(f"time/{phase}", 0.0) for phase in ("sample", "learn")} | {"step": step}
        rates = {f"time/{phase}_tokens_per_s": tokens / s for phase, s in speeds.items() if s > 0}
        return {**self.seconds, "time/step": step, **rates}


def memory() -> Metrics:
    """GiB this process holds, and on a GPU the most it has held since the last call."""
    import torch

    found: Metrics = {"memory/rss_gib": psutil.Process().memory_info().rss / 2**30}
    if torch.cuda.is_available():
        found["memory/gpu_peak_gib"] = torch.cuda.max_memory_allocated() / 2**30
        torch.cuda.reset_peak_memory_stats()
    return found


class Recorder:
    """Writes a run's numbers: metrics.jsonl, the trackers, and a line on the terminal. Only rank 0 has one."""

    def __init__(self, run: Path, config: TrainConfig, after_step: int):
        """`after_step` is the step that a resumed run continues after. UserError for a tracker that cannot start."""
        self.path = run / "metrics.jsonl"
        self.steps = config.steps
        self.console = Console()
        tracked = TrackedRun(run.name, run, config.model_dump(mode="json"), after_step)
        self.trackers = Trackers(config.trackers, tracked, lambda text: self.say(f"[red]{escape(text)}[/red]"))

    def record(self, step: int, metrics: Metrics) -> None:
        """Append the step's object. Step 0 is the evaluation before training."""
        append_jsonl(self.path, {"step": step} | metrics)
        self.trackers.record(step, metrics)
        self.say(line(step, self.steps, metrics))

    def say(self, text: str) -> None:
        self.console.print(text, highlight=False, soft_wrap=True)

    def close(self) -> None:
        self.trackers.close()


_SHOWN = (
    ("reward", "reward/total", ".3f"),
    ("accuracy", "accuracy/sampled", ".3f"),
    ("length", "length/mean", ".1f"),
    ("reflection", "reflection/rate", ".2f"),
    ("entropy", "policy/entropy", ".2f"),
    ("loss", "policy/nll", ".3f"),
    ("gap", "gap/max", ".0e"),
    ("held-out", "eval/accuracy", ".3f"),
    ("s", "time/step", ".1f"),
)


def line(step: int, steps: int, metrics: Metrics) -> str:
    """One step for the terminal."""
    parts = [f"{name} {metrics[key]:{style}}" for name, key, style in _SHOWN if metrics.get(key) is not None]
    return f"[bold]step {step}/{steps}[/bold]  " + " · ".join(parts)


def rewind(run: Path, step: int) -> None:
    """Cut metrics.jsonl after `step`, as it stood when that step's checkpoint was written; -1 cuts everything.

    UserError, before anything is cut, if a step up to there has no line or more than one.
    """
    path = run / "metrics.jsonl"
    rows, _ = read_jsonl(path)
    counts = Counter(row["step"] for row in rows)
    if wrong := [one for one in range(1, step + 1) if counts[one] != 1]:
        raise UserError(
            f"{path} has {counts[wrong[0]]} lines of step {wrong[0]}, which the checkpoint of step {step} comes after; "
            f"mend the file, or remove the checkpoints from step {wrong[0]} on and resume again"
        )
    write_jsonl(path, [row for row in rows if row["step"] <= step])
