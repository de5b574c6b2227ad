"""A disk without room: asked before a checkpoint is begun, and said in one line when a write fails for it."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from train.distributed import Ranks
from workbench.errors import UserError

# A write that failed for want of room leaves less than this, in bytes.
NOTHING = 2**20


def check_room(run: Path, what: str, need: int, ranks: Ranks) -> None:
    """UserError on every rank if the run's disk has fewer than `need` bytes free, as rank 0 sees it."""
    need, free = ranks.main_says((need, shutil.disk_usage(run).free))
    if need > free:
        raise UserError(
            f"{what} needs about {need / 2**20:,.0f} MiB in {run / 'checkpoints'}, where {free / 2**20:,.0f} MiB are "
            f"free; free some and go on with `eureka train --resume {run.name}`"
        )


@contextmanager
def said_if_full(run: Path) -> Iterator[None]:
    """Turns a full disk into a UserError that names the place and the way on."""
    try:
        yield
    except Exception as error:
        if not _is_full(error, run):
            raise
        place = getattr(error, "filename", None) or run
        why = "" if isinstance(error, OSError) else f" ({' '.join(str(error).split())[:200]})"
        way = f"go on with `eureka train --resume {run.name}`" if (run / "config.yaml").exists() else "start again"
        raise UserError(f"no space left to write {place}{why}; free some and {way}") from error


def _is_full(error: Exception, run: Path) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    # torch and safetensors have errors of their own for it.
    return not isinstance(error, UserError) and run.exists() and shutil.disk_usage(run).free < NOTHING
