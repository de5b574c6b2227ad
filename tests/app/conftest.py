"""The small workspace that the page tests share; a test that writes gets a copy of its own."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from streamlit.testing.v1 import AppTest

from workbench.store import Store
from workbench.workspace import Workspace

# The helpers beside this file are plain modules; pytest's importlib mode would not find them.
sys.path.insert(0, str(Path(__file__).parent))

import browser
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


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a real browser. Without one the test skips, or fails where EUREKA_REQUIRE_BROWSER is set."""
    try:
        executable = browser.find()
    except browser.NoBrowser as error:
        if os.environ.get("EUREKA_REQUIRE_BROWSER"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=browser.FLAGS)
        opened = chromium.new_page(viewport={"width": 1440, "height": 950})
        opened.set_default_timeout(browser.PATIENCE_MS)
        expect.set_options(timeout=browser.PATIENCE_MS)
        yield opened
        chromium.close()
