"""Morph one drawing into another: strokes are matched, and their points move along straight lines.

Interpolation in latent space draws each step from scratch and flickers; this does not, and needs no model.
"""

from collections.abc import Sequence

import numpy as np

from sketchrnn_cli.strokes.formats import from_polylines, to_polylines
from sketchrnn_cli.strokes.prepare import bounds

STROKE_POINTS = 48
"""Points per stroke while it moves."""
MAX_MATCH_COST = 0.75
"""Strokes with a higher cost are not matched: one shrinks to a point, the other grows from one."""


def between(start: np.ndarray, end: np.ndarray, steps: int) -> list[np.ndarray]:
    """Return `steps` stroke-3 sketches from `start` to `end`, both included unchanged."""
    first, last = _centered(start), _centered(end)
    pairs = _matched(first, last)
    moves = [_endpoints(first, last, one, other) for one, other in pairs]
    times = np.linspace(0.0, 1.0, steps)[1:-1]
    eased = times * times * (3.0 - 2.0 * times)  # Slow at both ends.
    return [start, *(from_polylines([(1 - t) * a + t * b for a, b in moves]) for t in eased), end]


def _centered(sketch: np.ndarray) -> list[np.ndarray]:
    """Return the strokes of a sketch with their bounding box centered at the origin."""
    strokes = to_polylines(sketch)
    low, high = bounds(strokes)
    return [stroke - (low + high) / 2 for stroke in strokes]


def _matched(first: Sequence[np.ndarray], last: Sequence[np.ndarray]) -> list[tuple[int | None, int | None]]:
    """Pair the strokes of two drawings greedily, the most similar first; None stands for no partner."""
    size = max(float(np.ptp(np.concatenate(list(drawing)), axis=0).max()) for drawing in (first, last)) or 1.0
    costs = sorted((_cost(a, b) / size, one, other) for one, a in enumerate(first) for other, b in enumerate(last))
    partner: dict[int, int] = {}
    for cost, one, other in costs:
        if cost <= MAX_MATCH_COST and one not in partner and other not in partner.values():
            partner[one] = other
    pairs: list[tuple[int | None, int | None]] = [(one, partner.get(one)) for one in range(len(first))]
    return pairs + [(None, other) for other in range(len(last)) if other not in partner.values()]


def _cost(a: np.ndarray, b: np.ndarray) -> float:
    """Return the mean distance between the points of two strokes, plus a share of their difference in length."""
    along, against = (float(np.hypot(*(_evenly_spaced(a) - _evenly_spaced(line)).T).mean()) for line in (b, b[::-1]))
    return min(along, against) + 0.25 * abs(_length(a) - _length(b))


def _endpoints(
    first: Sequence[np.ndarray], last: Sequence[np.ndarray], one: int | None, other: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return a stroke's points at start and end, each `[STROKE_POINTS, 2]`; an unmatched one shrinks or grows."""
    if one is None or other is None:
        stroke = _evenly_spaced(first[one] if one is not None else last[other or 0])
        point = np.broadcast_to(stroke.mean(axis=0), stroke.shape)
        return (stroke, point) if other is None else (point, stroke)
    a, b = _evenly_spaced(first[one]), _evenly_spaced(last[other])
    turned = b[::-1]
    return a, b if ((a - b) ** 2).sum() <= ((a - turned) ** 2).sum() else turned


def _evenly_spaced(stroke: np.ndarray) -> np.ndarray:
    """Resample a stroke to `[STROKE_POINTS, 2]` at equal distances."""
    traveled = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    stations = np.linspace(0.0, traveled[-1], STROKE_POINTS)
    return np.stack([np.interp(stations, traveled, axis) for axis in np.asarray(stroke, dtype=np.float64).T], axis=1)


def _length(stroke: np.ndarray) -> float:
    return float(np.hypot(*np.diff(stroke, axis=0).T).sum())
