"""Geometry on drawings: bounds, scale, resampling, simplification; polylines in, polylines out."""

from collections.abc import Sequence

import numpy as np

CANVAS = 255.0
"""Larger side of a Quick, Draw! drawing in its own units (pixels)."""

EPSILON = 2.0
"""Ramer-Douglas-Peucker tolerance of the simplified Quick, Draw! drawings, in pixels."""


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


def resample(stroke: np.ndarray, spacing: float = 1.0) -> np.ndarray:
    """Return points every `spacing` along a polyline `[n, 2]`, both ends kept; a dot becomes two equal points."""
    stroke = np.asarray(stroke, dtype=np.float64)
    travelled = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    length = travelled[-1]
    if length == 0.0:
        return stroke[[0, -1]]
    stations = np.append(np.arange(0.0, length, spacing), length)
    return np.stack([np.interp(stations, travelled, axis) for axis in stroke.T], axis=1)


def simplify(stroke: np.ndarray, epsilon: float = EPSILON) -> np.ndarray:
    """Return the Ramer-Douglas-Peucker simplification of a polyline `[n, 2]`.

    A point is kept when its perpendicular distance to the infinite line through the span's ends (to the end itself
    where both coincide) is more than `epsilon`: the variant that reproduces Quick, Draw!'s own simplified drawings.
    """
    stroke = np.asarray(stroke, dtype=np.float64)
    keep = np.zeros(len(stroke), dtype=bool)
    keep[[0, -1]] = True
    spans = [(0, len(stroke) - 1)]
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
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return stroke[keep]


def prepare(polylines: Sequence[np.ndarray], size: float = CANVAS, epsilon: float = EPSILON) -> list[np.ndarray]:
    """Do to a drawing what Quick, Draw! did: align, scale to `size`, resample at 1 pixel, simplify, round last."""
    return [np.rint(simplify(resample(stroke), epsilon)) for stroke in fit(polylines, size) if len(stroke)]
