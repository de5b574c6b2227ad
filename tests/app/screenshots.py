"""Take the README's pictures of the pages: `python tests/app/screenshots.py --workspace W --out app/screenshots`."""

import argparse
import io
from pathlib import Path

from browser import FLAGS, PATIENCE_MS, find, served
from PIL import Image
from playwright.sync_api import Page, sync_playwright

SIZE = {"width": 1200, "height": 780}
PAGES = ("curate", "runs", "rollouts", "aha", "experiments", "benchmarks")
COLORS = 256


def settle(page: Page) -> None:
    """Wait until the page's script has run and what it drew stands still."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_timeout(1500)


def take(base: str, out: Path, executable: str) -> list[Path]:
    """One PNG a page, one of a problem and one of a rollout group; returns the files."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = chromium.new_page(viewport=SIZE)
        page.set_default_timeout(PATIENCE_MS)
        for name in PAGES:
            page.goto(f"{base}/{name}")
            settle(page)
            made.append(_save(page, out / f"{name}.png"))
            if name == "curate" and page.get_by_role("button", name="Open the first").is_enabled():
                page.get_by_role("button", name="Open the first").click()
                page.get_by_role("button", name="Back to the list").wait_for()
                settle(page)
                made.append(_save(page, out / "problem.png"))
            if name == "rollouts" and page.get_by_role("button", name="Read", exact=True).count():
                page.get_by_role("button", name="Read", exact=True).first.click()
                page.get_by_text("answer 0").wait_for()
                settle(page)
                made.append(_save(page, out / "group.png"))
        chromium.close()
    return made


def _save(page: Page, path: Path) -> Path:
    """A palette PNG: a page has few colors, and the file is a quarter of the size."""
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.quantize(COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("app/screenshots"))
    arguments = parser.parse_args()
    with served(arguments.workspace, Path("/dev/null")) as base:
        for path in take(base, arguments.out, find()):
            print(f"{path}  {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
