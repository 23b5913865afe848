"""Draw antialiased strokes into an array of pixels, without a system library."""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from sketchrnn_cli.drawing.layout import Line, Picture
from sketchrnn_cli.drawing.style import TRANSPARENT
from sketchrnn_cli.drawing.timing import stroke_lengths

PIECE_PIXELS = 48.0
"""Longer segments are cut, since the cost of one grows with its bounding box."""

SHADES = 15
"""Levels of antialiasing: as smooth to the eye as 255, with a small palette."""


def new_page(picture: Picture) -> np.ndarray:
    """Return uint8 `[height, width, channels]` with background and captions.

    Three channels, or four premultiplied by alpha (Pillow's mode "RGBa") if the background is transparent.
    """
    style = picture.style
    size = (picture.width, picture.height)
    transparent = style.background == TRANSPARENT
    page = Image.new("RGBA", size) if transparent else Image.new("RGB", size, style.background)
    if picture.captions:
        pencil = ImageDraw.Draw(page)
        font = ImageFont.load_default(style.font_size)
        for caption in picture.captions:
            anchor = {"start": "ls", "middle": "ms", "end": "rs"}[caption.anchor]
            pencil.text((caption.x, caption.y), caption.text, fill=style.color, font=font, anchor=anchor)
    return np.array(page.convert("RGBa") if transparent else page)


def draw(picture: Picture) -> np.ndarray:
    """Return the finished picture, with the channels of `new_page`."""
    page = new_page(picture)
    for lines in picture.cells:
        pen = Pen(page, lines, picture)
        pen.advance(pen.length)
    return page


class Pen:
    """Draws strokes incrementally: `advance` continues to a given length.

    A stroke's coverage is kept apart from the page beneath it, so that overlaps within it are not blended twice.
    """

    def __init__(self, page: np.ndarray, lines: Sequence[Line], picture: Picture):
        self.page = page
        # A thinner pen would leave gaps
        self.radius = max(picture.style.pen_width, 1.0) / 2
        self.lines = deque(lines)
        self.lengths = deque(stroke_lengths(lines, picture))
        self.length = sum(self.lengths)
        self.behind = 0.0  # pixels of finished strokes
        self.drawn = 0.0  # pixels of the current stroke
        self.down = False

    def advance(self, length: float) -> None:
        """Draw up to `length` pixels from the start of the first stroke."""
        while self.lines and length > self.behind:
            if not self.down:
                self._put_down(self.lines[0])
            total = self.lengths[0]
            self._draw(min(length - self.behind, total))
            # Tolerate rounding in the sum of lengths
            if length < self.behind + total - 1e-3:
                return
            self._draw(total)
            self.behind += total
            self.lines.popleft()
            self.lengths.popleft()
            self.down = False

    def _put_down(self, line: Line) -> None:
        low = np.maximum(np.floor(line.points.min(axis=0) - self.radius - 1), 0).astype(int)
        high = np.ceil(line.points.max(axis=0) + self.radius + 2).astype(int)
        self.target = self.page[low[1] : high[1], low[0] : high[0]]
        self.beneath = self.target.astype(np.float32)
        self.covered = np.zeros(self.target.shape[:2], dtype=np.float32)
        self.ink = np.array([*ImageColor.getrgb(line.color), 255][: self.page.shape[2]], dtype=np.float32)
        self.points = line.points - low
        self.traveled = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line.points, axis=0).T))])
        self.drawn = 0.0
        self.down = True

    def _draw(self, length: float) -> None:
        """Draw the current stroke up to `length` pixels from its start."""
        between = self.traveled[(self.traveled > self.drawn) & (self.traveled < length)]
        stations = np.unique(np.concatenate([np.arange(self.drawn, length, PIECE_PIXELS), between, [length]]))
        path = np.stack([np.interp(stations, self.traveled, axis) for axis in self.points.T], axis=1)
        for start, end in pairwise(path):
            self._draw_piece(start, end)
        self.drawn = length

    def _draw_piece(self, start: np.ndarray, end: np.ndarray) -> None:
        reach = self.radius + 1
        left, top = np.maximum(np.floor(np.minimum(start, end) - reach), 0).astype(int)
        right, bottom = np.ceil(np.maximum(start, end) + reach).astype(int)
        box = (slice(top, bottom), slice(left, right))
        covered = self.covered[box]
        # Pixel centers lie at half pixels
        x = np.arange(left, left + covered.shape[1]) + 0.5 - start[0]
        y = np.arange(top, top + covered.shape[0])[:, None] + 0.5 - start[1]
        along, across = end - start
        squared = along**2 + across**2
        nearest = np.clip((x * along + y * across) / squared, 0.0, 1.0) if squared else 0.0
        distance = np.hypot(x - nearest * along, y - nearest * across)
        cover = np.rint(np.clip(self.radius + 0.5 - distance, 0.0, 1.0) * SHADES) / SHADES
        np.maximum(covered, cover, out=covered)
        beneath = self.beneath[box]
        self.target[box] = np.rint(beneath + (self.ink - beneath) * covered[..., None])
