"""Geometry on drawings: bounds, scale, resampling, simplification; polylines in, polylines out."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.formats import from_polylines, to_polylines

CANVAS = 255.0
"""Larger side of a Quick, Draw! drawing in its own units (pixels)."""

EPSILON = 2.0
"""Ramer-Douglas-Peucker tolerance of the simplified Quick, Draw! drawings, in pixels."""

LONGEST = 200_000.0
"""Length of all strokes of a drawing in pixels: resampling makes a point of each."""


@dataclass(frozen=True)
class Preparation:
    """How a drawing becomes a sketch, the same for what a model is trained on and what it is shown."""

    epsilon: float = EPSILON
    """Tolerance of the simplification, in pixels of `CANVAS`."""
    max_points: int | None = None
    """Rows of a sketch at most: the tolerance is raised until it fits. None: as many as there are."""
    join: bool | None = None
    """Join strokes whose ends touch; None: where a program cut them into pieces (see `join.was_cut`)."""
    center_lines: bool = False
    """Take the middle of filled outlines instead of their edge."""
    hand_only: bool = False
    """Leave out the strokes that a model drew, where a file says so."""
    flip_y: bool = False
    """Turn drawings whose y grows upwards over; an SVG says itself how it stands."""


AS_QUICK_DRAW = Preparation()
"""What Quick, Draw! did to its drawings."""


def bounds(polylines: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest (x, y) of what is drawn, each `[2]`."""
    points = np.concatenate([np.asarray(stroke, dtype=np.float64) for stroke in polylines])
    return points.min(axis=0), points.max(axis=0)


def fit(polylines: Sequence[np.ndarray], size: float = CANVAS) -> list[np.ndarray]:
    """Align a drawing to the top left corner and scale its larger side to `size`; a single point stays a point."""
    low, high = bounds(polylines)
    side = float((high - low).max())
    scale = size / side if side > 0 else 1.0
    return [(np.asarray(stroke, dtype=np.float64) - low) * scale for stroke in polylines]


def resample(stroke: np.ndarray, spacing: float = 1.0, keep_corners: bool = False) -> np.ndarray:
    """Return points every `spacing` along a polyline `[n, 2]`, both ends kept; a dot becomes two equal points.

    Quick, Draw! lets the corners between go, which takes up to half a pixel off each; `keep_corners` has them, too.
    """
    stroke = np.asarray(stroke, dtype=np.float64)
    traveled = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    length = traveled[-1]
    if length == 0.0:
        return stroke[[0, -1]]
    stations = np.append(np.arange(0.0, length, spacing), length)
    if keep_corners:
        stations = np.union1d(stations, traveled)
    return np.stack([np.interp(stations, traveled, axis) for axis in stroke.T], axis=1)


def simplify(stroke: np.ndarray, epsilon: float = EPSILON) -> np.ndarray:
    """Return the Ramer-Douglas-Peucker simplification of a polyline `[n, 2]`.

    A point is kept when its perpendicular distance to the infinite line through the span's ends (to the end itself
    where both coincide) is more than `epsilon`: the variant that reproduces Quick, Draw!'s own simplified drawings.
    """
    stroke = np.asarray(stroke, dtype=np.float64)
    return stroke[significance(stroke, epsilon) > epsilon]


def significance(stroke: np.ndarray, epsilon: float = 0.0, outermost: Sequence[int] = ()) -> np.ndarray:
    """Return, for each point of a polyline `[n, 2]`, the tolerance below which `simplify` keeps it, `[n]`.

    Infinite for both ends; 0 for points that no tolerance from `epsilon` on keeps, which saves time. The points at the
    places `outermost` come next to the ends.
    """
    kept_below = np.zeros(len(stroke))
    kept_below[list(outermost)] = 1e9
    kept_below[[0, -1]] = np.inf
    spans = list(pairwise(np.flatnonzero(kept_below).tolist()))
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        from_first = stroke[first + 1 : last] - stroke[first]
        along = stroke[last] - stroke[first]
        length = np.hypot(*along)
        if length > 0:
            distance = np.abs(from_first[:, 0] * along[1] - from_first[:, 1] * along[0]) / length
        else:
            distance = np.hypot(*from_first.T)
        farthest = int(distance.argmax())
        if distance[farthest] > epsilon:
            middle = first + 1 + farthest
            # A point is reached only where the ends of its span are kept.
            kept_below[middle] = min(distance[farthest], kept_below[first], kept_below[last])
            spans += [(first, middle), (middle, last)]
    return kept_below


