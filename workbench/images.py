"""The content-addressed image store: every picture once, named by the sha256 of its bytes as received."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from workbench.errors import UserError
from workbench.workspace import write_bytes

# Limits that keep one bad file from filling memory; real K12 scans stay far below both.
MAX_BYTES = 32 * 1024 * 1024
MAX_PIXELS = 64_000_000
SUFFIXES = {
    "PNG": "png",
    "JPEG": "jpg",
    "WEBP": "webp",
    "BMP": "bmp",
    "GIF": "gif",
    "TIFF": "tiff",
    "MPO": "jpg",
}


class ImageError(ValueError):
    """A picture that cannot be used. `reason` is a short code for rejected.jsonl and decisions."""

    def __init__(self, reason: str, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


@dataclass(frozen=True)
class ImageInfo:
    """Pixels wide and high, and Pillow's name of the format."""

    width: int
    height: int
    format: str


def inspect(data: bytes) -> ImageInfo:
    """Decode the picture fully, within limits.

    Raises ImageError with reason `empty_image`, `image_too_many_bytes`, `image_too_many_pixels`,
    `image_format_unknown` or `image_undecodable`.
    """
    if not data:
        raise ImageError("empty_image", "the file has no bytes")
    if len(data) > MAX_BYTES:
        raise ImageError("image_too_many_bytes", f"{len(data)} bytes, the limit is {MAX_BYTES}")
    try:
        with warnings.catch_warnings():
            # Our own limit speaks before Pillow's warning does.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                width, height, name = image.width, image.height, image.format or "?"
                if width * height > MAX_PIXELS:
                    raise ImageError(
                        "image_too_many_pixels",
                        f"{width}x{height}, the limit is {MAX_PIXELS} pixels",
                    )
                if name not in SUFFIXES:
                    raise ImageError(
                        "image_format_unknown",
                        f"{name}; known are {', '.join(sorted(SUFFIXES))}",
                    )
                image.load()
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        reason = "image_format_unknown" if isinstance(error, UnidentifiedImageError) else "image_too_many_pixels"
        raise ImageError(reason, str(error)) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, ImageError):
            raise
        # Pillow raises SyntaxError for broken PNG chunks and OSError for truncated data.
        raise ImageError("image_undecodable", str(error)) from error
    return ImageInfo(width, height, name)


class ImageStore:
    """Pictures under `images/ab/abcd….png`, found by their sha256 alone."""

    def __init__(self, root: Path):
        self.root = root

    def put(self, data: bytes) -> str:
        """Store the bytes unless they are there already; returns their sha256. Raises ImageError."""
        sha = hashlib.sha256(data).hexdigest()
        if self.find(sha) is None:
            info = inspect(data)
            write_bytes(self.root / sha[:2] / f"{sha}.{SUFFIXES[info.format]}", data)
        return sha

    def find(self, sha: str) -> Path | None:
        """The file of a sha256, or None."""
        for suffix in dict.fromkeys(SUFFIXES.values()):
            path = self.root / sha[:2] / f"{sha}.{suffix}"
            if path.exists():
                return path
        return None

    def path(self, sha: str) -> Path:
        """The file of a sha256; UserError if the store lacks it."""
        path = self.find(sha)
        if path is None:
            raise UserError(f"picture {sha} is not in {self.root}; import its dataset again")
        return path

    def open(self, sha: str) -> Image.Image:
        """The decoded picture in RGB; transparency is laid on white, as a page would show it."""
        with Image.open(self.path(sha)) as image:
            image.load()
            if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
                rgba = image.convert("RGBA")
                canvas = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
                canvas.alpha_composite(rgba)
                return canvas.convert("RGB")
            return image.convert("RGB")
