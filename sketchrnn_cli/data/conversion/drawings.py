"""A drawing on its way into a data set, or the reason why it stays out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.formats import from_polylines
from sketchrnn_cli.strokes.prepare import CANVAS, fit, prepare

MOST_POINTS = 100_000
"""Points of a drawing before it is prepared; more is no drawing by hand."""

LARGEST = 1e9
"""Coordinates beyond ± this are no drawing either; it keeps the arithmetic finite."""

LONGEST = 200_000.0
"""Length of all strokes at `CANVAS` size, in pixels: resampling makes a point of each."""


@dataclass(frozen=True)
class Drawing:
    """A sketch that was read."""

    sketch: np.ndarray
    """Stroke-3 `[points, 3]`, int16 where all are whole numbers, else float32."""
    where: str
    """File, and place in it."""
    label: str
    """What it shows, as far as the source says; else the name of its file or folder."""
    recognized: bool = True
    """Whether the game recognized it."""
    split: str = ""
    """The split it comes from, where it comes from an archive."""
    key_id: int | None = None
    """The number that Quick, Draw! gave it."""
    notes: tuple[str, ...] = ()
    """What the user should know of how it was read."""
    by_hand: bool = True
    """Whether a person drew it, or a part of it."""
    doubt: str = ""
    """What makes one doubt that it was read as it was meant."""


@dataclass(frozen=True)
class Skipped:
    """A drawing that could not be used."""

    where: str
    reason: str


def sketch_of(polylines: Sequence[np.ndarray], epsilon: float | None) -> np.ndarray:
    """Return the sketch of strokes `[points, 2]`.

    Args:
        polylines: the strokes, in any unit.
        epsilon: prepare the drawing as Quick, Draw! does, with this tolerance in pixels; None takes it as it is.

    Raises:
        DataError: it draws nothing, or cannot have been drawn by hand.
    """
    strokes = [np.asarray(stroke, dtype=np.float64) for stroke in polylines if len(stroke)]
    if not strokes:
        raise DataError("no stroke")
    points = np.concatenate(strokes)
    if len(points) > MOST_POINTS:
        raise DataError(f"{len(points)} points; at most {MOST_POINTS} are taken")
    if not (np.abs(points) <= LARGEST).all():
        raise DataError("a coordinate is not finite, or too large")
    if (points == points[0]).all():
        raise DataError("nothing but a dot")
    if epsilon is not None:
        lengths = [np.hypot(*np.diff(stroke, axis=0).T).sum() for stroke in fit(strokes)]
        if sum(lengths) > LONGEST:
            raise DataError(f"strokes {sum(lengths) / CANVAS:.0f} times as long as the drawing is large")
        strokes = prepare(strokes, epsilon=epsilon)
    return compact(from_polylines(strokes))


def compact(sketch: np.ndarray) -> np.ndarray:
    """Return a sketch of offsets within ± 1000 in int16 where all its values are whole, else in float32."""
    whole = sketch.astype(np.int16)
    return whole if (whole == sketch).all() else sketch.astype(np.float32)
