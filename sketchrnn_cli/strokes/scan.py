"""Vectorize scans and photographs of drawings, and find the center lines of filled outlines.

Ink is thinned to a skeleton one pixel wide; its lines are traced from end to end, straight through crossings, and
ordered as a hand might draw them. Image processing is scikit-image's, an extra: ``pip install 'sketchrnn[scan]'``.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sketchrnn_cli import foreign
from sketchrnn_cli.errors import DataError, UsageError

SUFFIXES = (".png", ".jpg", ".jpeg")
MAX_PIXELS = 50_000_000
"""Larger pictures are refused unread."""
MAX_SIDE_PIXELS = 800
"""Pictures are scaled down to this: lines survive, paper noise does not."""
MIN_SPECK_AREA = 1e-4
"""Connected ink below this share of the picture's area is dirt."""
DIRECTION_PIXELS = 6
"""Length over which the direction of a line at a crossing is measured."""
MIN_TURN_COSINE = 0.4
"""Cosine of the largest turn of a line through a crossing: 66 degrees."""

Pixel = tuple[int, int]
Line = list[Pixel]


def read_scan(path: Path) -> list[np.ndarray]:
    """Return the strokes `[points, 2]` (x, y in pixels) of a PNG or JPEG.

    Raises:
        DataError: unreadable, too large, or empty.
        UsageError: scikit-image is not installed.
    """
    from PIL import Image, UnidentifiedImageError

    if reason := foreign.obstacle(path):
        raise DataError(f"{path}: {reason}")
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise DataError(f"{path}: {image.width} x {image.height} pixels; at most {MAX_PIXELS:,} are read")
            image.thumbnail((MAX_SIDE_PIXELS, MAX_SIDE_PIXELS))
            paper = Image.new("RGBA", image.size, "white")
            gray = np.asarray(Image.alpha_composite(paper, image.convert("RGBA")).convert("L"), dtype=np.float64) / 255
    except UnidentifiedImageError as error:
        raise DataError(f"{path}: not a PNG or JPEG picture") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: cannot be read as a picture: {error}") from error
    strokes = trace(ink(gray))
    if not strokes:
        raise DataError(f"{path}: no line found; a scan shows dark lines on light paper")
    return strokes


def center_lines(outlines: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the center lines `[points, 2]` of filled outlines, in their unit.

    Outlines inside others are holes (the even-odd rule).

    Raises:
        UsageError: scikit-image is not installed.
    """
    from PIL import Image, ImageChops, ImageDraw

    points = np.concatenate(outlines)
    low, side = points.min(axis=0), float(np.ptp(points, axis=0).max()) or 1.0
    scale, border = MAX_SIDE_PIXELS / side, 4
    width, height = (int(extent) + 2 * border for extent in np.ptp(points, axis=0) * scale)
    size = (width, height)
    filled = Image.new("1", size)
    for outline in outlines:
        shape = Image.new("1", size)
        ImageDraw.Draw(shape).polygon([tuple(point) for point in (outline - low) * scale + border], fill=1, outline=1)
        filled = ImageChops.logical_xor(filled, shape)
    return [(stroke - border) / scale + low for stroke in trace(np.asarray(filled.convert("L")) > 0)]


def ink(gray: np.ndarray) -> np.ndarray:
    """Return the ink mask `[height, width]`, bool, of a gray picture in 0 to 1; on a dark page, light is ink.

    Raises:
        UsageError: scikit-image is not installed.
    """
    filters, morphology = _scikit_image()
    frame = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    if np.median(frame) < 0.5:
        gray = 1.0 - gray
    if np.ptp(gray) < 0.1:
        return np.zeros(gray.shape, dtype=bool)
    window = max(3, min(gray.shape) // 16 * 2 + 1)
    marked = (gray < filters.threshold_sauvola(gray, window)) | (gray < 0.5 * filters.threshold_otsu(gray))
    return morphology.remove_small_objects(marked, max_size=max(8, int(MIN_SPECK_AREA * gray.size)), connectivity=2)


def trace(marked: np.ndarray) -> list[np.ndarray]:
    """Return the center lines `[points, 2]` (x, y in pixels) of an ink mask, in a natural drawing order.

    Raises:
        UsageError: scikit-image is not installed.
    """
    _, morphology = _scikit_image()
    if not marked.any():
        return []
    skeleton = morphology.skeletonize(marked)
    thickness = marked.sum() / max(1, int(skeleton.sum()))
    lines = _through_crossings(_contracted(_without_spurs(_edges(skeleton), 1.5 * thickness), 1.5 * thickness))
    strokes = [np.array(line, dtype=np.float64)[:, ::-1] + 0.5 for line in lines if len(line) > 1]
    return _as_drawn(strokes)


def _scikit_image() -> tuple[Any, Any]:
    try:
        from skimage import filters, morphology
    except ImportError as error:
        raise UsageError("scans and center lines need scikit-image: pip install 'sketchrnn[scan]'") from error
    return filters, morphology


def _neighbors(skeleton: np.ndarray) -> dict[Pixel, list[Pixel]]:
    """Return the graph of a skeleton's pixels; a diagonal is an edge only if no corner pixel connects the two."""
    pixels = {(int(row), int(column)) for row, column in np.argwhere(skeleton)}
    graph = {}
    for row, column in pixels:
        straight = [(row + dr, column + dc) for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0))]
        diagonal = [
            (row + dr, column + dc)
            for dr, dc in ((1, 1), (1, -1), (-1, 1), (-1, -1))
            if (row + dr, column) not in pixels and (row, column + dc) not in pixels
        ]
        graph[row, column] = [pixel for pixel in straight + diagonal if pixel in pixels]
    return graph


