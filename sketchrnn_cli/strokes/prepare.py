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

MAX_INK_PIXELS = 200_000.0
"""Total length of a drawing's strokes; resampling makes one point per pixel."""


@dataclass(frozen=True)
class Preparation:
    """How a drawing becomes a sketch, in training as in use."""

    epsilon: float = EPSILON
    """Tolerance of the simplification, in pixels of `CANVAS`."""
    max_points: int | None = None
    """Maximum rows of a sketch: the tolerance is raised until it fits. None: no limit."""
    join: bool | None = None
    """Join strokes whose ends touch; None: if a program cut them into pieces (see `join.was_cut`)."""
    center_lines: bool = False
    """Use the center lines of filled outlines instead of their edges."""
    hand_only: bool = False
    """Exclude strokes that a model drew, where the file says so."""
    flip_y: bool = False
    """Flip drawings whose y grows upwards; does not apply to SVG."""
    rescale: bool = False
    """Fit strokes of quite another scale to the model's drawings, as pictures always are."""


AS_QUICK_DRAW = Preparation()
"""The preparation of Quick, Draw!'s drawings."""


def bounds(polylines: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the minimum and the maximum (x, y) of a drawing, each `[2]`."""
    points = np.concatenate([np.asarray(stroke, dtype=np.float64) for stroke in polylines])
    return points.min(axis=0), points.max(axis=0)


def fit(polylines: Sequence[np.ndarray], size: float = CANVAS) -> list[np.ndarray]:
    """Align a drawing to the top left corner and scale its larger side to `size`; a single point stays a point."""
    low, high = bounds(polylines)
    side = float((high - low).max())
    scale = size / side if side > 0 else 1.0
    return [(np.asarray(stroke, dtype=np.float64) - low) * scale for stroke in polylines]


def resample(stroke: np.ndarray, spacing: float = 1.0, keep_corners: bool = False) -> np.ndarray:
    """Return points every `spacing` along a polyline `[n, 2]`, and both ends; a dot becomes two equal points.

    Quick, Draw! drops the vertices in between, which cuts corners by up to half a pixel; `keep_corners` keeps them.
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

    A point is kept if its distance to the infinite line through the span's ends (or to the end itself, if both
    coincide) exceeds `epsilon`: the variant that reproduces Quick, Draw!'s own simplified drawings.
    """
    stroke = np.asarray(stroke, dtype=np.float64)
    return stroke[significance(stroke, epsilon) > epsilon]


def significance(stroke: np.ndarray, epsilon: float = 0.0, outermost: Sequence[int] = ()) -> np.ndarray:
    """Return, for each point of a polyline `[n, 2]`, the tolerance below which `simplify` keeps it, `[n]`.

    Infinite for both ends; 0 for points that `epsilon` already removes, which saves time. The points with indices
    `outermost` rank just below the ends.
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
            # A point is considered only if the ends of its span are kept.
            kept_below[middle] = min(distance[farthest], kept_below[first], kept_below[last])
            spans += [(first, middle), (middle, last)]
    return kept_below


def prepare(polylines: Sequence[np.ndarray], size: float = CANVAS, epsilon: float = EPSILON) -> list[np.ndarray]:
    """Prepare a drawing as Quick, Draw! did: align, scale to `size`, resample at 1 pixel, simplify, round."""
    return [np.rint(simplify(resample(stroke), epsilon)) for stroke in fit(polylines, size) if len(stroke)]


def to_sketch(
    polylines: Sequence[np.ndarray], canvas_size: float, epsilon: float = EPSILON, max_points: int | None = None
) -> tuple[np.ndarray, float]:
    """Turn a drawing into a sketch for a model: `prepare`, within `max_points`.

    Args:
        polylines: the strokes `[points, 2]`, in any unit, y downwards.
        canvas_size: larger side of the sketch, in data units. For a canvas smaller than `CANVAS` the drawing is
            prepared at `CANVAS` and scaled down last, so that rounding to pixels costs no detail.
        epsilon: tolerance of the simplification in pixels, raised as far as `max_points` requires.
        max_points: maximum rows of the sketch.

    Returns:
        The sketch, stroke-3 `[points, 3]`, and the tolerance used.

    Raises:
        DataError: empty, only a dot, strokes too long, or too many strokes for `max_points`.
    """
    strokes = [stroke for stroke in polylines if len(stroke)]
    if not strokes or not np.ptp(np.concatenate(strokes), axis=0).any():
        raise DataError("a drawing of only a dot" if strokes else "a drawing without strokes")
    pixels = max(canvas_size, CANVAS)
    strokes = fit(strokes, pixels)
    ink = sum(float(np.hypot(*np.diff(stroke, axis=0).T).sum()) for stroke in strokes)
    if ink > MAX_INK_PIXELS:
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
                "remove strokes or join them"
            )
        most_significant = np.sort(np.concatenate(kept_below))[::-1]
        # A sketch has one row fewer than its drawing has points
        epsilon = max([epsilon, *most_significant[max_points + 1 : max_points + 2]])
    simplified = [stroke[below > epsilon] for stroke, below in zip(strokes, kept_below, strict=True)]
    scale = canvas_size / pixels
    # Fit again, so that preparing the result is idempotent
    return from_polylines([np.rint(stroke) * scale for stroke in fit(simplified, pixels)]), float(epsilon)


def shorten(sketch: np.ndarray, max_points: int) -> tuple[np.ndarray, float]:
    """Simplify a stroke-3 sketch `[points, 3]` to at most `max_points` rows, at the same size.

    Returns:
        The sketch, unchanged if it fits, and the tolerance used in pixels.

    Raises:
        DataError: too many strokes for `max_points`.
    """
    if len(sketch) <= max_points:
        return sketch, 0.0
    strokes = to_polylines(sketch)
    return to_sketch(strokes, float(np.ptp(np.concatenate(strokes), axis=0).max()), 0.0, max_points)


def simplified(name: str, sketch: np.ndarray, used: float) -> str:
    """Return a message for the user on a drawing that was simplified further."""
    return f"{name}: simplified to {len(sketch)} points, tolerance {used:.1f} pixels"


def _outermost(strokes: Sequence[np.ndarray]) -> list[list[int]]:
    """Return, per stroke, the indices of its points that span the drawing's larger side."""
    # Rounded, so that a rounding error does not break a straight side
    axes = np.concatenate(strokes).round(6).T
    along = max(axes, key=np.ptp)
    starts = np.cumsum([0] + [len(stroke) for stroke in strokes]).tolist()
    ends = int(np.argmin(along)), int(np.argmax(along))
    return [[end - low for end in ends if low <= end < high] for low, high in pairwise(starts)]
