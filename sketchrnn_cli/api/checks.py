"""Validate arguments of Python callers; errors state what was expected and what was received."""

import math
import operator
import os
from collections.abc import Iterable

import numpy as np

from sketchrnn_cli.errors import DataError, UsageError
from sketchrnn_cli.strokes.formats import as_stroke3


def whole(value: object, name: str, least: int) -> int:
    """Return an integer of at least `least`.

    Raises:
        UsageError: not an integer, or smaller.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError as error:
        raise UsageError(f"{name} {value!r}: expected a whole number") from error
    if number < least:
        raise UsageError(f"{name} {number}: expected at least {least}")
    return number


def number(value: object, name: str) -> float:
    """Return a finite number.

    Raises:
        UsageError: not a finite number.
    """
    if isinstance(value, bool | str) or not isinstance(value, int | float | np.number) or not math.isfinite(value):
        raise UsageError(f"{name} {value!r}: expected a number")
    return float(value)


def path(value: object, what: str) -> str:
    """Return a name or a path as text.

    Raises:
        UsageError: not text or a path, or empty.
    """
    if not isinstance(value, str | os.PathLike) or not (text := os.fspath(value)):
        raise UsageError(f"no {what} {value!r}: expected a name or a path")
    return text


def sketch(value: object, where: str = "sketch") -> np.ndarray:
    """Return one sketch as stroke-3 float32 `[points, 3]`.

    Raises:
        DataError: not a sketch, without points, not finite, or with pens other than 0 and 1.
    """
    if isinstance(value, np.ndarray) and value.dtype.kind == "c":
        raise DataError(f"{where}: a sketch must be an array of numbers [points, 3]")
    return as_stroke3(value, where)


def sketches(value: object) -> list[np.ndarray]:
    """Return sketches as stroke-3; one array `[points, 3]` counts as one sketch.

    Raises:
        UsageError: there are none.
        DataError: one of them is not a sketch.
    """
    return [sketch(one, f"sketch {place}") for place, one in enumerate(_several(value), 1)]


def shapes(value: object) -> list[np.ndarray]:
    """Return sketches to show as float arrays `[points, 3]`, possibly empty.

    Raises:
        UsageError: there are none.
        DataError: one of them has another shape.
    """
    found = []
    for place, one in enumerate(_several(value), 1):
        try:
            array = np.asarray(one, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise DataError(f"sketch {place}: a sketch must be an array of numbers [points, 3]") from error
        if array.ndim != 2 or array.shape[1] != 3:
            raise DataError(f"sketch {place}: expected stroke-3 of shape [points, 3], received {list(array.shape)}")
        found.append(array)
    return found


def latents(value: object, z_size: int) -> np.ndarray:
    """Return latent vectors as float32 `[sketches, z_size]`; one vector `[z_size]` counts as one sketch's.

    Raises:
        UsageError: empty, of another shape, or not finite.
    """
    try:
        z = np.atleast_2d(np.asarray(value, dtype=np.float32))
    except (TypeError, ValueError) as error:
        raise UsageError(f"z: expected an array of numbers [sketches, {z_size}]") from error
    if z.ndim != 2 or z.shape[1] != z_size or not len(z):
        raise UsageError(f"z of shape {list(z.shape)}; this model needs [sketches, {z_size}]")
    if not np.isfinite(z).all():
        raise UsageError("z holds NaN or infinity")
    return z


def _several(value: object) -> list[object]:
    if isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype != object:
        return [value]
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise UsageError(f"{type(value).__name__}: expected sketches, arrays of shape [points, 3]")
    several = list(value)
    if not several:
        raise UsageError("no sketch was given; expected arrays of shape [points, 3]")
    return several
