"""Conversions between the representations of a sketch.

Inside the program a sketch is stroke-3: float32 `[points, 3]` of (dx, dy, pen), y downwards, pen 1 where the pen
lifts after the point. A drawing is a list of polylines, each `[points, 2]` of absolute positions. A sketch begins
with the pen down at the origin, so the first segment is drawn.
"""

from collections.abc import Sequence

import numpy as np

from sketchrnn_cli.errors import DataError

LIMIT = 1000.0
"""Offsets are clipped to ± this many data units, as in Magenta's reader."""

PEN_TOLERANCE = 0.01
"""Allowed deviation of a floating-point pen value from 0 or 1."""


def as_stroke3(array: object, where: str) -> np.ndarray:
    """Validate one sketch and convert it to stroke-3; `where` names it in errors.

    Returns:
        float32 `[points, 3]`, offsets clipped to ± `LIMIT`, every pen value 0 or 1.

    Raises:
        DataError: not a numeric `[n, 3]` array, empty, not finite, or with pens other than 0 and 1.
    """
    try:
        with np.errstate(all="ignore"):  # What is not finite is refused.
            sketch = np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{where}: a sketch must be an array of numbers [points, 3]") from error
    if sketch.ndim != 2 or sketch.shape[1] != 3:
        raise DataError(f"{where}: expected stroke-3 of shape [points, 3], received {list(sketch.shape)}")
    if len(sketch) == 0:
        raise DataError(f"{where}: a sketch without points")
    if not np.isfinite(sketch).all():
        raise DataError(f"{where}: a sketch holds NaN or infinity")
    check_pens(sketch, where)
    sketch = np.clip(sketch, -LIMIT, LIMIT).astype(np.float32)
    sketch[:, 2] = sketch[:, 2] > 0.5
    return sketch


def check_pens(points: np.ndarray, where: str) -> None:
    """Check that the third column of rows `[points, 3]` is a pen.

    Raises:
        DataError: a pen other than 0 and 1; the message guesses the layout.
    """
    pen = points[:, 2]
    wrong = (pen != 0) & (pen != 1)
    if pen.dtype.kind == "f":
        wrong &= np.abs(pen - (pen > 0.5)) > PEN_TOLERANCE
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{where}: the third column of row {row} is {pen[row]:g}; a pen is 0, or 1 where it lifts after the point"
            f"{_other_layout(points)}"
        )


def _other_layout(points: np.ndarray) -> str:
    """Guess the layout of rows `[points, 3]` that are not stroke-3, as the end of an error message."""
    first, second, third = points.T
    if np.isin(first, (0, 1)).all() and first.any():
        return ": these look like (pen, dx, dy); put the pen last"
    if np.isin(second, (0, 1)).all() and second.any():
        return ": these look like (dx, pen, dy); put the pen last"
    if len(points) in (2, 3):
        return f": {QUICK_DRAW}"
    if len(points) > 3 and (third[1:] >= third[:-1]).all():
        return ": these look like (x, y, time); give drawings as .ndjson, with [xs, ys, times] for each stroke"
    if ((third >= 0) & (third <= 1)).all():
        return ": these look like (x, y, pressure); a pen is 0 or 1"
    return ""


QUICK_DRAW = "these look like a stroke of Quick, Draw!, [xs, ys, times]; give drawings as .ndjson"
ABSOLUTE = "looks like positions (x, y, pen); a sketch has offsets (dx, dy, pen) from each point to the next"


def looks_absolute(sketch: np.ndarray) -> bool:
    """Return whether the rows of a sketch look like positions: none is negative, as some offset would be.

    The offsets of a line that falls to the right are not negative either; but read as positions, they never turn back.
    """
    positions = sketch[:, :2]
    if len(sketch) < 4 or (positions < 0).any():
        return False
    moves = np.diff(positions, axis=0)
    backwards = -np.minimum(moves, 0).sum(axis=0) > 0.1 * np.abs(moves).sum(axis=0)
    return bool(backwards.any() and np.abs(moves).sum() < positions.sum())


def flipped(sketch: np.ndarray) -> np.ndarray:
    """Return a sketch upside down, of the same type."""
    return sketch * np.array([1, -1, 1], dtype=sketch.dtype)


def to_polylines(sketch: np.ndarray) -> list[np.ndarray]:
    """Convert stroke-3 to polylines, one `[points, 2]` array of absolute positions per stroke.

    The first stroke starts at the origin, later ones where the pen comes down.
    """
    positions = np.cumsum(sketch[:, :2], axis=0, dtype=np.float64)
    positions = np.concatenate([np.zeros((1, 2)), positions])
    lifts = np.flatnonzero(sketch[:, 2] > 0.5) + 2
    strokes = np.split(positions, lifts)
    return [stroke for stroke in strokes if len(stroke)]


def from_polylines(polylines: Sequence[np.ndarray]) -> np.ndarray:
    """Convert polylines to stroke-3, moving the first point to the origin.

    The inverse of `to_polylines`, up to that translation. Empty polylines are skipped. The first stroke of a sketch
    needs two points, so a leading dot becomes a line of length zero.

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
    """Return float32 `[length, 5]` of (dx, dy, p1, p2, p3), padded with end rows (0, 0, 0, 0, 1).

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
    """Return the stroke-3 sketch before the first end row of `[length, 5]` rows; an end row's offset is not drawn."""
    ends = np.flatnonzero(rows[:, 4] > 0.5)
    points = ends[0] if len(ends) else len(rows)
    return np.concatenate([rows[:points, :2], rows[:points, 3:4]], axis=1).astype(np.float32)
