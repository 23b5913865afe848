"""The lines of an SVG on their way to polylines: without background, clipped by viewports, clip paths and masks."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.svg.clipping import MAX_CROSSINGS, Clip, Region, crossings, cut_lines, cut_shape
from sketchrnn_cli.strokes.svg.curves import flatten
from sketchrnn_cli.strokes.svg.viewport import Frame, Size, cut

MAX_CLIPPED_LINES = 30_000
"""Clipping by inner viewports, counted once per line and viewport."""

MAX_COMPARISONS = 20_000_000
"""Of white lines with filled shapes; beyond it all lines are kept."""


class Line(NamedTuple):
    """A subpath that is drawn."""

    curves: np.ndarray
    """In units of the outermost viewport, `[curves, 4, 2]`."""
    frames: tuple[Frame, ...]
    is_filled: bool
    """Whether it is the outline of a shape that is filled but not stroked."""
    is_page: bool
    """Whether it is a filled rectangle without a stroke that covers the whole picture: background, not drawing."""
    is_white: bool
    """Whether its stroke is white, and its fill, if any."""
    is_covering: bool
    """Whether it has a fill other than white."""
    clips: tuple[Clip, ...]
    """Clip paths and masks that apply."""
    shape: int
    """Number of its element."""
    is_even_odd: bool
    """The fill rule of its element."""


def ink(lines: list[Line], has_background: bool) -> list[Line]:
    """Return the visible lines: neither background nor white on white; the white ones if there are no others.

    White may be visible on another filled shape below, so it is kept where their bounding boxes overlap.
    """
    first = next((number for number, line in enumerate(lines) if not line.is_page), len(lines))
    pages, drawn = lines[:first], lines[first:]
    is_white_paper = not has_background and not any(line.is_covering for line in pages)
    covers = [number for number, line in enumerate(drawn) if line.is_covering]
    if is_white_paper and len(covers) * len(drawn) < MAX_COMPARISONS:
        boxes = [(line.curves.min(axis=(0, 1)), line.curves.max(axis=(0, 1))) for line in drawn]
        low = np.array([boxes[number][0] for number in covers]).reshape(-1, 2)
        high = np.array([boxes[number][1] for number in covers]).reshape(-1, 2)
        drawn = [
            line
            for number, (line, (least, greatest)) in enumerate(zip(drawn, boxes, strict=True))
            if not line.is_white
            or ((low <= greatest).all(axis=1) & (high >= least).all(axis=1))[: np.searchsorted(covers, number)].any()
        ]
    return drawn or lines[first:]


def is_page(curves: np.ndarray, page: Size) -> bool:
    """Return whether closed curves `[curves, 4, 2]` are a rectangle around the whole picture.

    A shape that merely touches all four sides, such as a round icon, fills less of its bounding box.
    """
    points = curves.reshape(-1, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    if (low > 0.5).any() or (high < np.array(page) - 0.5).any():
        return False
    x, y = (points - low).T
    area = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    return bool(area >= 0.99 * np.prod(high - low))


def polylines(lines: Sequence[Line], tolerance: float, ignored: dict[str, None]) -> list[tuple[np.ndarray, bool]]:
    """Return the visible part of each line, and whether it is only filled."""
    if sum(len(line.frames) for line in lines) > MAX_CLIPPED_LINES:
        raise DataError(f"more than {MAX_CLIPPED_LINES} lines in nested viewports; a sketch has fewer")
    flat = flatten([line.curves for line in lines], tolerance)
    side = float(np.ptp(np.concatenate(flat), axis=0).max()) if flat else 0.0
    cutter = _Cutter(tolerance, 2 * tolerance * side, ignored)
    polylines: list[tuple[np.ndarray, bool]] = []
    for _, group in groupby(zip(flat, lines, strict=True), key=lambda pair: (pair[1].shape, pair[1].is_filled)):
        outlines, drawn = zip(*group, strict=True)
        pieces = cutter.cut(outlines, drawn[0]) if drawn[0].clips else outlines
        for frame in drawn[0].frames:
            pieces = [part for piece in pieces for part in cut(piece, frame)]
        polylines += [(piece, drawn[0].is_filled) for piece in pieces]
    return polylines


class _Cutter:
    """Clips by clip paths and masks within a limit, and draws the outline of a region only once."""

    def __init__(self, tolerance: float, slack: float, ignored: dict[str, None]):
        self.ignored = ignored
        self.tolerance = tolerance
        self.slack = max(slack, 1e-12)
        self.crossings = 0
        self.drawn: set[bytes] = set()
        self.regions: dict[int, Region] = {}

    def cut(self, outlines: Sequence[np.ndarray], line: Line) -> list[np.ndarray]:
        """Return the visible parts of the subpaths of one element; unclipped, with a note, beyond the limit."""
        regions = [self.region(clip) for clip in line.clips]
        self.crossings += crossings(outlines, regions)
        if self.crossings > MAX_CROSSINGS:
            self.ignored["clip-path"] = None
            return list(outlines)
        if not line.is_filled:
            return cut_lines(outlines, regions, self.slack)
        pieces = cut_shape(Region(outlines, line.is_even_odd), regions, self.slack)
        fresh = [piece for piece in pieces if np.round(piece / self.slack).tobytes() not in self.drawn]
        self.drawn |= {np.round(piece / self.slack).tobytes() for piece in pieces}
        return fresh

    def region(self, clip: Clip) -> Region:
        """Return the region of a clip path, flattened once."""
        key = id(clip.curves)
        if key not in self.regions:
            self.regions[key] = Region(flatten([clip.curves], self.tolerance), clip.is_even_odd)
        return self.regions[key]
