"""The representations of a sketch and the ways between them.

Inside the program a sketch is stroke-3: float32 `[points, 3]` of (dx, dy, pen), y downwards, pen 1 where the pen
lifts after the point. A drawing as a person sees it is a list of polylines, each `[points, 2]` of absolute positions.
The pen is down at the origin when a sketch begins, so the first segment is drawn.
"""

from collections.abc import Sequence

import numpy as np

from sketchrnn_cli.errors import DataError

LIMIT = 1000.0
"""Offsets beyond ± this many data units are clipped, as in Magenta's reader."""


def as_stroke3(array: object, where: str) -> np.ndarray:
    """Check and convert one sketch to stroke-3; `where` names it in errors.

    Returns:
        float32 `[points, 3]`, offsets clipped to ± `LIMIT`, every pen value 0 or 1.

    Raises:
        DataError: not a numeric `[n, 3]` array, without points, or not finite.
    """
    try:
        sketch = np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{where}: a sketch must be an array of numbers [points, 3]") from error
    if sketch.ndim != 2 or sketch.shape[1] != 3:
        raise DataError(f"{where}: expected stroke-3 of shape [points, 3], received {list(sketch.shape)}")
    if len(sketch) == 0:
        raise DataError(f"{where}: a sketch without points")
    if not np.isfinite(sketch).all():
        raise DataError(f"{where}: a sketch holds NaN or infinity")
    sketch = np.clip(sketch, -LIMIT, LIMIT).astype(np.float32)
    sketch[:, 2] = sketch[:, 2] > 0.5
    return sketch


def to_polylines(sketch: np.ndarray) -> list[np.ndarray]:
    """Return the pen's paths, one `[points, 2]` array of absolute positions a stroke.

    The first stroke starts at the origin; every later one where the pen comes down.
    """
    positions = np.cumsum(sketch[:, :2], axis=0, dtype=np.float64)
    positions = np.concatenate([np.zeros((1, 2)), positions])
    lifts = np.flatnonzero(sketch[:, 2] > 0.5) + 2
    strokes = np.split(positions, lifts)
    return [stroke for stroke in strokes if len(stroke)]


def from_polylines(polylines: Sequence[np.ndarray]) -> np.ndarray:
    """Return the stroke-3 sketch of a drawing, its first point moved to the origin.

    The inverse of `to_polylines`, up to that translation. Empty polylines are skipped. The first stroke of a sketch
    needs two points, so a dot that comes first is drawn as a line of length zero.

    Raises:
        DataError: no polyline has a point.
    """
    strokes = [np.asarray(stroke, dtype=np.float64) for stroke in polylines if len(stroke)]
    if not strokes:
        raise DataError("a drawing without a point")
    if len(strokes[0]) == 1:
        strokes[0] = np.repeat(strokes[0], 2, axis=0)
    positions = np.concatenate(strokes)
    sketch = np.zeros((len(positions), 3))
    sketch[1:, :2] = np.diff(positions, axis=0)
    sketch[np.cumsum([len(stroke) for stroke in strokes]) - 1, 2] = 1.0
    return sketch[1:].astype(np.float32)


def to_stroke5(sketch: np.ndarray, length: int) -> np.ndarray:
    """Return float32 `[length, 5]` of (dx, dy, p1, p2, p3), end rows (0, 0, 0, 0, 1) after the sketch.

    Raises:
        DataError: the sketch has more than `length` points.
    """
    if len(sketch) > length:
        raise DataError(f"a sketch of {len(sketch)} points does not fit {length}")
    rows = np.zeros((length, 5), dtype=np.float32)
    points = len(sketch)
    rows[:points, :2] = sketch[:, :2]
    rows[:points, 2] = 1.0 - sketch[:, 2]
    rows[:points, 3] = sketch[:, 2]
    rows[points:, 4] = 1.0
    return rows


def from_stroke5(rows: np.ndarray) -> np.ndarray:
    """Return the stroke-3 sketch before the first end row of `[length, 5]` rows."""
    ends = np.flatnonzero(rows[:, 4] > 0.5)
    points = ends[0] if len(ends) else len(rows)
    return np.concatenate([rows[:points, :2], rows[:points, 3:4]], axis=1).astype(np.float32)
