"""Where a run's numbers go besides metrics.jsonl: TensorBoard, or a tracker of one's own."""

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from train.algorithm.settings import Section, validated
from workbench.errors import UserError
from workbench.registry import Registry

Metrics = Mapping[str, float | None]


@dataclass(frozen=True)
class TrackedRun:
    """What a tracker is told of the run: its name, its folder, its resolved config as plain values.

    `after_step` is the step that a resumed run continues after, 0 for a new one. Numbers of later steps, which a
    process drew that was killed, come again.
    """

    name: str
    folder: Path
    config: dict[str, Any]
    after_step: int


class Tracker:
    """Made with a TrackedRun, and its settings if it has some. Only rank 0 has trackers."""

    def record(self, step: int, metrics: Metrics) -> None:
        """A step's numbers; None where a number could not be told. Step 0 is the evaluation before training."""
        raise NotImplementedError

    def close(self) -> None:
        """The run ends or stops."""
        return


# Tracker classes; one with settings takes them as the keyword `settings`.
TRACKERS: Registry[Callable[..., Tracker]] = Registry("tracker")


@TRACKERS.register("tensorboard")
class TensorBoard(Tracker):
    """Event files in the run's folder."""

    def __init__(self, run: TrackedRun):
        from torch.utils.tensorboard import SummaryWriter

        # What an earlier, killed process drew beyond the checkpoint is purged: without one, step 0 too.
        purge = run.after_step + 1 if run.after_step else 0
        self.board = SummaryWriter(str(run.folder / "tensorboard"), purge_step=purge)

    def record(self, step: int, metrics: Metrics) -> None:
        for key, value in metrics.items():
            if value is not None:
                self.board.add_scalar(key, value, step)
        self.board.flush()

    def close(self) -> None:
        self.board.close()


def checked_trackers(given: Mapping[str, Any]) -> dict[str, Any]:
    """Each tracker's settings, defaults filled in; null where it is left out. TensorBoard is there unless left out.

    Raises UserError for a name that is none, pydantic's ValidationError for bad settings.
    """
    return {name: _settings(name, value) for name, value in ({"tensorboard": {}} | dict(given)).items()}


def _settings(name: str, value: Any) -> dict[str, Any] | None:
    TRACKERS[name]
    if value is None:
        return None
    model = TRACKERS.settings(name) or Section
    if isinstance(value, Mapping) and (unknown := [key for key in value if key not in model.model_fields]):
        # A plug-in's model may let unknown keys pass.
        detail = InitErrorDetails(type="extra_forbidden", loc=(name, unknown[0]), input=value[unknown[0]])
        raise ValidationError.from_exception_data("trackers", [detail])
    return validated(model, value, name).model_dump(mode="json")


class Trackers:
    """All trackers of a run. One that fails is reported, and the run continues: metrics.jsonl has every number."""

    def __init__(self, names: Mapping[str, Any], run: TrackedRun, say: Callable[[str], None]):
        """`names` maps trackers to what `checked_trackers` made of them. UserError for one that cannot start."""
        self.say = say
        self.trackers: dict[str, Tracker] = {}
        for name, values in names.items():
            if values is None:
                continue
            try:
                self.trackers[name] = _made(name, values, run)
            except Exception as error:
                if _is_disk_full(error):
                    raise
                way = f"mend it, or leave it out with trackers.{name}=null"
                raise UserError(f"tracker {name} cannot start ({_reason(error)}); {way}") from error

    def record(self, step: int, metrics: Metrics) -> None:
        for name, tracker in self.trackers.items():
            self._guarded(f"tracker {name} failed at step {step}", tracker.record, step, metrics)

    def close(self) -> None:
        for name, tracker in self.trackers.items():
            self._guarded(f"tracker {name} failed at the end", tracker.close)

    def _guarded(self, what: str, call: Callable[..., None], *arguments: Any) -> None:
        try:
            call(*arguments)
        except Exception as error:
            if _is_disk_full(error):
                raise
            self.say(f"{what} ({_reason(error)}); metrics.jsonl has the numbers")


def _made(name: str, values: Any, run: TrackedRun) -> Tracker:
    settings = TRACKERS.settings(name)
    tracker: Tracker = TRACKERS.bind(name, None if settings is None else settings.model_validate(values))(run)
    return tracker


def _is_disk_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
