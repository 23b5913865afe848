"""Primitives of the built-in doodles: curves, loops and lines, and the unsteadiness of a hand.

A stroke is an absolute polyline `[points, 2]`, y downwards; a drawing is a list of strokes in drawing order.
Angles are degrees, clockwise on the page from three o'clock.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

SPAN_SAMPLES = 8
TURN_SAMPLES = 40
"""Points per span of a curve, and per full turn: finer than simplification keeps."""

LEFT_AND_RIGHT = (-1, 1)

Drawing = list[np.ndarray]


@cache
def _catmull_rom() -> np.ndarray:
    """Return the weights `[samples, 4]` of four successive points on the span between the middle two."""
    t = np.arange(SPAN_SAMPLES) / SPAN_SAMPLES
    powers = np.stack([np.ones_like(t), t, t**2, t**3], axis=1)
    return powers @ np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2.0


def curve(points: ArrayLike) -> np.ndarray:
    """Return a smooth curve through points `[n, 2]` (a uniform Catmull-Rom spline)."""
    points = np.asarray(points, dtype=np.float64)
    ends = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    neighbors = np.stack([ends[:-3], ends[1:-2], ends[2:-1], ends[3:]], axis=1)
    spans = _catmull_rom() @ neighbors
    return np.concatenate([spans.reshape(-1, 2), points[-1:]])


def line(start: ArrayLike, end: ArrayLike, bow: float = 0.0) -> np.ndarray:
    """Return a line bowed to its left by `bow` of its length (a parabola)."""
    start, end = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    t = np.linspace(0.0, 1.0, SPAN_SAMPLES)[:, None]
    along = end - start
    return start + along * t + bow * 4 * t * (1 - t) * np.array([along[1], -along[0]])


def arc(center: ArrayLike, radii: ArrayLike, start: float, sweep: float) -> np.ndarray:
    """Return the arc of an ellipse from angle `start` through `sweep` (negative: counterclockwise)."""
    samples = max(6, int(abs(sweep) / 360 * TURN_SAMPLES))
    angles = np.radians(start + np.linspace(0.0, sweep, samples))
    return np.asarray(center) + np.asarray(radii) * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def loop(rng: np.random.Generator, center: ArrayLike, radii: ArrayLike) -> np.ndarray:
    """Return an ellipse drawn by hand: from near the top, with a small gap or overlap."""
    turn = rng.normal(358.0, 9.0) * (-1 if rng.random() < 0.7 else 1)
    return arc(center, radii, rng.normal(-90.0, 25.0), turn)


def ribbon(path: np.ndarray, width: float, tip: float = 1.0) -> np.ndarray:
    """Return the outline of a thick curve in one stroke: along one side, around the end, back along the other.

    Args:
        path: center line, `[points, 2]`.
        width: at the start.
        tip: width at the end, as a share of `width`.
    """
    ahead = np.gradient(path, axis=0)
    ahead /= np.hypot(*ahead.T)[:, None] + 1e-9
    half_widths = width / 2 * np.linspace(1.0, tip, len(path))
    aside = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1) * half_widths[:, None]
    turn = np.radians(np.linspace(0.0, 180.0, 7))[1:-1, None]
    cap = path[-1] + np.cos(turn) * aside[-1] + np.sin(turn) * ahead[-1] * half_widths[-1]
    return np.concatenate([path + aside, cap, (path - aside)[::-1]])


def loose(rng: np.random.Generator, points: ArrayLike, amount: float) -> np.ndarray:
    """Add Gaussian noise of standard deviation `amount` to points."""
    points = np.asarray(points, dtype=np.float64)
    return points + rng.normal(0.0, amount, points.shape)


def place(drawing: Sequence[np.ndarray], origin: ArrayLike, scale: ArrayLike = 1.0, tilt: float = 0.0) -> Drawing:
    """Scale a drawing (negative mirrors), then rotate it by `tilt` degrees, then translate it by `origin`."""
    scale, origin = np.asarray(scale), np.asarray(origin)
    cos, sin = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    turn = np.array([[cos, sin], [-sin, cos]])
    return [(stroke * scale) @ turn + origin for stroke in drawing]


def by_hand(drawing: Sequence[np.ndarray], rng: np.random.Generator, unsteadiness: float) -> Drawing:
    """Perturb a drawing as an unsteady hand would.

    Each stroke is shifted, drifts along its length, so that outlines rarely close, and sways slowly, with wavelengths
    of a seventh to two fifths of the drawing. `unsteadiness` is about the drift of a long stroke, in percent of the
    drawing's larger side.
    """
    counts = np.array([len(stroke) for stroke in drawing])
    starts = np.cumsum(counts) - counts
    points = np.concatenate(drawing)
    size = float(np.ptp(points, axis=0).max())

    def each(values: np.ndarray) -> np.ndarray:
        """Repeat one value per stroke for all its points."""
        return np.repeat(values, counts, axis=0)

    steps = np.hypot(*np.diff(points, axis=0, prepend=points[:1]).T)
    traveled = np.cumsum(steps) / size
    traveled -= each(traveled[starts])
    lengths = traveled[starts + counts - 1]
    progress = traveled / np.maximum(each(lengths), 1e-9)

    # Short strokes are steadier, so that an eye remains an eye
    care = np.minimum(1.0, 0.35 + lengths)[:, None]
    aside = rng.normal(0.0, 0.5, (len(drawing), 2)) * care
    stray = rng.normal(0.0, 1.0, (len(drawing), 2)) * np.minimum(1.0, lengths)[:, None]
    sway = np.zeros_like(points)
    for wave in (rng.uniform(0.28, 0.4), rng.uniform(0.14, 0.2)):
        phase = rng.uniform(0.0, 2 * np.pi, (len(drawing), 2))
        sway += 2 * wave * np.sin(each(phase) + 2 * np.pi / wave * traveled[:, None])
    moved = each(aside) + each(stray) * progress[:, None] + each(care) * sway
    return np.split(points + moved * (unsteadiness * size / 100), starts[1:])
