"""One drawing turns into another point by point: strokes are matched, and their points move along straight ways.

The latent way from one drawing to another draws each step anew, and so it flickers; this one moves what is there. It
needs no model, and knows nothing of what is drawn.
"""

from collections.abc import Sequence

import numpy as np

from sketchrnn_cli.strokes.formats import from_polylines, to_polylines
from sketchrnn_cli.strokes.prepare import bounds

POINTS = 48
"""Of every stroke on its way: enough for a curve, the same number for both ends."""
FAR = 0.75
"""Cost beyond which two strokes are not the same one: one fades into a point, and the other grows out of one."""


def between(start: np.ndarray, end: np.ndarray, steps: int) -> list[np.ndarray]:
    """Return `steps` sketches on the way from one stroke-3 sketch to another, both ends included as they are."""
    first, last = _centered(start), _centered(end)
    pairs = _matched(first, last)
    ways = [_way(first, last, one, other) for one, other in pairs]
    times = np.linspace(0.0, 1.0, steps)[1:-1]
    eased = times * times * (3.0 - 2.0 * times)  # Slow at both ends.
    return [start, *(from_polylines([(1 - t) * a + t * b for a, b in ways]) for t in eased), end]


def _centered(sketch: np.ndarray) -> list[np.ndarray]:
    """Return the strokes of a sketch around the middle of its bounds: where it was begun says nothing of its place."""
    strokes = to_polylines(sketch)
    low, high = bounds(strokes)
    return [stroke - (low + high) / 2 for stroke in strokes]


def _matched(first: Sequence[np.ndarray], last: Sequence[np.ndarray]) -> list[tuple[int | None, int | None]]:
    """Pair the strokes of two drawings, the likest first; what is left over stands alone."""
    size = max(float(np.ptp(np.concatenate(list(drawing)), axis=0).max()) for drawing in (first, last)) or 1.0
    costs = sorted((_cost(a, b) / size, one, other) for one, a in enumerate(first) for other, b in enumerate(last))
    partner: dict[int, int] = {}
    for cost, one, other in costs:
        if cost <= FAR and one not in partner and other not in partner.values():
            partner[one] = other
    pairs: list[tuple[int | None, int | None]] = [(one, partner.get(one)) for one in range(len(first))]
    return pairs + [(None, other) for other in range(len(last)) if other not in partner.values()]


def _cost(a: np.ndarray, b: np.ndarray) -> float:
    """Return the mean way of a stroke's points to another's, and how much longer one is than the other."""
    along, against = (float(np.hypot(*(_even(a) - _even(line)).T).mean()) for line in (b, b[::-1]))
    return min(along, against) + 0.25 * abs(_length(a) - _length(b))


def _way(
    first: Sequence[np.ndarray], last: Sequence[np.ndarray], one: int | None, other: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return where the points of a stroke begin and end, each `[POINTS, 2]`; a stroke alone shrinks or grows."""
    if one is None or other is None:
        stroke = _even(first[one] if one is not None else last[other or 0])
        point = np.broadcast_to(stroke.mean(axis=0), stroke.shape)
        return (stroke, point) if other is None else (point, stroke)
    a, b = _even(first[one]), _even(last[other])
    turned = b[::-1]
    return a, b if ((a - b) ** 2).sum() <= ((a - turned) ** 2).sum() else turned


def _even(stroke: np.ndarray) -> np.ndarray:
    """Return `POINTS` points at equal distances along a stroke, `[POINTS, 2]`."""
    traveled = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    stations = np.linspace(0.0, traveled[-1], POINTS)
    return np.stack([np.interp(stations, traveled, axis) for axis in np.asarray(stroke, dtype=np.float64).T], axis=1)


def _length(stroke: np.ndarray) -> float:
    return float(np.hypot(*np.diff(stroke, axis=0).T).sum())
