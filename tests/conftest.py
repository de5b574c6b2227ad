"""What every test may ask for."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from workbench.demo import Outcome, Sizes, run_loop
from workbench.plugins import unload_plugins
from workbench.workspace import Workspace

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real problems for development; skips where they are not beside the checkout."""
    path = Path(os.environ.get("EUREKA_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; set EUREKA_SHARED_DATA to use some")
    return path


@pytest.fixture(autouse=True)
def no_plugins_left() -> Iterator[None]:
    """A test's plug-ins are gone after it."""
    yield
    unload_plugins()


@dataclass(frozen=True)
class SmallDemo:
    """What a small run of `eureka demo` left: its workspace, its outcome and what it printed."""

    workspace: Workspace
    outcome: Outcome
    printed: str


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> SmallDemo:
    """The whole loop once, small: 48 problems, two training steps, the real engine, learner and verifier."""
    from rich.console import Console

    workspace = Workspace(tmp_path_factory.mktemp("demo") / "workspace")
    console = Console(file=io.StringIO(), width=160)
    small = ("steps=2", "rollout.prompts_per_step=8", "evaluate.problems=16", "evaluate.every=2")
    outcome = run_loop(workspace, console, Sizes(train=48, heldout=24, overrides=small))
    return SmallDemo(workspace, outcome, console.file.getvalue())  # type: ignore[attr-defined]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, then those that start an engine, then those that need a browser."""
    items.sort(key=lambda item: 2 * bool(item.get_closest_marker("browser")) + bool(item.get_closest_marker("engine")))
