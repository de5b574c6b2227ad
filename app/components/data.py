"""How the pages reach the workspace: one store, queries remembered until a file they read changes."""

import getpass
import os
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from workbench.images import ImageStore
from workbench.store import Store
from workbench.workspace import Workspace

P = ParamSpec("P")
T = TypeVar("T")

Stamp = tuple[tuple[str, int, int], ...]


def store() -> Store:
    return Store(Workspace.default())


def images() -> ImageStore:
    return ImageStore(Workspace.default().images)


def who() -> str:
    """The name stored with annotations: `eureka app --user`, else the system's user."""
    return os.environ.get("EUREKA_USER") or getpass.getuser()


def stamp(files: Iterable[Path]) -> Stamp:
    """What tells one state of files from another: name, time of change (ns), size (bytes); none for a missing one."""
    found = []
    for path in files:
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(found)


def cached(files: Iterable[Path], function: Callable[..., T], *args: Hashable) -> T:
    """`function(store, *args)`, from memory while none of `files` has changed."""
    name = f"{function.__module__}.{function.__qualname__}"
    return _cached(name, args, stamp(files), function)


def kept(files: Iterable[Path], function: Callable[..., T], *args: Hashable) -> T:
    """As `cached`, for large results that nobody changes: every session gets the same object, never a copy."""
    name = f"{function.__module__}.{function.__qualname__}"
    return _kept(name, args, stamp(files), function)


@st.cache_data(show_spinner=False, max_entries=2000)
def _cached(name: str, args: tuple[Any, ...], files: Stamp, _function: Callable[..., T]) -> T:
    return _function(store(), *args)


@st.cache_resource(show_spinner=False, max_entries=16)
def _kept(name: str, args: tuple[Any, ...], files: Stamp, _function: Callable[..., T]) -> T:
    return _function(store(), *args)
