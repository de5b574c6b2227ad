"""Drawing on a grid of 28-pixel cells, one for each image token of a Qwen2.5-VL model."""

import io
import random
from functools import cache

from PIL import Image, ImageDraw, ImageFont

CELL = 28
INK = (20, 20, 30)
PASTELS = [
    (255, 236, 179),
    (200, 230, 255),
    (210, 245, 210),
    (255, 215, 220),
    (230, 220, 255),
    (240, 240, 235),
]


def canvas(columns: int = 6, rows: int = 4) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A white picture of columns x rows cells and the pen to draw on it."""
    image = Image.new("RGB", (columns * CELL, rows * CELL), "white")
    return image, ImageDraw.Draw(image)


def pastel(rng: random.Random) -> tuple[int, int, int]:
    """A light colour on which dark digits are easily read."""
    return rng.choice(PASTELS)


def centre(column: float, row: float) -> tuple[float, float]:
    """The middle of a cell in pixels."""
    return (column + 0.5) * CELL, (row + 0.5) * CELL


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with Pillow, so that every machine draws the same."""
    return ImageFont.load_default(size)


def write(
    pen: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    size: int = 28,
    bold: bool = True,
) -> None:
    """Text centred on a point."""
    pen.text(
        at,
        text,
        fill=INK,
        font=_font(size),
        anchor="mm",
        stroke_width=0.5 if bold else 0,
    )


def write_number(pen: ImageDraw.ImageDraw, rng: random.Random, column: float, row: float, number: int) -> None:
    """A number in a cell, off its middle by at most two pixels a side."""
    x, y = centre(column, row)
    write(pen, (x + rng.randint(-2, 2), y + rng.randint(-2, 2)), str(number))


def row_columns(count: int) -> list[int]:
    """The cells of six that `count` objects in a row stand in."""
    return {2: [1, 4], 3: [0, 2, 4], 4: [0, 2, 3, 5]}[count]


def png(image: Image.Image) -> bytes:
    """The picture as PNG bytes, the same on every run."""
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
