"""The Curate page worked on as a curator does, with the keyboard and the mouse of a real browser."""

from pathlib import Path

import browser
import pytest
import small_workspace
from playwright.sync_api import Page, expect
from screenshots import settle

from workbench.annotations import DECISION, EDIT, NOTE, TAGS, Annotations
from workbench.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]


def test_a_curators_hour(page: Page, tmp_path: Path) -> None:
    workspace = small_workspace.build(tmp_path / "workspace")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    with browser.served(workspace.root, tmp_path / "server.log") as base:
        page.goto(f"{base}/curate?dataset=train@v001")
        expect(page.get_by_text("40 of 40 problems")).to_be_visible()
        settle(page)
        _click_a_bar(page)
        _judge_by_key(page, workspace)
        _write_by_key(page, workspace)
        _reject_all_by_key(page, workspace)
        _two_windows(page, base, workspace)
        _hostile_words_are_text(page, base, workspace)
    assert page.evaluate(f"window.{small_workspace.PAYLOAD_FLAG}") is None
    assert errors == []


def _click_a_bar(page: Page) -> None:
    """A click on the bar of the dropped ones, another on it takes the filter back."""
    chart = page.locator(".js-plotly-plot").first
    drop = chart.get_by_text("drop", exact=True)
    box = drop.bounding_box()
    assert box
    page.mouse.click(box["x"] + 60, box["y"] + box["height"] / 2)
    expect(page.get_by_text("8 of 40 problems")).to_be_visible()
    assert "decision=drop" in page.url
    settle(page)
    box = chart.get_by_text("drop", exact=True).bounding_box()
    assert box
    page.mouse.click(box["x"] + 60, box["y"] + box["height"] / 2)
    expect(page.get_by_text("40 of 40 problems")).to_be_visible()
    settle(page)


def _judge_by_key(page: Page, workspace: Workspace) -> None:
    said = Annotations(workspace)
    page.keyboard.press("o")
    expect(page.get_by_text("1 of 40", exact=True)).to_be_visible()
    settle(page)
    page.keyboard.press("a")
    expect(page.get_by_text("2 of 40", exact=True)).to_be_visible()
    settle(page)
    page.keyboard.press("2")
    expect(page.get_by_text("3 of 40", exact=True)).to_be_visible()
    assert [e.value["verdict"] for e in said.history(DECISION)] == ["accept", "reject"]
    settle(page)
    page.keyboard.press("u")
    expect(page.get_by_text("2 of 40", exact=True)).to_be_visible()
    settle(page)
    assert [e.value for e in said.holding(DECISION).values()] == [{"verdict": "accept", "reason": None}]
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("3 of 40", exact=True)).to_be_visible()
    settle(page)


def _write_by_key(page: Page, workspace: Workspace) -> None:
    """The letters of the words are keys of verdicts too; in a field they are letters."""
    said = Annotations(workspace)
    before = len(said.history(DECISION))
    page.keyboard.press("n")
    expect(page.get_by_label("Note", exact=True)).to_be_focused()
    page.keyboard.type("ax fun 12")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_label("Note", exact=True)).to_have_count(0)
    assert [e.value for e in said.holding(NOTE).values()] == ["ax fun 12"]
    settle(page)
    page.keyboard.press("t")
    expect(page.locator(".st-key-panel input").first).to_be_focused()
    page.keyboard.type("xa <b>bold</b>")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-panel")).to_have_count(0)
    assert [e.value for e in said.holding(TAGS).values()] == [["xa <b>bold</b>"]]
    settle(page)
    page.keyboard.press("e")
    expect(page.get_by_label("Question", exact=True)).to_be_focused()
    page.keyboard.press("End")
    page.get_by_label("Answer", exact=True).fill("42")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".st-key-panel")).to_have_count(0)
    assert [e.value for e in said.holding(EDIT).values()] == [{"answer": "42"}]
    expect(page.get_by_text("before the edit")).to_be_visible()
    assert len(said.history(DECISION)) == before
    settle(page)
    page.keyboard.press("b")
    expect(page.get_by_text("40 of 40 problems")).to_be_visible()
    expect(page.get_by_text("#xa <b>bold</b>")).to_be_visible()
    expect(page.get_by_text("= 42").first).to_be_visible()
    settle(page)


def _reject_all_by_key(page: Page, workspace: Workspace) -> None:
    said = Annotations(workspace)
    held = len(said.holding(DECISION))
    page.keyboard.press("Shift+X")
    expect(page.get_by_text("Reject all 40 problems that the filter shows (wrong_answer)?")).to_be_visible()
    settle(page)
    assert len(said.holding(DECISION)) == held
    page.keyboard.press("y")
    expect(page.get_by_text("rejected: wrong_answer").first).to_be_visible()
    assert len(said.holding(DECISION)) == 40
    settle(page)
    expect(page.get_by_role("button", name="Undo reject of 40")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="Undo edit")).to_be_visible()
    assert len(said.holding(DECISION)) == held
    settle(page)


def _two_windows(page: Page, base: str, workspace: Workspace) -> None:
    """Two curators judge at once; each sees the other's word, none is lost."""
    assert page.context.browser
    other = page.context.browser.new_page(viewport=page.viewport_size)
    other.set_default_timeout(browser.PATIENCE_MS)
    for window, place in ((page, "4"), (other, "5")):
        window.goto(f"{base}/curate?dataset=train@v001&stay=1")
        expect(window.get_by_text("40 of 40 problems")).to_be_visible()
        settle(window)
        window.locator("[class*=st-key-open-] button").nth(int(place)).click()
        expect(window.get_by_text(f"{int(place) + 1} of 40", exact=True)).to_be_visible()
        settle(window)
    for window in (page, other):
        window.keyboard.press("f")
    for window in (page, other):
        expect(window.get_by_role("cell", name="flag", exact=False).first).to_be_visible()
        settle(window)
    flagged = [e for e in Annotations(workspace).holding(DECISION).values() if e.value["verdict"] == "flag"]
    assert len({e.target for e in flagged}) == 2
    page.keyboard.press("b")
    expect(page.locator("[class*=st-key-card-]").get_by_text("flagged", exact=True)).to_have_count(2)
    other.close()


def _hostile_words_are_text(page: Page, base: str, workspace: Workspace) -> None:
    page.goto(f"{base}/curate?dataset=train@v001&text=eurekaPayloadRan")
    expect(page.get_by_text("1 of 40 problems")).to_be_visible()
    settle(page)
    page.keyboard.press("o")
    expect(page.get_by_text(small_workspace.SCRIPT).first).to_be_visible()
    settle(page)
    problem = page.url.split("problem=")[1].split("&")[0]
    words = f"{small_workspace.SCRIPT}{small_workspace.IMAGE}{small_workspace.REMOTE}"
    said = Annotations(workspace)
    said.add(DECISION, problem, {"verdict": "reject", "reason": words}, words)
    said.add(TAGS, problem, [words], words)
    said.add(NOTE, problem, words, words)
    said.add(EDIT, problem, {"question": f"eurekaPayloadRan {words}", "answer": words, "choices": [words, "2"]}, words)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for view in ("&view=grid", "&view=table", f"&problem={problem}"):
        page.goto(f"{base}/curate?dataset=train@v001&text=eurekaPayloadRan{view}")
        expect(page.get_by_text("1 of 1" if "problem" in view else "1 of 40 problems").first).to_be_visible()
        settle(page)
    expect(page.get_by_text(small_workspace.REMOTE).first).to_be_visible()
    assert not [url for url in asked if "remote.invalid" in url]
