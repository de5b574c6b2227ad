"""Loading plug-ins: run their code once, know what they registered, and hand their names to other processes."""

import hashlib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from threading import RLock
from typing import Any

from workbench.errors import UserError
from workbench.plugins.source import Source, find_source
from workbench.registry import Registry

GROUP = "eureka.plugins"
# Files and modules, separated as in PATH: what this process was told to load, for the processes that it starts.
VARIABLE = "EUREKA_PLUGINS"


@dataclass(frozen=True)
class PlugIn:
    """A loaded plug-in; `sha256` is of the bytes that were run (of a package, see `Source.sha256`)."""

    name: str
    source: Source
    sha256: str

    @property
    def components(self) -> list[tuple[Registry[Any], str]]:
        """What it registered: registries and names in them."""
        return _registered_by(self.source)

    def record(self) -> dict[str, str]:
        """{name, path or module, sha256}: what is stored with a run, a dataset version or scores."""
        return {"name": self.name, "path" if self.source.is_file else "module": self.source.text, "sha256": self.sha256}


_loaded: dict[Source, PlugIn] = {}
_named: list[Source] = []
_failed: set[str] = set()
# Streamlit's sessions are threads.
_lock = RLock()


def load_plugins(names: str | Iterable[str] | None = None, folder: Path | None = None) -> None:
    """Load plug-ins by a file's path or a module's name, after the inherited ones and the installed entry points.

    A relative path starts at `folder`, or at the working directory. What is loaded already is left alone, unless it is
    named and its file has changed. Raises UserError, one line, for a plug-in that is missing or fails; an entry point
    that fails is only warned of, since nobody asked for it.
    """
    with _lock:
        for inherited in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
            if Source(inherited) not in _loaded:
                _load_named(find_source(inherited))
        for entry in _entries():
            _load_entry(entry)
        for name in [names] if isinstance(names, str) else names or ():
            _load_named(find_source(name, folder))


@cache
def _entries() -> tuple[EntryPoint, ...]:
    # Looking through all that is installed takes a while.
    return tuple(entry_points(group=GROUP))


def loaded_plugins() -> list[PlugIn]:
    """The plug-ins of this process, in the order in which they were loaded."""
    return list(_loaded.values())


def named_plugins() -> list[str]:
    """The files and modules that were asked for; entry points are not among them."""
    return [source.text for source in _named]


def _load_named(source: Source) -> None:
    if source not in _loaded or (source.is_file and source.sha256() != _loaded[source].sha256):
        _load(source, Path(source.text).stem if source.is_file else source.text)
        if not _registered_by(source) and os.environ.get("RANK", "0") == "0":
            _warn(f'plug-in {source.text} registers nothing; a component is registered as by @REWARDS.register("name")')
    if source not in _named:
        _named.append(source)
        os.environ[VARIABLE] = os.pathsep.join(named_plugins())


def _load_entry(entry: EntryPoint) -> None:
    if Source(entry.module) in _loaded or entry.module in _failed:
        return
    try:
        _load(Source(entry.module), entry.name)
    except UserError as error:
        _failed.add(entry.module)
        _warn(f"{error} (entry point {entry.name} of {entry.dist.name if entry.dist else GROUP})")


def _load(source: Source, name: str) -> None:
    """Run the plug-in; a file that was loaded before gives way to what it is now. What fails leaves nothing behind."""
    if source in _loaded:
        _forget(source)
    digest = source.sha256()
    try:
        if source.is_file:
            digest = _run(source)
        else:
            importlib.import_module(source.module)
    except (Exception, SystemExit) as error:
        _forget(source)
        raise UserError(f"plug-in {_line_of(source, error)}: {_reason(error)}") from error
    _loaded[source] = PlugIn(name, source, digest)


def _run(source: Source) -> str:
    """Run a file as a module and return the sha256 of the very bytes: what Python compiled and kept may be older."""
    data = source.read()
    spec = importlib.util.spec_from_file_location(source.module, source.text)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[source.module] = module
    exec(compile(data, source.text, "exec", dont_inherit=True), vars(module))
    return hashlib.sha256(data).hexdigest()


def unload_plugins() -> None:
    """Forget every plug-in and what it registered, for tests and notebooks."""
    with _lock:
        for source in [*_loaded]:
            _forget(source)
        _named.clear()
        os.environ.pop(VARIABLE, None)


def _forget(source: Source) -> None:
    for registry, name in _registered_by(source):
        registry.remove(name)
    for module in [name for name in sys.modules if name == source.module or name.startswith(f"{source.module}.")]:
        del sys.modules[module]
    _loaded.pop(source, None)


def _registered_by(source: Source) -> list[tuple[Registry[Any], str]]:
    return [
        (registry, name) for registry in Registry.all for name, file in registry.added().items() if source.holds(file)
    ]


def _line_of(source: Source, error: BaseException) -> str:
    """The plug-in's own line on which an error came up."""
    if isinstance(error, SyntaxError) and error.filename and source.holds(error.filename):
        return f"{error.filename}, line {error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if source.holds(frame.filename)]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else source.text


def _reason(error: BaseException) -> str:
    if isinstance(error, UserError):
        return str(error)
    text = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _warn(text: str) -> None:
    print(f"eureka: warning: {text}", file=sys.stderr)
