"""Path data to Bézier curves, and curves to polylines.

svgelements parses the data, but only up to the first error: browsers draw that much.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np
import svgelements

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.svg.viewport import NUMBER

ARC_SEGMENTS = 6
"""Segments that an arc counts as: about as many curves approximate it."""

CLOSE_LOOK_BACK = 128
"""Segments that svgelements searches backwards, on closing a path, in the time it takes to parse one."""

MAX_POINTS = 1_000_000
"""Of a drawing, after flattening."""

MAX_COORDINATE = 1e9
"""Magnitude in user units; larger ones are refused, which keeps the arithmetic finite."""

_SPACE = r"[ \t\r\n\f]*+"
_COMMA = rf"{_SPACE},?+{_SPACE}"
_NUMBER = rf"{NUMBER}(?!\.(?!\d))"
_COUNTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2}
_ARGUMENTS = {letter: re.compile(_SPACE + _COMMA.join([_NUMBER] * count)) for letter, count in _COUNTS.items()}
_ARGUMENTS["A"] = re.compile(_SPACE + _COMMA.join([_NUMBER] * 3 + ["[01]"] * 2 + [_NUMBER] * 2))
_ARGUMENTS["Z"] = re.compile("")
_COMMAND = re.compile(rf"{_COMMA}([MmLlHhVvCcSsQqTtZzAa])")
_SEPARATOR = re.compile(_COMMA)

Point = tuple[float, float]
Curve = tuple[Point, Point, Point, Point]


def valid_prefix(data: str, limit: int) -> tuple[str, int]:
    """Return path data up to its first error, as browsers draw it, and its cost in segments.

    Counting stops beyond `limit` segments, since the caller refuses the drawing then.
    """
    pieces: list[str] = []
    position = cost = since_move = 0
    letter = ""
    while cost <= limit:
        before = letter
        if command := _COMMAND.match(data, position):
            letter, begin = command[1].upper(), command.end()
        elif letter in ("", "Z") or not (separator := _SEPARATOR.match(data, position)):
            break
        else:
            begin = separator.end()
        if not (pieces or letter == "M") or not (arguments := _ARGUMENTS[letter].match(data, begin)):
            break
        if before + letter in ("QS", "TS", "CT", "ST"):
            # svgelements reflects the control point of the other kind of curve; browsers do not.
            pieces.append("l0 0")
        pieces.append(data[position : arguments.end()])
        position = arguments.end()
        since_move = 0 if letter == "M" else since_move + 1
        cost += ARC_SEGMENTS if letter == "A" else 1 + since_move // CLOSE_LOOK_BACK if letter == "Z" else 1
    return "".join(pieces), cost


def subpaths(data: str) -> Iterator[np.ndarray]:
    """Yield each subpath of valid path data as cubic Bézier curves `[curves, 4, 2]`."""
    path = svgelements.Path()
    # Radii near zero overflow in svgelements; what precedes such an arc is kept.
    with suppress(ArithmeticError, ValueError):
        path.parse(data)
    curves: list[Curve] = []
    for segment in path:
        is_lifted = isinstance(segment, svgelements.Move)
        if not is_lifted:
            curves += _curves(segment)
        if (is_lifted or isinstance(segment, svgelements.Close)) and curves:
            yield np.array(curves)
            curves = []
    if curves:
        yield np.array(curves)


def is_dot(curves: np.ndarray) -> bool:
    """Return whether curves `[curves, 4, 2]` have zero length."""
    return bool((curves == curves[0, 0]).all())


def has_area(curves: np.ndarray) -> bool:
    """Return whether curves `[curves, 4, 2]` enclose an area: whether they are not collinear."""
    points = curves.reshape(-1, 2) - curves[0, 0]
    far = points[np.hypot(*points.T).argmax()]
    return bool((np.abs(points[:, 0] * far[1] - points[:, 1] * far[0]) > 1e-9 * (far @ far)).any())


def closed(curves: np.ndarray) -> np.ndarray:
    """Return curves `[curves, 4, 2]` closed by a straight line if necessary."""
    start, end = curves[0, 0], curves[-1, 3]
    return curves if (start == end).all() else np.concatenate([curves, [_line(end, start)]])


def flatten(subpaths: Sequence[np.ndarray], tolerance: float) -> list[np.ndarray]:
    """Return subpaths `[curves, 4, 2]` as polylines `[points, 2]`.

    Args:
        subpaths: of the whole drawing.
        tolerance: maximum distance between curve and polyline, as a fraction of the drawing's larger side.

    Raises:
        DataError: coordinates that are not finite or too large, or too many points.
    """
    if not subpaths:
        return []
    curves = np.concatenate(subpaths)
    if not (np.abs(curves) <= MAX_COORDINATE).all():
        raise DataError(f"a coordinate beyond ±{MAX_COORDINATE:.0e}; is the drawing damaged?")
    side = np.ptp(curves.reshape(-1, 2), axis=0).max()
    # A chord over 1/n of a curve is at most max |B''| / (8 n²) away from it; B'' is 6 times the second difference.
    bends = np.hypot(*np.moveaxis(np.diff(curves, n=2, axis=1), -1, 0)).max(axis=1)
    chords = np.ceil(np.sqrt(0.75 * bends / max(tolerance * side, 1e-12))).clip(min=1)
    if chords.sum() + len(subpaths) > MAX_POINTS:
        raise DataError(f"more than {MAX_POINTS} points; a sketch has fewer")
    counts = chords.astype(int)
    ends = np.cumsum(counts)
    share = (np.arange(ends[-1]) - np.repeat(ends - counts, counts) + 1) / np.repeat(counts, counts)
    a, b, c, d = np.moveaxis(np.repeat(curves, counts, axis=0), 1, 0)
    t = share[:, None]
    points = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    lasts = np.cumsum([len(subpath) for subpath in subpaths])
    pieces = np.split(points, ends[lasts - 1][:-1])
    return [np.concatenate([subpath[:1, 0], piece]) for subpath, piece in zip(subpaths, pieces, strict=True)]


def _curves(segment: svgelements.PathSegment) -> list[Curve]:
    start, end = segment.start, segment.end
    if isinstance(segment, svgelements.CubicBezier):
        return [(start, segment.control1, segment.control2, end)]
    if isinstance(segment, svgelements.QuadraticBezier):
        control = segment.control
        return [(start, _between(start, control, 2 / 3), _between(end, control, 2 / 3), end)]
    if isinstance(segment, svgelements.Arc) and 0 < abs(segment.sweep) < np.inf:  # Nor NaN, of radii too large.
        return [(arc.start, arc.control1, arc.control2, arc.end) for arc in segment.as_cubic_curves()]
    return [_line(start, end)]  # An arc of zero radius is a line, too.


def _line(start: Point, end: Point) -> Curve:
    return (start, _between(start, end, 1 / 3), _between(start, end, 2 / 3), end)


def _between(start: Point, end: Point, share: float) -> Point:
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
