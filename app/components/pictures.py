"""Pictures, which come from the content store only."""

import io

import streamlit as st
from PIL import Image, ImageOps

from app.components import data, text
from workbench.errors import UserError

THUMBNAIL = (360, 240)
FULL = (1400, 1400)


@st.cache_data(show_spinner=False, max_entries=500)
def _png(root: str, sha: str, size: tuple[int, int]) -> bytes:
    picture = data.images().open(sha)
    picture.thumbnail(size)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


@st.cache_data(show_spinner=False, max_entries=500)
def _on_canvas(root: str, sha: str) -> bytes:
    """The thumbnail in the middle of a canvas of one size, so that the cards of a grid line up."""
    picture = Image.open(io.BytesIO(_png(root, sha, THUMBNAIL)))
    # Small figures are shown at up to twice their size.
    picture = ImageOps.contain(picture, (min(THUMBNAIL[0], 2 * picture.width), min(THUMBNAIL[1], 2 * picture.height)))
    canvas = Image.new("RGB", THUMBNAIL, "white")
    canvas.paste(picture, ((THUMBNAIL[0] - picture.width) // 2, (THUMBNAIL[1] - picture.height) // 2))
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG")
    return buffer.getvalue()


def _blank() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", THUMBNAIL, "#f2f2f2").save(buffer, "PNG")
    return buffer.getvalue()


def thumbnail(sha: str | None) -> None:
    """The picture of a grid's card; a grey one for a problem without a picture or whose file is gone."""
    try:
        content = _on_canvas(str(data.images().root), sha) if sha else _blank()
    except (UserError, OSError):
        content = _blank()
    st.image(content, width="stretch", alt="picture of the problem" if sha else "no picture")


def full(shas: list[str]) -> None:
    """All pictures of a problem, each at most 1400 pixels wide; a missing one is named."""
    if not shas:
        text.note("no picture")
    for sha in shas:
        try:
            st.image(_png(str(data.images().root), sha, FULL), alt="picture of the problem")
        except (UserError, OSError) as error:
            text.note(f"{error}")