def _edges(skeleton: np.ndarray) -> list[Line]:
    """Cut a skeleton into lines between ends and crossings; a ring begins and ends at the same pixel."""
    graph = _neighbors(skeleton)
    nodes = {pixel for pixel, near in graph.items() if len(near) != 2}
    used: set[frozenset[Pixel]] = set()
    lines = []

    def follow(start: Pixel, following: Pixel) -> Line:
        line = [start, following]
        used.add(frozenset((start, following)))
        while line[-1] not in nodes and line[-1] != start:
            onward = next((p for p in graph[line[-1]] if frozenset((line[-1], p)) not in used), None)
            if onward is None:
                break
            used.add(frozenset((line[-1], onward)))
            line.append(onward)
        return line

    starts = sorted(nodes) + sorted(graph.keys() - nodes)
    for start in starts:
        for following in graph[start]:
            if frozenset((start, following)) not in used:
                lines.append(follow(start, following))
        if not graph[start]:
            lines.append([start, start])
    return lines


def _at_ends(lines: Sequence[Line]) -> dict[Pixel, list[int]]:
    """Return the lines that begin or end at each pixel, a ring twice."""
    meeting = defaultdict(list)
    for number, line in enumerate(lines):
        meeting[line[0]].append(number)
        meeting[line[-1]].append(number)
    return meeting


def _without_spurs(lines: list[Line], max_length: float) -> list[Line]:
    """Remove the short dead ends that thinning leaves on a thick line."""
    meeting = _at_ends(lines)
    return [
        line
        for line in lines
        if len(line) > max_length or (len(meeting[line[0]]) == 1) == (len(meeting[line[-1]]) == 1)
    ]


def _contracted(lines: list[Line], max_length: float) -> list[Line]:
    """Merge crossings that a short line connects: thinning splits the crossing of thick lines in two."""
    lines = list(lines)
    index = 0
    while index < len(lines):
        first, last = lines[index][0], lines[index][-1]
        meeting = _at_ends(lines)
        if first == last or len(lines[index]) > max_length or min(len(meeting[first]), len(meeting[last])) < 3:
            index += 1
            continue
        del lines[index]
        lines = [_moved(line, last, first) for line in lines]
    meeting = _at_ends(lines)
    return [line for line in lines if line[0] != line[-1] or len(line) > max_length or len(meeting[line[0]]) == 2]


def _moved(line: Line, old: Pixel, new: Pixel) -> Line:
    """Move the ends of a line from `old` to `new`."""
    line = [new, *line] if line[0] == old else line
    return [*line, new] if line[-1] == old else line


def _through_crossings(lines: list[Line]) -> list[Line]:
    """Join lines where they meet: the straightest pair first, then the next."""
    lines = list(lines)
    for pixel in list(_at_ends(lines)):
        while (pair := _straightest(pixel, lines)) is not None:
            first, second = pair
            into = lines[first] if lines[first][-1] == pixel else lines[first][::-1]
            out = lines[second] if lines[second][0] == pixel else lines[second][::-1]
            lines[first] = into + out[1:]
            del lines[second]
    return lines


def _straightest(pixel: Pixel, lines: Sequence[Line]) -> tuple[int, int] | None:
    """Return the pair of lines through a pixel with the smallest turn, None if all turn too sharply."""
    ends = [(number, line) for number, line in enumerate(lines) if line[0] != line[-1] and pixel in (line[0], line[-1])]
    if len(ends) < 2:
        return None
    directions = []
    for number, line in ends:
        outward = np.subtract(
            line[: DIRECTION_PIXELS + 1] if line[0] == pixel else line[: -DIRECTION_PIXELS - 2 : -1], pixel
        )[-1]
        directions.append((number, outward / (np.hypot(*outward) or 1.0)))
    best = min(
        ((float(a @ b), m, n) for i, (m, a) in enumerate(directions) for n, b in directions[i + 1 :]),
        key=lambda found: found[0],
    )
    limit = 1.0 if len(ends) == 2 else -MIN_TURN_COSINE  # Two alone are one line, whatever the turn.
    return (best[1], best[2]) if best[0] <= limit else None


def _as_drawn(strokes: list[np.ndarray]) -> list[np.ndarray]:
    """Order strokes greedily from the top left, each from the end nearer to where the last one ended."""
    ordered: list[np.ndarray] = []
    waiting = list(strokes)
    pen = np.zeros(2)
    while waiting:
        distances = [min(np.hypot(*(stroke[0] - pen)), np.hypot(*(stroke[-1] - pen))) for stroke in waiting]
        stroke = waiting.pop(int(np.argmin(distances)))
        if np.hypot(*(stroke[-1] - pen)) < np.hypot(*(stroke[0] - pen)):
            stroke = stroke[::-1]
        ordered.append(stroke)
        pen = stroke[-1]
    return ordered
