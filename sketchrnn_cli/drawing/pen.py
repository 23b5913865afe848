"""Draw antialiased strokes into an array of pixels, piece by piece, without any system library."""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from sketchrnn_cli.drawing.layout import Line, Picture

PIECE = 48.0
"""Pixels: longer pieces of a line are cut, since the work of one grows with its bounding box."""

SHADES = 15
"""Steps from the page to the ink on a stroke's edge: as smooth to the eye as 255, and a small palette."""


def new_page(picture: Picture) -> np.ndarray:
    """Return uint8 `[height, width, 4]`, premultiplied by alpha: the background and the captions."""
    background = (0, 0, 0, 0) if picture.background is None else ImageColor.getcolor(picture.background, "RGBA")
    page = Image.new("RGBA", (picture.width, picture.height), background)
    if picture.captions:
        pencil = ImageDraw.Draw(page)
        font = ImageFont.load_default(picture.font_size)
        for caption in picture.captions:
            anchor = {"start": "ls", "middle": "ms", "end": "rs"}[caption.anchor]
            pencil.text((caption.x, caption.y), caption.text, fill=picture.ink, font=font, anchor=anchor)
    return np.array(page.convert("RGBa"))


def draw(picture: Picture) -> np.ndarray:
    """Return the whole picture as uint8 `[height, width, 4]`, premultiplied by alpha."""
    page = new_page(picture)
    for lines in picture.cells:
        pen = Pen(page, lines, picture.stroke_width)
        pen.advance(pen.length)
    return page


class Pen:
    """A pen on its way over a page, along one stroke after the other: `advance` draws on, up to a given length.

    What a stroke covers is kept beside what lay beneath it, so that it never covers itself twice.
    """

    def __init__(self, page: np.ndarray, lines: Sequence[Line], width: float):
        self.page = page
        self.radius = max(width, 1.0) / 2
        self.lines = deque(lines)
        self.lengths = deque(self._length(line) for line in lines)
        self.length = sum(self.lengths)
        """Pixels of all strokes."""
        self.behind = 0.0  # pixels of the strokes that are finished
        self.drawn = 0.0  # pixels of the stroke in hand
        self.down = False

    def _length(self, line: Line) -> float:
        # A dot takes the time of a line as long as the pen is wide
        return float(_steps(line.points).sum()) or 2 * self.radius

    def advance(self, length: float) -> None:
        """Draw from where the pen is to `length` pixels from the first stroke's beginning."""
        while self.lines and length > self.behind:
            if not self.down:
                self._put_down(self.lines[0])
            whole = self.lengths[0]
            self._draw(min(length - self.behind, whole))
            # The sum of lengths may miss the total by a rounding error: a thousandth of a pixel is no rest
            if length < self.behind + whole - 1e-3:
                return
            self._draw(whole)
            self.behind += whole
            self.lines.popleft()
            self.lengths.popleft()
            self.down = False

    def _put_down(self, line: Line) -> None:
        low = np.maximum(np.floor(line.points.min(axis=0) - self.radius - 1), 0).astype(int)
        high = np.ceil(line.points.max(axis=0) + self.radius + 2).astype(int)
        self.target = self.page[low[1] : high[1], low[0] : high[0]]
        self.beneath = self.target.astype(np.float32)
        self.covered = np.zeros(self.target.shape[:2], dtype=np.float32)
        red, green, blue, alpha = ImageColor.getcolor(line.color, "RGBA")
        self.ink = np.array([red, green, blue, 255], dtype=np.float32)
        self.opacity = alpha / 255
        self.points = line.points - low
        self.travelled = np.concatenate([[0.0], np.cumsum(_steps(line.points))])
        self.drawn = 0.0
        self.down = True

    def _draw(self, length: float) -> None:
        """Draw the stroke in hand up to `length` pixels from its own beginning."""
        between = self.travelled[(self.travelled > self.drawn) & (self.travelled < length)]
        stations = np.unique(np.concatenate([np.arange(self.drawn, length, PIECE), between, [length]]))
        path = np.stack([np.interp(stations, self.travelled, axis) for axis in self.points.T], axis=1)
        for start, end in pairwise(path):
            self._draw_piece(start, end)
        self.drawn = length

    def _draw_piece(self, start: np.ndarray, end: np.ndarray) -> None:
        reach = self.radius + 1
        left, top = np.maximum(np.floor(np.minimum(start, end) - reach), 0).astype(int)
        right, bottom = np.ceil(np.maximum(start, end) + reach).astype(int)
        box = (slice(top, bottom), slice(left, right))
        covered = self.covered[box]
        # Pixel centres lie at half pixels
        x = np.arange(left, left + covered.shape[1]) + 0.5 - start[0]
        y = np.arange(top, top + covered.shape[0])[:, None] + 0.5 - start[1]
        along, across = end - start
        squared = along**2 + across**2
        nearest = np.clip((x * along + y * across) / squared, 0.0, 1.0) if squared else 0.0
        distance = np.hypot(x - nearest * along, y - nearest * across)
        cover = np.rint(np.clip(self.radius + 0.5 - distance, 0.0, 1.0) * SHADES) / SHADES
        np.maximum(covered, cover, out=covered)
        beneath = self.beneath[box]
        self.target[box] = np.rint(beneath + (self.ink - beneath) * covered[..., None] * self.opacity)


def _steps(points: np.ndarray) -> np.ndarray:
    return np.hypot(*np.diff(points, axis=0).T)
