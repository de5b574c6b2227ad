"""The image store: every byte kept, every bad picture named."""

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from workbench import images
from workbench.errors import UserError
from workbench.images import ImageError, ImageStore, inspect


def picture(mode: str = "RGB", size: tuple[int, int] = (8, 6), format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 0).save(buffer, format)
    return buffer.getvalue()


def test_content_addressed_and_stored_once(tmp_path: Path) -> None:
    store = ImageStore(tmp_path)
    data = picture()
    sha = store.put(data)
    assert sha == hashlib.sha256(data).hexdigest() == store.put(data)
    assert store.path(sha) == tmp_path / sha[:2] / f"{sha}.png"
    assert store.path(sha).read_bytes() == data
    assert sum(1 for p in tmp_path.rglob("*") if p.is_file()) == 1


@pytest.mark.parametrize(
    ("mode", "format"), [("CMYK", "JPEG"), ("P", "GIF"), ("1", "PNG"), ("LA", "PNG"), ("I;16", "PNG")]
)
def test_every_mode_opens_as_rgb(tmp_path: Path, mode: str, format: str) -> None:
    store = ImageStore(tmp_path)
    assert store.open(store.put(picture(mode, format=format))).mode == "RGB"


def test_transparency_becomes_white(tmp_path: Path) -> None:
    store = ImageStore(tmp_path)
    assert store.open(store.put(picture("RGBA"))).getpixel((0, 0)) == (255, 255, 255)


def test_broken_pictures_have_named_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = picture(size=(64, 64))
    cases = {
        b"": "empty_image",
        b"not a picture": "image_format_unknown",
        whole[: len(whole) // 2]: "image_undecodable",
    }
    for data, reason in cases.items():
        with pytest.raises(ImageError) as caught:
            inspect(data)
        assert caught.value.reason == reason
    monkeypatch.setattr(images, "MAX_PIXELS", 100)
    with pytest.raises(ImageError) as caught:
        inspect(picture(size=(11, 10)))
    assert caught.value.reason == "image_too_many_pixels"


@pytest.mark.slow
def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    buffer = io.BytesIO()
    Image.new("1", (50_000, 50_000)).save(buffer, "PNG")
    with pytest.raises(ImageError) as caught:
        inspect(buffer.getvalue())
    assert caught.value.reason == "image_too_many_pixels"


def test_a_missing_picture_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not in"):
        ImageStore(tmp_path).path("0" * 64)
