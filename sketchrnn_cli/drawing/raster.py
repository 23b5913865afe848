"""Write pictures as PNG, with Cairo if its system library is installed, else with `pen`."""

import math
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from sketchrnn_cli.drawing import svg
from sketchrnn_cli.drawing.layout import Picture
from sketchrnn_cli.drawing.style import TRANSPARENT
from sketchrnn_cli.errors import DrawingError
from sketchrnn_cli.strokes.svg import MARK

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

WITHOUT_CAIRO = (
    "Cairo's system library was not found, so the PNG was drawn without it (plainer captions). "
    "To install it: 'apt install libcairo2' on Debian, 'brew install cairo' on macOS, "
    "the GTK runtime (github.com/tschoonj/GTK-for-Windows-Runtime-Environment-Installer) on Windows."
)


HEADER_BYTES = 8 + 25
"""The signature and the first chunk."""

MAX_SIDE_PIXELS = 32767
"""Cairo's limit."""

MAX_PIXELS = 100_000_000
"""0.45 GB of memory with Cairo, 1.2 GB without."""


def marked() -> "PngInfo":
    """Return the text that says in our PNG files who drew them: so a folder's scans are told from them."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Description", MARK)
    return info


def with_mark(png: bytes) -> bytes:
    """Return a PNG with the text of `marked` after its header, a chunk of always 25 bytes."""
    body = b"tEXtDescription\0" + MARK.encode()
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return png[:HEADER_BYTES] + chunk + png[HEADER_BYTES:]


def check_pixels(picture: Picture) -> None:
    """Refuse a picture that Cairo or memory cannot hold.

    Raises:
        DrawingError: it has too many pixels; the message names the size that fits.
    """
    width, height = picture.width, picture.height
    factor = min(MAX_SIDE_PIXELS / max(width, height), math.sqrt(MAX_PIXELS / (width * height)))
    if factor < 1:
        fits = max(1, int(0.99 * factor * picture.style.size))  # Sides are rounded up, and labels have a least height.
        raise DrawingError(f"{width} × {height} pixels are too many for a PNG: size {fits} fits, and .svg has no limit")


def write_png(picture: Picture, path: Path) -> str | None:
    """Write the picture as PNG.

    Returns:
        A note for the user if Cairo is missing, else None.

    Raises:
        DrawingError: the picture has too many pixels.
    """
    check_pixels(picture)
    try:
        import cairosvg
    except OSError:  # cairocffi raises it if it finds no shared library
        from PIL import Image

        from sketchrnn_cli.drawing import pen

        page = pen.draw(picture)
        if picture.style.background == TRANSPARENT:
            Image.frombytes("RGBa", (picture.width, picture.height), page).convert("RGBA").save(path, pnginfo=marked())
        else:
            Image.fromarray(page).save(path, pnginfo=marked())
        return WITHOUT_CAIRO
    path.write_bytes(with_mark(cairosvg.svg2png(bytestring=svg.render(picture).encode())))
    return None
