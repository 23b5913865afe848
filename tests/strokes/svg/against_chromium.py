"""Measures how far the strokes that `read_svg` returns lie from what Chromium draws, file by file.

    python tests/strokes/svg/against_chromium.py ../shared/data/svg --overlays overlays > table.txt

Chromium draws each file twice: as it is, and with fills off and hairline strokes on, so that outlines show where they
are filled, covered or thick. Three distances are given, each the largest, in pixels of a drawing 255 pixels large:

- off: from our strokes to what the original shows; more than a pixel means that we draw what is not there.
- beside: from our strokes to the outlines, or to the edges of the original (where a fill closes an open path).
- missing: from the outlines to our strokes; more than a pixel means that we leave something out: rightly so where it
  is a filled rectangle as large as the page, or a shape that has no paint until it is given a hairline stroke.

A pixel of the picture is about a quarter of these, so that 0.3 is as near as it gets. What hangs over the page, which
no browser shows, is left out. against_chromium.txt beside this file is the result.
"""

import argparse
import math
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import distance_transform_edt

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.prepare import CANVAS, bounds, resample
from sketchrnn_cli.strokes.svg import document
from sketchrnn_cli.strokes.svg.reader import read_svg
from sketchrnn_cli.strokes.svg.viewport import outermost_size, view_box

PICTURE = 1000
"""Larger side of a drawing in Chromium's picture, in pixels, about."""

LARGEST = 4000
"""Larger side of the picture itself."""

OUTLINES = """<style>
* { fill: none !important; stroke: black !important; stroke-width: %f !important; stroke-dasharray: none !important;
    vector-effect: non-scaling-stroke !important; stroke-linecap: round !important; marker: none !important }
text, image { display: none !important }
</style>"""

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
    "--default-background-color=00000000",
]


def screenshot(svg: bytes, size: tuple[int, int], zoom: int) -> np.ndarray:
    """Return Chromium's picture of an SVG, RGBA `[height · zoom, width · zoom, 4]`."""
    with tempfile.TemporaryDirectory() as folder:
        page, picture = Path(folder, "page.svg"), Path(folder, "picture.png")
        page.write_bytes(svg)
        subprocess.run(
            [
                *(shutil.which("chromium") or "chromium", *FLAGS, f"--user-data-dir={folder}/profile"),
                *(f"--screenshot={picture}", f"--window-size={size[0]},{size[1]}"),
                *(f"--force-device-scale-factor={zoom}", page.as_uri()),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )
        return np.asarray(Image.open(picture).convert("RGBA"))


def window(values: Mapping[str, str], high: np.ndarray) -> tuple[int, int]:
    """Return a window in which a drawing that reaches to `high` shows at its own size."""
    size = outermost_size(values)
    is_fixed = [not view_box(values) or "%" not in values.get(side, "%") for side in ("width", "height")]
    # Chromium paints no more than 87 pixels less than the window's height of some files.
    roomy = np.maximum(size, high + 2) + np.array([0, 100])
    # A side that is not fixed is the window's.
    width, height = np.where(is_fixed, roomy, size)
    return math.ceil(width), math.ceil(height)


def measure(path: Path, overlays: Path | None) -> tuple[float, float, float, int, int]:
    """Return off, beside, missing, strokes and points of a file."""
    source = path.read_bytes()
    lines = read_svg(path).polylines
    low, high = bounds(lines)
    values = document.parse(source).attrib
    size = window(values, high)
    zoom = max(1, round(min(PICTURE / (high - low).max(), LARGEST / max(size))))
    original = screenshot(source, size, zoom)
    cut = source.rindex(b"</svg>")
    outlined = screenshot(source[:cut] + (OUTLINES % (1.0 / zoom)).encode() + source[cut:], size, zoom)

    shown = original[..., 3] > 0
    outlines = outlined[..., 3] > 60
    wide = original.astype(int)
    edges = np.zeros_like(shown)
    edges[:-1] |= np.abs(np.diff(wide, axis=0)).max(axis=-1) > 32
    edges[:, :-1] |= np.abs(np.diff(wide, axis=1)).max(axis=-1) > 32

    points = np.concatenate([resample(line * zoom, 0.5) for line in lines])
    points = points[((points >= 0) & (points < outlines.shape[1::-1])).all(axis=1)]
    ours = np.zeros_like(shown)
    ours[tuple(points.astype(int).T[::-1])] = True
    sides = zip(("width", "height"), outermost_size(values), strict=True)
    page = [np.inf if "%" in values.get(name, "%") else side * zoom for name, side in sides]
    at = tuple(points[(points < page).all(axis=1)].astype(int).T[::-1])
    unit = CANVAS / ((high - low).max() * zoom)
    off = distance_transform_edt(~shown)[at].max() * unit
    beside = distance_transform_edt(~(outlines | edges))[at].max() * unit
    missing = distance_transform_edt(~ours)[outlines].max() * unit if outlines.any() else 0.0
    if overlays:
        picture = Image.alpha_composite(Image.new("RGBA", original.shape[1::-1], "white"), Image.fromarray(original))
        pen = ImageDraw.Draw(picture)
        for line in lines:
            pen.line([tuple(point) for point in (line * zoom).tolist()], fill="red", width=2)
        picture.convert("RGB").save(overlays / f"{path.stem}.png")
    return off, beside, missing, len(lines), sum(map(len, lines))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--overlays", type=Path, help="put pictures here: the original, our strokes over it in red")
    parser.add_argument("--only", default="", help="files whose name matches this expression")
    options = parser.parse_args()
    if options.overlays:
        options.overlays.mkdir(parents=True, exist_ok=True)
    print(f"{'file':72} strokes points    off beside missing")
    worst = []
    for path in sorted(options.folder.rglob("*.svg")):
        name = str(path.relative_to(options.folder))
        if not re.search(options.only, name):
            continue
        try:
            *distances, strokes, points = measure(path, options.overlays)
        except DataError as error:
            print(f"{name:72} {str(error).removeprefix(f'{path}: ')}")
            continue
        worst.append(distances)
        off, beside, missing = distances
        print(f"{name:72} {strokes:7} {points:6} {off:6.2f} {beside:6.2f} {missing:7.2f}", flush=True)
    print(f"{len(worst)} files; within a pixel of 255: {(np.array(worst) <= 1).all(axis=1).sum()}")
    version = subprocess.run(["chromium", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(version, file=sys.stdout)


if __name__ == "__main__":
    main()
