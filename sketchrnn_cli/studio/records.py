"""Validate what the page sends, before it reaches the disk or a renderer."""

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.formats import as_stroke3

MAX_STROKES = 2_000
MAX_POINTS = 50_000
"""Per drawing; a minute of a pen at 240 samples per second has 14,400."""
MAX_COORDINATE = 1e6
MAX_DURATION_MS = 1e10
"""Four months."""
MAX_TEXT = 100
MAX_SKETCHES = 100
"""Per animation."""
HANDS = ("hand", "model")
ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def parse_json(body: bytes) -> dict[str, Any]:
    """Parse the JSON object of a request's body.

    Raises:
        DataError: not a JSON object, or NaN or infinity in it.
    """
    try:
        values = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DataError("the body is not valid JSON") from error
    if not isinstance(values, dict):
        raise DataError(f"expected a JSON object, received {type(values).__name__}")
    return values


def check_drawing(values: Mapping[str, Any]) -> dict[str, Any]:
    """Validate the record of a drawing; unknown keys are dropped.

    `drawing` is Quick, Draw!'s raw form `[[xs, ys, times], ...]`; `pressure` has a list, `by` a word for each stroke.

    Raises:
        DataError: a value is missing, of another type, or out of bounds.
    """
    identity = values.get("id")
    if not isinstance(identity, str) or not ID.fullmatch(identity):
        raise DataError("id: expected 8 to 64 letters, digits, - or _")
    drawing = [_stroke(stroke) for stroke in _list(values, "drawing", MAX_STROKES)]
    if not drawing or sum(len(xs) for xs, _, _ in drawing) > MAX_POINTS:
        raise DataError(f"drawing: expected 1 to {MAX_POINTS} points in 1 to {MAX_STROKES} strokes")
    pressure = [_numbers(stroke, "pressure", 1.0) for stroke in _list(values, "pressure", MAX_STROKES)]
    if [len(stroke) for stroke in pressure] != [len(xs) for xs, _, _ in drawing]:
        raise DataError("pressure: expected one number for each point of the drawing")
    by = _list(values, "by", MAX_STROKES)
    if len(by) != len(drawing) or any(hand not in HANDS for hand in by):
        raise DataError(f"by: expected {' or '.join(HANDS)} for each stroke of the drawing")
    return {
        "word": _text(values, "word"),
        "id": identity,
        "drawing": drawing,
        "pressure": pressure,
        "by": by,
        "model": _text(values, "model"),
        "temperature": _number(values, "temperature", 1000.0),
        "seed": _number(values, "seed", 2.0**53),
    }


def check_sketches(values: Mapping[str, Any]) -> list[np.ndarray]:
    """Return the stroke-3 sketches `[points, 3]`, in data units, of a request for an animation.

    Raises:
        DataError: a value is missing, of another type, or out of bounds.
    """
    rows = _list(values, "sketches", MAX_SKETCHES)
    if not rows:
        raise DataError("sketches: expected at least one")
    sketches = [as_stroke3(sketch, f"sketches: number {number}") for number, sketch in enumerate(rows, 1)]
    if sum(map(len, sketches)) > MAX_POINTS:
        raise DataError(f"sketches: more than {MAX_POINTS} points in total")
    return sketches


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not valid JSON")


def _list(values: Mapping[str, Any], key: str, max_length: int) -> list:
    found = values.get(key)
    if not isinstance(found, list) or len(found) > max_length:
        raise DataError(f"{key}: expected a list of at most {max_length}")
    return found


def _stroke(stroke: object) -> list[list[float]]:
    if not isinstance(stroke, list) or len(stroke) != 3:
        raise DataError("drawing: a stroke is [xs, ys, times]")
    bounds = (MAX_COORDINATE, MAX_COORDINATE, MAX_DURATION_MS)
    axes = [_numbers(axis, "drawing", bound) for axis, bound in zip(stroke, bounds, strict=True)]
    if not axes[0] or len({len(axis) for axis in axes}) > 1:
        raise DataError("drawing: xs, ys and times of a stroke need the same length, at least 1")
    return axes


def _numbers(found: object, key: str, bound: float) -> list[float]:
    if not isinstance(found, list) or len(found) > MAX_POINTS or not all(_is_within(value, bound) for value in found):
        raise DataError(f"{key}: expected lists of numbers within ± {bound:g}")
    return found


def _is_within(value: object, bound: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -bound <= value <= bound


def _text(values: Mapping[str, Any], key: str) -> str | None:
    found = values.get(key)
    if found is not None and not (isinstance(found, str) and len(found) <= MAX_TEXT and found.isprintable()):
        raise DataError(f"{key}: expected at most {MAX_TEXT} printable characters")
    return found or None


def _number(values: Mapping[str, Any], key: str, bound: float) -> float | None:
    found = values.get(key)
    if found is not None and not _is_within(found, bound):
        raise DataError(f"{key}: expected a number within ± {bound:g}")
    return found
