"""Removing a dataset version that nothing refers to."""

import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from workbench.errors import UserError
from workbench.workspace import DatasetVersion, Workspace, fsync_path


@dataclass(frozen=True)
class Removed:
    """The version that is gone, and the bytes of its tables. Its pictures stay: other versions may show them."""

    ref: str
    bytes: int


def remove_version(workspace: Workspace, ref: str) -> Removed:
    """Remove `NAME@vNNN`; raises UserError if it is not there, or naming what refers to it."""
    if "@" not in ref:
        found = ", ".join(f"{ref}@{v}" for v in workspace.versions(ref)) or "none"
        raise UserError(f"say which version of {ref!r} to remove; there are: {found}")
    version = workspace.dataset(ref)
    if named := list(dict.fromkeys(referrers(workspace, version))):
        shown = ", ".join(named[:8]) + (f" and {len(named) - 8} more" if len(named) > 8 else "")
        raise UserError(f"{version.ref} stays: {shown} refer{'s' if len(named) == 1 else ''} to it")
    size = sum(path.stat().st_size for path in version.path.rglob("*") if path.is_file())
    # Renamed first, so that no reader ever finds half a version.
    going = version.path.with_name(f".{version.version}-{secrets.token_hex(4)}")
    version.path.rename(going)
    fsync_path(going.parent)
    shutil.rmtree(going)
    return Removed(version.ref, size)


def referrers(workspace: Workspace, version: DatasetVersion) -> Iterator[str]:
    """What needs the version: versions made from or checked against it, training runs, and stored responses."""
    place = f"datasets/{version.name}/{version.version}/"
    for name in workspace.dataset_names():
        for number in workspace.versions(name):
            other = workspace.dataset(f"{name}@{number}")
            if other.ref != version.ref and _mentions(other.manifest(), version.ref, place):
                yield f"dataset {other.ref}"
    for run in workspace.run_names():
        config = workspace.run(run) / "config.yaml"
        if config.exists() and version.ref in _trained_on(workspace, yaml.safe_load(config.read_text()) or {}):
            yield f"run {run}"
    for path in sorted((workspace.root / "responses").glob(f"{version.name}/*/*.json")):
        if json.loads(path.read_text()).get("settings", {}).get("dataset") == version.ref:
            yield f"responses {path.parent.name}/{path.stem}"


def _mentions(manifest: dict[str, Any], ref: str, place: str) -> bool:
    inputs = [item.get("dataset") if isinstance(item, dict) else item for item in manifest.get("inputs", [])]
    read = [item["path"] for item in manifest.get("responses", [])]
    return ref in inputs or any(path.startswith(place) for path in read)


def _trained_on(workspace: Workspace, config: dict[str, Any]) -> set[str]:
    """The versions that a run used; a name without a version meant the newest when the run began."""
    given = config.get("dataset")
    names = [*(given if isinstance(given, list) else [given]), config.get("eval_dataset")]
    started = str((config.get("made_with") or {}).get("started") or "9999")
    found = set()
    for name in names:
        if isinstance(name, str) and "@" not in name:
            versions = [workspace.dataset(f"{name}@{v}") for v in workspace.versions(name)]
            there = [v.ref for v in versions if v.manifest().get("created", "") <= started]
            found.update(there[-1:])
        elif name:
            found.add(str(name))
    return found
