"""What a plug-in's name stands for: a Python file, or a module that can be imported."""

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workbench.errors import UserError


@dataclass(frozen=True)
class Source:
    """Where a plug-in's code is. `text` is a file's absolute path or a module's name, the same in every process."""

    text: str

    @property
    def is_file(self) -> bool:
        return self.text.endswith(".py")

    @property
    def module(self) -> str:
        """The name in `sys.modules`, by which other processes find what was pickled here."""
        if not self.is_file:
            return self.text
        return f"eureka_plugin_{Path(self.text).stem}_{hashlib.sha256(self.text.encode()).hexdigest()[:8]}"

    @cached_property
    def root(self) -> Path:
        """The file that holds all the code, or a package's folder. UserError for a module that is not there."""
        if self.is_file:
            return Path(self.text)
        try:
            spec = importlib.util.find_spec(self.text)
        except ModuleNotFoundError:
            spec = None
        except Exception as error:  # a package is imported to find its modules
            raise UserError(f"plug-in {self.text}: {type(error).__name__}: {error}") from error
        if spec is None:
            raise UserError(
                f"no plug-in module {self.text}; install it or name its folder in PYTHONPATH, and give a file with its "
                f"ending, as {self.text}.py"
            )
        if spec.submodule_search_locations:
            return Path(next(iter(spec.submodule_search_locations)))
        return Path(spec.origin or self.text)

    def holds(self, file: str) -> bool:
        """Whether a file is the plug-in's own."""
        return Path(file) == self.root or Path(file).is_relative_to(self.root)

    def files(self) -> list[Path]:
        """The file, or all files of a package but compiled ones."""
        if not self.root.is_dir():
            return [self.root]
        return [path for path in sorted(self.root.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]

    def sha256(self) -> str:
        """Of a file's bytes; of a package: of the names and bytes of its files."""
        if not self.root.is_dir():
            return hashlib.sha256(self.read()).hexdigest()
        digest = hashlib.sha256()
        for path in self.files():
            digest.update(f"{path.relative_to(self.root)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def read(self) -> bytes:
        """The bytes of a file. UserError where it cannot be read."""
        try:
            return self.root.read_bytes()
        except OSError as error:
            raise UserError(f"no plug-in {self.text} ({error.strerror})") from error


def find_source(name: str, folder: Path | None = None) -> Source:
    """The source that a name stands for: NAME.py is a file, else a module. A relative path starts at `folder`.

    Raises UserError for a file that is missing, and for a path that is not a .py file's.
    """
    if not name.endswith(".py") and os.sep not in name:
        return Source(name)
    path = ((folder or Path()) / Path(name).expanduser()).resolve()
    if path.suffix != ".py" or path.is_dir():
        raise UserError(f"plug-in {name} is not a .py file; of a package give the name, not the folder")
    if not path.is_file():
        raise UserError(f"no plug-in file {path}; give a .py file, or the name of a module")
    if os.pathsep in str(path):
        raise UserError(f"plug-in {path}: a path with {os.pathsep!r} cannot be handed to other processes; rename it")
    return Source(str(path))
