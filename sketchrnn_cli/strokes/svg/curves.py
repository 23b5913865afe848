"""Path data as Bézier curves, and these as polylines.

svgelements reads the data. It is given only what stands before the first fault, since browsers draw that much.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np
import svgelements

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.svg.viewport import NUMBER

ARC_COST = 6
"""Segments that an arc counts for: about as many curves stand for it."""

LOOK_BACK = 128
"""Segments that svgelements looks back over in the time in which it reads one."""

POINTS = 1_000_000
"""Points of a drawing after its curves are flattened."""

LARGEST = 1e9
"""Coordinates beyond ± this many user units are refused; it keeps the arithmetic finite."""

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


def sound_part(data: str, limit: int) -> tuple[str, int]:
    """Return path data up to its first fault, as browsers draw it, and what it costs in segments.

    Counting ends beyond `limit` segments, so that no time is spent on what is refused.
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
            # svgelements reflects the control point of a curve of the other kind; browsers reflect none.
            pieces.append("l0 0")
        pieces.append(data[position : arguments.end()])
        position = arguments.end()
        since_move = 0 if letter == "M" else since_move + 1
        cost += ARC_COST if letter == "A" else 1 + since_move // LOOK_BACK if letter == "Z" else 1
    return "".join(pieces), cost


def subpaths(data: str) -> Iterator[np.ndarray]:
    """Yield what the pen draws without being lifted: cubic Bézier curves `[curves, 4, 2]` of sound path data."""
    path = svgelements.Path()
    # Radii near zero overflow in svgelements; what came before such an arc is kept.
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
    """Return whether curves `[curves, 4, 2]` have no length."""
    return bool((curves == curves[0, 0]).all())


def has_area(curves: np.ndarray) -> bool:
    """Return whether curves `[curves, 4, 2]` enclose anything that could be filled: not all on one line."""
    points = curves.reshape(-1, 2) - curves[0, 0]
    far = points[np.hypot(*points.T).argmax()]
    return bool((np.abs(points[:, 0] * far[1] - points[:, 1] * far[0]) > 1e-9 * (far @ far)).any())


def closed(curves: np.ndarray) -> np.ndarray:
    """Return curves `[curves, 4, 2]` that end where they begin, by a straight line if need be."""
    start, end = curves[0, 0], curves[-1, 3]
    return curves if (start == end).all() else np.concatenate([curves, [_line(end, start)]])


def flatten(subpaths: Sequence[np.ndarray], tolerance: float) -> list[np.ndarray]:
    """Return subpaths `[curves, 4, 2]` as polylines `[points, 2]`.

    Args:
        subpaths: of the whole drawing.
        tolerance: largest distance of a curve from its polyline, as a share of the drawing's larger side.

    Raises:
        DataError: coordinates that are not finite or too large, or too many points.
    """
    if not subpaths:
        return []
    curves = np.concatenate(subpaths)
    if not (np.abs(curves) <= LARGEST).all():
        raise DataError(f"a coordinate beyond ±{LARGEST:.0e}; is the drawing damaged?")
    side = np.ptp(curves.reshape(-1, 2), axis=0).max()
    # A chord over 1/n of a curve is at most max |B''| / (8 n²) away from it; B'' is 6 times the second difference.
    bends = np.hypot(*np.moveaxis(np.diff(curves, n=2, axis=1), -1, 0)).max(axis=1)
    chords = np.ceil(np.sqrt(0.75 * bends / max(tolerance * side, 1e-12))).clip(min=1)
    if chords.sum() + len(subpaths) > POINTS:
        raise DataError(f"more than {POINTS} points; a sketch has fewer")
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
    if isinstance(segment, svgelements.Arc) and segment.sweep:
        return [(arc.start, arc.control1, arc.control2, arc.end) for arc in segment.as_cubic_curves()]
    return [_line(start, end)]  # An arc without a radius is a line, too.


def _line(start: Point, end: Point) -> Curve:
    return (start, _between(start, end, 1 / 3), _between(start, end, 2 / 3), end)


def _between(start: Point, end: Point, share: float) -> Point:
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
