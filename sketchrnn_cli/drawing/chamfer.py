"""How far two drawings are from each other, wherever their strokes begin and in whatever order they were drawn."""

import numpy as np

from sketchrnn_cli.strokes.formats import to_polylines
from sketchrnn_cli.strokes.prepare import fit, resample

POINTS = 96
"""Points that a drawing is resampled to, about."""


def cloud(sketch: np.ndarray) -> np.ndarray:
    """Return about `POINTS` points `[n, 2]` at equal arc length along a stroke-3 sketch scaled to a unit box."""
    strokes = fit(to_polylines(sketch), 1.0)
    length = sum(np.hypot(*np.diff(stroke, axis=0).T).sum() for stroke in strokes)
    return np.concatenate([resample(stroke, max(length / POINTS, 1e-6)) for stroke in strokes])


def chamfer(a: np.ndarray, b: np.ndarray) -> float:
    """Return the Chamfer distance of two clouds: from each point to the other's nearest, averaged over both ways."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * a @ b.T
    distances = np.sqrt(np.maximum(squares, 0.0))
    return float(distances.min(axis=0).mean() + distances.min(axis=1).mean()) / 2
