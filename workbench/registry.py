"""Find a plug-in (source, step, reward, loss, benchmark, …) by its name."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from workbench.errors import UserError

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to plug-ins of one kind; an unknown name's error lists the known ones."""

    def __init__(self, kind: str):
        self.kind = kind
        self._items: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator: file the function or class under `name`. Registering a name twice is a programming error."""

        def add(item: T) -> T:
            assert name not in self._items, f"two {self.kind}s are called {name}"
            self._items[name] = item
            return item

        return add

    def __getitem__(self, name: str) -> T:
        if name not in self._items:
            raise UserError(f"no {self.kind} is called {name!r}; there are {', '.join(sorted(self._items))}")
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._items))
