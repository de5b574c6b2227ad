"""Find a component (source, step, reward, loss, benchmark, …) by its name, with the settings it brings."""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from workbench.command_line.import_path import PACKAGES
from workbench.errors import UserError

if TYPE_CHECKING:
    from pydantic import BaseModel

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to components of one kind; an unknown name's error lists the known ones."""

    # Every registry of this process, in the order in which they were made.
    all: ClassVar[list["Registry[Any]"]] = []

    def __init__(self, kind: str, package: str | None = None):
        """`package` is imported once a name is asked for that is not known yet: its modules register themselves."""
        self.kind = kind
        self._package = package
        self._items: dict[str, T] = {}
        self._settings: dict[str, type[BaseModel]] = {}
        self._origins: dict[str, str] = {}
        Registry.all.append(self)

    def register(
        self, name: str, settings: "type[BaseModel] | None" = None, by: Callable[..., Any] | None = None
    ) -> Callable[[T], T]:
        """Decorator: file the function or class under `name`.

        A function that comes with `settings`, a pydantic model, takes an instance of it as its last argument. `by` is
        a function of the code that brings the component, where that is not the caller. Raises UserError if the name is
        taken.
        """
        origin = _origin(sys._getframe(1).f_globals if by is None else by.__globals__)

        def add(item: T) -> T:
            if name in self._items:
                raise UserError(
                    f"the {self.kind} {name!r} is registered twice, by {self._origins[name]} and by {origin}; give the "
                    "second another name"
                )
            self._items[name] = item
            self._origins[name] = origin
            if settings is not None:
                self._settings[name] = settings
            return item

        return add

    def added(self) -> dict[str, str]:
        """The components from outside our packages: name → file."""
        return {name: origin for name, origin in self._origins.items() if origin.partition(".")[0] not in PACKAGES}

    def remove(self, name: str) -> None:
        """Forget a component, as if it had never been registered."""
        del self._items[name], self._origins[name]
        self._settings.pop(name, None)

    def settings(self, name: str) -> "type[BaseModel] | None":
        """The settings that the component takes, or None."""
        return self._settings.get(name)

    def bind(self, name: str, settings: "BaseModel | None") -> Callable[..., Any]:
        """The component, a function, with its settings given."""
        function: Any = self[name]
        return function if settings is None else partial(function, settings=settings)

    @property
    def plural(self) -> str:
        return f"{self.kind}es" if self.kind.endswith("s") else f"{self.kind}s"

    def _load(self) -> None:
        if self._package is not None:
            importlib.import_module(self._package)

    def __getitem__(self, name: str) -> T:
        if name not in self._items:
            self._load()
        if name not in self._items:
            raise UserError(f"no {self.kind} is called {name!r}; there are {', '.join(sorted(self._items))}")
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        if name not in self._items:
            self._load()
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(sorted(self._items))


def _origin(module: Mapping[str, Any]) -> str:
    """Where a module's globals were written: our modules by their names, others by their files."""
    name = str(module.get("__name__"))
    return name if name.partition(".")[0] in PACKAGES else str(module.get("__file__", name))
