"""The small workspace that the page tests share; a test that writes gets a copy of its own."""

import shutil
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from workbench.store import Store
from workbench.workspace import Workspace

# The helpers beside this file are plain modules; pytest's importlib mode would not find them.
sys.path.insert(0, str(Path(__file__).parent))

import opening
import small_workspace


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return small_workspace.build(tmp_path_factory.mktemp("pages") / "workspace")


@pytest.fixture
def workspace(built: Workspace, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(built.root, tmp_path / "workspace"))


@pytest.fixture(scope="session")
def store(built: Workspace) -> Store:
    return Store(built)


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> opening.OpenPage:
    """Opens a page of a workspace at an address: `open_page(workspace, "runs", run="x")`."""

    def opened(workspace: Workspace, page: str, **query: str | list[str]) -> AppTest:
        monkeypatch.setenv("EUREKA_WORKSPACE", str(workspace.root))
        monkeypatch.setenv("EUREKA_USER", "reviewer")
        return opening.opened(page, dict(query))

    return opened
