"""The pages in a real browser, opened by `eureka app` and clicked through as a user does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browser
import pytest
import small_workspace
from playwright.sync_api import Page, expect
from screenshots import settle

from workbench.annotations import REFLECTION, Annotations
from workbench.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return small_workspace.build(tmp_path_factory.mktemp("browser") / "workspace")


@pytest.fixture(scope="module")
def base(workspace: Workspace) -> Iterator[str]:
    with browser.served(workspace.root, workspace.root.parent / "server.log") as address:
        yield address


def go(page: Page, name: str) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text=name).click()


def test_all_five_pages(page: Page, base: str, workspace: Workspace) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    page.goto(base)
    expect(page.get_by_text("40 of 40 problems")).to_be_visible()
    expect(page.get_by_text("drop: too_easy").first).to_be_visible()
    page.get_by_label("Search", exact=True).fill("eurekaPayloadRan")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 40 problems")).to_be_visible()
    # The cards of the list before stand there until the page's script has ended.
    expect(page.locator("[class*=st-key-open-]")).to_have_count(1)
    settle(page)
    page.locator("[class*=st-key-open-] button").click()
    expect(page.get_by_text("gold answer")).to_be_visible()
    expect(page.get_by_text(small_workspace.SCRIPT).first).to_be_visible()
    expect(page.locator("img[alt='picture of the problem']").first).to_be_visible()

    go(page, "Runs")
    expect(page.get_by_text("step 6 of 6")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()

    go(page, "Rollouts")
    expect(page.get_by_text("4 groups")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Read", exact=True).first.click()
    expect(page.get_by_text("answer 3", exact=True)).to_be_visible()
    expect(page.get_by_text(small_workspace.IMAGE).first).to_be_visible()
    expect(page.locator("mark.cue").first).to_be_visible()
    page.get_by_role("button", name="True", exact=True).first.click()
    expect(page.get_by_text("reflection: true, said")).to_be_visible()
    [event] = Annotations(workspace).history(REFLECTION)
    assert event.value == "true"
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export this group (JSONL)").click()
    exported = Path(download.value.path()).read_text()
    assert len(exported.splitlines()) == 4 and '"reflection_label": "true"' in exported
    address = page.url
    page.get_by_text("Problem, decisions and source row in Curate").click()
    expect(page.get_by_role("heading", name="Decisions")).to_be_visible()

    go(page, "Aha")
    expect(page.get_by_text("difference, same prompt")).to_be_visible()
    expect(page.get_by_text("of 1 labelled")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(3)

    go(page, "Benchmarks")
    expect(page.get_by_role("cell", name="trained")).to_be_visible()
    page.get_by_text("published", exact=True).click()
    expect(page.get_by_role("cell", name="MM-Eureka-Qwen-7B")).to_be_visible()

    # The group's address opens it in another session, with the label that was given.
    page.goto(address)
    expect(page.get_by_text("reflection: true, said")).to_be_visible()

    assert page.evaluate(f"window.{small_workspace.PAYLOAD_FLAG}") is None
    assert errors == []
    # No text from outside and no page of ours makes the browser ask anyone else.
    assert {url for url in asked if not url.startswith((base, "data:", "blob:"))} == set()


def test_the_pages_show_what_the_demo_left(page: Page, small_demo: Any, tmp_path: Path) -> None:
    """The same five pages on the tables that the real loop wrote."""
    with browser.served(small_demo.workspace.root, tmp_path / "server.log") as address:
        page.goto(f"{address}/curate?dataset=demo-train@v001")
        expect(page.get_by_text("48 of 48 problems")).to_be_visible()
        expect(page.locator("img[alt='picture of the problem']").first).to_be_visible()
        go(page, "Runs")
        expect(page.get_by_text("step 2 of 2")).to_be_visible()
        go(page, "Rollouts")
        expect(page.get_by_text("8 groups")).to_be_visible()
        page.get_by_role("button", name="Read", exact=True).first.click()
        expect(page.get_by_text("answer 3", exact=True)).to_be_visible()
        go(page, "Aha")
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
        go(page, "Benchmarks")
        expect(page.get_by_role("cell", name="demo@last").first).to_be_visible()
