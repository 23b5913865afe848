"""Clip paths and masks of one simple shape: a rectangle, circle, polygon or path without holes.

Lines are clipped where they cross the region's outline. Filled shapes are bounded by the region's outline, too, where
that lies inside the shape.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from sketchrnn_cli.strokes.join import join
from sketchrnn_cli.strokes.svg.curves import closed, has_area, subpaths, valid_prefix
from sketchrnn_cli.strokes.svg.shapes import SHAPES, path_data
from sketchrnn_cli.strokes.svg.style import Styles, inherit, is_rendered, is_white, paint, paints
from sketchrnn_cli.strokes.svg.viewport import Size, length, shift, transform

PROPERTIES = {"clip-path": "clipPath", "mask": "mask"}
"""Properties that clip, and the elements that they refer to."""

MAX_SEGMENTS = 1000
"""Lines and curves of a region; one with more is not a simple shape."""

MAX_CROSSINGS = 50_000_000
"""Line segments times region sides compared per drawing; beyond it nothing more is clipped."""

CHUNK = 1_000_000
"""Line segments times region sides compared at once."""

_REFERENCE = re.compile(r"""url\(\s*["']?#([^"')]+)["']?\s*\)""")
_SILENT = ("title", "desc", "metadata")


class Clip(NamedTuple):
    """A region outside which nothing is visible."""

    curves: np.ndarray
    """Its closed outline in the outermost viewport, `[curves, 4, 2]`."""
    is_even_odd: bool


class Region(NamedTuple):
    """The inside of closed polylines `[points, 2]`."""

    outlines: Sequence[np.ndarray]
    is_even_odd: bool


def read_clip(
    name: str, values: Mapping[str, str], matrix: np.ndarray, size: Size, by_id: Mapping[str, Element], styles: Styles
) -> tuple[Clip | None, int]:
    """Return the region of an element's clip path or mask, None unless it is one simple shape, and its segments.

    Args:
        name: one of `PROPERTIES`.
        values: the attributes and properties of the clipped element.
        matrix: from its user units to the outermost viewport's, `[3, 3]`.
        size: of its viewport.
        by_id: the document's elements.
        styles: its style sheets.
    """
    reference = _REFERENCE.fullmatch(values[name].strip())
    element = by_id.get(reference[1]) if reference else None
    if element is None or element.tag != PROPERTIES[name]:
        return None, 0
    own = styles.values(element)
    if "objectBoundingBox" in (own.get("clipPathUnits"), own.get("maskContentUnits")) or _is_cut(own):
        return None, 0
    matrix, style = matrix @ transform(own, size), inherit({}, own)
    inside = [child for child in element if child.tag not in _SILENT]
    if len(inside) == 1 and inside[0].tag == "use":
        use = styles.values(inside[0])
        x, y = (length(use.get(side), extent) or 0.0 for side, extent in zip("xy", size, strict=True))
        matrix, style = matrix @ transform(use, size) @ shift(x, y), inherit(style, use)
        target = by_id.get(use.get("href", "").strip().removeprefix("#"))
        inside = [] if target is None or _is_cut(use) else [target]
    if len(inside) != 1 or inside[0].tag not in SHAPES:
        return None, 0
    shape = styles.values(inside[0])
    if _is_cut(shape) or not is_rendered(shape) or (name == "mask" and not _is_white_mask(inherit(style, shape))):
        return None, 0
    matrix = matrix @ transform(shape, size)
    data, cost = valid_prefix(path_data(inside[0].tag, shape, size), MAX_SEGMENTS)
    outlines = list(subpaths(data + "Z" * (inside[0].tag == "polygon" and bool(data))))
    if cost > MAX_SEGMENTS or len(outlines) != 1 or not has_area(outlines[0]):
        return None, cost
    rule = "clip-rule" if name == "clip-path" else "fill-rule"
    is_even_odd = (shape.get(rule) or own.get(rule) or "").strip() == "evenodd"
    return Clip(closed(outlines[0]) @ matrix[:2, :2].T + matrix[:2, 2], is_even_odd), cost


def _is_cut(values: Mapping[str, str]) -> bool:
    return any(values.get(name, "none").strip() != "none" for name in PROPERTIES)


def _is_white_mask(style: Mapping[str, str]) -> bool:
    """Return whether the shape of a mask has a white fill and no stroke."""
    return paints(style, "fill") and is_white(paint(style, "fill")) and not paints(style, "stroke")


def cut_lines(lines: Sequence[np.ndarray], regions: Sequence[Region], slack: float) -> list[np.ndarray]:
    """Return the parts of polylines `[points, 2]` inside all regions, or within `slack` of an outline."""
    pieces = list(lines)
    for region in regions:
        pieces = [part for piece in pieces for part in _cut(piece, region, slack)]
    return pieces


def cut_shape(shape: Region, regions: Sequence[Region], slack: float) -> list[np.ndarray]:
    """Return the outlines of the intersection of a filled shape with all regions, as polylines `[points, 2]`."""
    pieces = cut_lines(shape.outlines, regions, slack)
    whole = [piece for piece in pieces if any(piece is outline for outline in shape.outlines)]
    for number, region in enumerate(regions):
        others = [other for place, other in enumerate(regions) if place != number]
        bounds = cut_lines(region.outlines, others, slack)
        pieces += [part for piece in bounds for part in _cut(piece, shape, -slack)]
    return pieces if len(whole) == len(pieces) else join(pieces)


def crossings(lines: Sequence[np.ndarray], regions: Sequence[Region]) -> int:
    """Return the maximum number of comparisons: line segments times region sides."""
    sides = sum(len(outline) for region in regions for outline in region.outlines)
    return sides * (sides * (len(regions) > 1) + 2 * sum(map(len, lines)))


def _cut(line: np.ndarray, region: Region, slack: float) -> list[np.ndarray]:
    """Return the parts of a polyline inside a region; with negative slack, those at least that far inside."""
    starts, moves = line[:-1], np.diff(line, axis=0)
    places, shares = _intersections(starts, moves, region)
    every = np.arange(len(starts))
    places = np.concatenate([every, places, every])
    shares = np.concatenate([np.zeros(len(every)), shares, np.ones(len(every))])
    order = np.lexsort((shares, places))
    places, shares = places[order], shares[order]
    keep = (places[1:] == places[:-1]) & (shares[1:] > shares[:-1])
    places, begin, end = places[:-1][keep], shares[:-1][keep], shares[1:][keep]
    points = starts[places] + ((begin + end) / 2)[:, None] * moves[places]
    shown = np.flatnonzero(_is_inside(points, region, slack))
    if len(shown) == len(places):
        return [line]
    pieces: list[list[np.ndarray]] = []
    for number, piece in enumerate(shown.tolist()):
        if number == 0 or shown[number - 1] != piece - 1:
            pieces.append([starts[places[piece]] + begin[piece] * moves[places[piece]]])
        pieces[-1].append(starts[places[piece]] + end[piece] * moves[places[piece]])
    return [np.array(piece) for piece in pieces]


def _intersections(starts: np.ndarray, moves: np.ndarray, region: Region) -> tuple[np.ndarray, np.ndarray]:
    """Return where segments intersect the region's outline: segment indices, and fractions of their length."""
    a, b = _sides(region)
    found = [(np.zeros(0, dtype=int), np.zeros(0))]
    rows = max(1, CHUNK // len(a))
    for first in range(0, len(starts), rows):
        move, way = moves[first : first + rows, None], a[None] - starts[first : first + rows, None]
        across = _cross(move, b - a)
        with np.errstate(divide="ignore", invalid="ignore"):
            share, along = _cross(way, b - a) / across, _cross(way, move) / across
        met = (across != 0) & (share > 0) & (share < 1) & (along >= 0) & (along <= 1)
        found.append((np.nonzero(met)[0] + first, share[met]))
    return np.concatenate([places for places, _ in found]), np.concatenate([shares for _, shares in found])


def _is_inside(points: np.ndarray, region: Region, slack: float) -> np.ndarray:
    """Return which points `[n, 2]` are inside or near the outline; with negative slack, inside and not near it."""
    a, b = _sides(region)
    inside = np.zeros(len(points), dtype=bool)
    rows = max(1, CHUNK // len(a))
    squares = np.maximum(((b - a) ** 2).sum(axis=-1), 1e-300)
    for first in range(0, len(points), rows):
        way = points[first : first + rows, None] - a
        left = _cross(b - a, way)
        up = (way[..., 1] >= 0) & (points[first : first + rows, None, 1] < b[:, 1]) & (left > 0)
        down = (way[..., 1] < 0) & (points[first : first + rows, None, 1] >= b[:, 1]) & (left < 0)
        winding = up.sum(axis=1) - down.sum(axis=1)
        share = ((way * (b - a)).sum(axis=-1) / squares).clip(0, 1)
        near = (((way - share[..., None] * (b - a)) ** 2).sum(axis=-1) <= slack**2).any(axis=1)
        within = winding % 2 == 1 if region.is_even_odd else winding != 0
        inside[first : first + rows] = within | near if slack > 0 else within & ~near
    return inside


def _sides(region: Region) -> tuple[np.ndarray, np.ndarray]:
    """Return the starts and ends of the region's sides, `[sides, 2]` each."""
    starts = np.concatenate([outline[:-1] for outline in region.outlines])
    return starts, np.concatenate([outline[1:] for outline in region.outlines])


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
