"""Opens a page without a browser and reads what it shows."""

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

MAIN = Path(__file__).parents[2] / "app" / "main.py"
# A page's first script imports the libraries, on a busy machine slowly.
PATIENCE_SECONDS = 300

OpenPage = Callable[..., AppTest]


def opened(page: str, query: dict[str, str | list[str]]) -> AppTest:
    """The page after its first run at this address."""
    test = AppTest.from_file(str(MAIN), default_timeout=PATIENCE_SECONDS)
    test.switch_page(f"views/{page}.py")
    test.query_params = query
    return test.run()


def html(test: AppTest) -> str:
    """All HTML that a page shows, with Streamlit's own messages."""
    shown = [element.proto.body for element in test.get("html")]
    return "\n".join([*shown, *(message.value for message in test.info)])