def prepare(polylines: Sequence[np.ndarray], size: float = CANVAS, epsilon: float = EPSILON) -> list[np.ndarray]:
    """Do to a drawing what Quick, Draw! did: align, scale to `size`, resample at 1 pixel, simplify, round last."""
    return [np.rint(simplify(resample(stroke), epsilon)) for stroke in fit(polylines, size) if len(stroke)]


def to_sketch(
    polylines: Sequence[np.ndarray], canvas_size: float, epsilon: float = EPSILON, max_points: int | None = None
) -> tuple[np.ndarray, float]:
    """Turn any drawing into a sketch as a model knows them: what `prepare` does, within a number of points.

    Args:
        polylines: the strokes `[points, 2]`, in any unit, y downwards.
        canvas_size: larger side of the sketch, in data units. A smaller canvas than `CANVAS` is prepared at that
            size and scaled down last, so that rounding to pixels costs no detail.
        epsilon: tolerance of the simplification in pixels, raised as far as `max_points` asks for.
        max_points: rows of the sketch at most.

    Returns:
        The sketch, stroke-3 `[points, 3]`, and the tolerance really used.

    Raises:
        DataError: no stroke, nothing but a dot, more ink than a sketch has, or more strokes than `max_points` allows.
    """
    strokes = [stroke for stroke in polylines if len(stroke)]
    if not strokes or not np.ptp(np.concatenate(strokes), axis=0).any():
        raise DataError("a drawing of nothing but a dot" if strokes else "a drawing without strokes")
    pixels = max(canvas_size, CANVAS)
    strokes = fit(strokes, pixels)
    ink = sum(float(np.hypot(*np.diff(stroke, axis=0).T).sum()) for stroke in strokes)
    if ink > LONGEST:
        raise DataError(f"strokes {ink / pixels:.0f} times as long as the drawing is large; a sketch has fewer")
    strokes = [resample(stroke, keep_corners=True) for stroke in strokes]
    kept_below = [
        significance(stroke, epsilon, ends) for stroke, ends in zip(strokes, _outermost(strokes), strict=True)
    ]
    if max_points is not None:
        fewest = 2 * len(strokes) - 1
        if fewest > max_points:
            raise DataError(
                f"{len(strokes)} strokes need at least {fewest} points and the model takes {max_points}; "
                "leave strokes out or join them"
            )
        most_significant = np.sort(np.concatenate(kept_below))[::-1]
        # A sketch has one row fewer than its drawing has points.
        epsilon = max([epsilon, *most_significant[max_points + 1 : max_points + 2]])
    simplified = [stroke[below > epsilon] for stroke, below in zip(strokes, kept_below, strict=True)]
    scale = canvas_size / pixels
    # Fitted again, so that a sketch that is read again stays as it is.
    return from_polylines([np.rint(stroke) * scale for stroke in fit(simplified, pixels)]), float(epsilon)


def shorten(sketch: np.ndarray, max_points: int) -> tuple[np.ndarray, float]:
    """Simplify a stroke-3 sketch `[points, 3]` until it has `max_points` rows at most; its size stays.

    Returns:
        The sketch, as it is where it fits, and the tolerance used in pixels.

    Raises:
        DataError: it has more strokes than `max_points` allows.
    """
    if len(sketch) <= max_points:
        return sketch, 0.0
    strokes = to_polylines(sketch)
    return to_sketch(strokes, float(np.ptp(np.concatenate(strokes), axis=0).max()), 0.0, max_points)


def simplified(name: str, sketch: np.ndarray, used: float) -> str:
    """Return the line that tells a person what a raised tolerance left of a drawing."""
    return f"{name}: simplified to {len(sketch)} points, tolerance {used:.1f} pixels"


def _outermost(strokes: Sequence[np.ndarray]) -> list[list[int]]:
    """Return, for each stroke, which of its points give the drawing its larger side: one at each end of it."""
    # A straight side is not to be broken by a rounding error.
    axes = np.concatenate(strokes).round(6).T
    along = max(axes, key=np.ptp)
    starts = np.cumsum([0] + [len(stroke) for stroke in strokes]).tolist()
    ends = int(np.argmin(along)), int(np.argmax(along))
    return [[end - low for end in ends if low <= end < high] for low, high in pairwise(starts)]
