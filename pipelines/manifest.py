"""What every manifest.json says about where a dataset version came from."""

import hashlib
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from workbench.plugins import plugin_records

_TOOLS = ("eureka-workbench", "polars", "pyarrow", "pillow", "math-verify")


def sha256_of(path: Path) -> str:
    """The file's sha256 in hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hashed(paths: Iterable[Path], root: Path | None = None) -> list[dict[str, str]]:
    """{path, sha256} of each file; paths under `root` are given relative to it."""
    return [
        {"path": str(p.relative_to(root) if root and p.is_relative_to(root) else p), "sha256": sha256_of(p)}
        for p in paths
    ]


def tools() -> dict[str, str]:
    """The versions of Python and of the packages that results depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in _TOOLS}}


def provenance(kind: str) -> dict[str, Any]:
    """The kind of version, when it was made, and with which tools and plug-ins."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return {"kind": kind, "created": created, "tools": tools(), "plugins": plugin_records()}
