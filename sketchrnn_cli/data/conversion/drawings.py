"""A drawing on its way into a data set, or the reason why it was skipped."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.formats import from_polylines
from sketchrnn_cli.strokes.prepare import CANVAS, fit, prepare

MAX_POINTS = 100_000
"""Before preparation; nobody draws more by hand."""

MAX_COORDINATE = 1e9
"""Magnitude; the limit keeps the arithmetic finite."""

MAX_LENGTH_PIXELS = 200_000.0
"""Total length of all strokes at `CANVAS` size: resampling adds a point per pixel."""


@dataclass(frozen=True)
class Drawing:
    """A sketch as read."""

    sketch: np.ndarray
    """Stroke-3 `[points, 3]`, int16 where all are whole numbers, else float32."""
    where: str
    """File, and position in it."""
    label: str
    """What it shows, if the source says; else the name of its file or folder."""
    recognized: bool = True
    """Whether the game recognized it."""
    split: str = ""
    """Its split, if it comes from an archive."""
    key_id: int | None = None
    """Its id in Quick, Draw!."""
    notes: tuple[str, ...] = ()
    """What the user should know about how it was read."""
    by_hand: bool = True
    """Whether a person drew at least a part of it."""
    doubt: str = ""
    """Why it may have been misread."""


@dataclass(frozen=True)
class Skipped:
    """A drawing that could not be used."""

    where: str
    reason: str


def sketch_of(polylines: Sequence[np.ndarray], epsilon: float | None) -> np.ndarray:
    """Return the sketch of strokes `[points, 2]`.

    Args:
        polylines: the strokes, in any unit.
        epsilon: tolerance in pixels for preparing the drawing as Quick, Draw! does; None keeps it as it is.

    Raises:
        DataError: it is empty, or cannot have been drawn by hand.
    """
    strokes = [np.asarray(stroke, dtype=np.float64) for stroke in polylines if len(stroke)]
    if not strokes:
        raise DataError("no stroke")
    points = np.concatenate(strokes)
    if len(points) > MAX_POINTS:
        raise DataError(f"{len(points)} points; the limit is {MAX_POINTS}")
    if not (np.abs(points) <= MAX_COORDINATE).all():
        raise DataError("a coordinate is not finite or too large")
    if (points == points[0]).all():
        raise DataError("only a dot")
    if epsilon is not None:
        lengths = [np.hypot(*np.diff(stroke, axis=0).T).sum() for stroke in fit(strokes)]
        if sum(lengths) > MAX_LENGTH_PIXELS:
            raise DataError(f"strokes {sum(lengths) / CANVAS:.0f} times as long as the drawing is large")
        strokes = prepare(strokes, epsilon=epsilon)
    return compact(from_polylines(strokes))


def compact(sketch: np.ndarray) -> np.ndarray:
    """Return a sketch with offsets within ± 1000 as int16 if all values are integers, else as float32."""
    whole = sketch.astype(np.int16)
    return whole if (whole == sketch).all() else sketch.astype(np.float32)
