"""SVG coordinates: lengths, transforms, view boxes, clipping by viewports."""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import svgelements

_PIXELS = {"": 1.0, "px": 1.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "q": 96 / 101.6, "pt": 4 / 3, "pc": 16.0}
_PIXELS |= {"em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0}  # Of the browsers' default font.

DEFAULT_SIZE = (300.0, 150.0)
"""In pixels, without a size or view box, as in browsers."""

NUMBER = r"[-+]?(?:\d++(?:\.\d++)?|\.\d++)(?:[eE][-+]?\d{1,2}(?!\d))?"
_LENGTH = re.compile(rf"({NUMBER})(%|[a-zA-Z]*)")
_FUNCTION = re.compile(r"[\s,]*+([a-zA-Z]+)\s*+\(([^()]*+)\)[\s,]*+")
_ARGUMENTS = {
    "matrix": (6,),
    "translate": (1, 2),
    "translatex": (1,),
    "translatey": (1,),
    "scale": (1, 2),
    "scalex": (1,),
    "scaley": (1,),
    "rotate": (1, 3),
    "skew": (2,),
    "skewx": (1,),
    "skewy": (1,),
}
_ANGLES = ("deg", "grad", "rad", "turn")
_ORIGINS = {"left": "0", "top": "0", "center": "50%", "right": "100%", "bottom": "100%"}
_ALIGN = {"Min": 0.0, "Mid": 0.5, "Max": 1.0}


class Size(NamedTuple):
    """Size of a viewport in its own units: the reference of percentages."""

    width: float
    height: float

    @property
    def diagonal(self) -> float:
        """Reference of percentages for lengths that are neither horizontal nor vertical."""
        return math.hypot(self.width, self.height) / math.sqrt(2)


class Frame(NamedTuple):
    """The frame of an inner viewport, which clips."""

    inverse: np.ndarray
    """From units of the outermost viewport to those of the frame, `[3, 3]`; the frame's corner is the origin."""
    size: np.ndarray
    """In its own units, `[2]`."""


def length(text: str | None, reference: float) -> float | None:
    """Return a length in pixels, percentages relative to `reference`; None if absent, `auto` or invalid."""
    match = _LENGTH.fullmatch(text.strip()) if text else None
    if not match:
        return None
    # svgelements.Length takes unknown units, such as rem and Q, for pixels.
    unit = reference / 100 if match[2] == "%" else _PIXELS.get(match[2].lower())
    return float(match[1]) * unit if unit is not None else None


def transform(values: Mapping[str, str], size: Size, origin: str = "0 0") -> np.ndarray:
    """Return an element's own transform about its origin, `[3, 3]`; the identity if absent or invalid.

    Args:
        values: its attributes and properties.
        size: of the enclosing viewport, for percentages.
        origin: the default.
    """
    text = values.get("transform", "none").strip()
    if text in ("", "none"):
        return np.eye(3)
    matrix = _matrix(text, size)
    words = [*values.get("transform-origin", origin).split(), "center", "center"][:2]
    if words[0] in ("top", "bottom") or words[1] in ("left", "right"):
        words.reverse()
    x, y = (length(_ORIGINS.get(word, word), side) or 0.0 for word, side in zip(words, size, strict=True))
    return shift(x, y) @ matrix @ shift(-x, -y)


def shift(x: float, y: float) -> np.ndarray:
    """Return the matrix `[3, 3]` of a translation."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def view_box(values: Mapping[str, str]) -> tuple[float, float, float, float] | None:
    """Return x, y, width and height of an element's view box; None if absent or invalid."""
    numbers = values.get("viewBox", "").replace(",", " ").split()
    if len(numbers) != 4 or not all(re.fullmatch(NUMBER, number) for number in numbers):
        return None
    x, y, width, height = map(float, numbers)
    is_valid = math.isfinite(x + y + width + height) and width >= 0 and height >= 0
    return (x, y, width, height) if is_valid else None


def outermost_size(values: Mapping[str, str]) -> Size:
    """Return the size of the whole picture in pixels.

    A side that is absent, or a percentage of an unknown window, follows from the other and the view box.
    """
    box = view_box(values)
    natural = Size(box[2], box[3]) if box and box[2] and box[3] else Size(*DEFAULT_SIZE)
    sides = [None if "%" in values.get(side, "%") else length(values[side], 0.0) for side in ("width", "height")]
    width, height = (side if side is not None and side >= 0 else None for side in sides)
    if width is None and height is None:
        return natural
    ratio = natural.width / natural.height if box else None
    if width is None:
        width = height * ratio if height is not None and ratio else natural.width
    if height is None:
        height = width / ratio if ratio else natural.height
    return Size(width, height)


def fit_view_box(values: Mapping[str, str], size: Size) -> tuple[np.ndarray, Size] | None:
    """Return the matrix `[3, 3]` from a view box to a viewport, and the inner size; None if nothing is visible."""
    if size.width <= 0 or size.height <= 0:
        return None
    if (box := view_box(values)) is None:
        return np.eye(3), size
    x, y, width, height = box
    if width == 0 or height == 0:
        return None
    scale = np.array([size.width / width, size.height / height])
    align, _, meet = values.get("preserveAspectRatio", "").strip().partition(" ")
    if align != "none":
        scale[:] = scale.max() if meet.strip() == "slice" else scale.min()
    match = re.fullmatch("x(Min|Mid|Max)Y(Min|Mid|Max)", align)
    share = [_ALIGN[word] for word in match.groups()] if match else [0.5, 0.5]
    spare = np.array(size) - np.array([width, height]) * scale
    return shift(*(spare * share)) @ np.diag([*scale, 1.0]) @ shift(-x, -y), Size(width, height)


def cut(line: np.ndarray, frame: Frame) -> list[np.ndarray]:
    """Return the parts of a polyline `[n, 2]` inside a frame."""
    inside = line @ frame.inverse[:2, :2].T + frame.inverse[:2, 2]
    slack = 1e-9 * frame.size  # Keeps lines along a side, despite rounding.
    if ((inside >= -slack) & (inside <= frame.size + slack)).all():
        return [line]
    starts, moves = inside[:-1], np.diff(inside, axis=0)
    # Each segment is start + t · move. Parallel to a side it crosses that one at ± infinity, or, on it, at NaN.
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (-slack - starts) / moves, (frame.size + slack - starts) / moves
    low[np.isnan(low)], high[np.isnan(high)] = -np.inf, np.inf
    enter = np.minimum(low, high).max(axis=1).clip(min=0.0)
    leave = np.maximum(low, high).min(axis=1).clip(max=1.0)
    pieces: list[list[np.ndarray]] = []
    before = -2
    for place in np.flatnonzero(enter < leave).tolist():
        move = line[place + 1] - line[place]
        if place != before + 1 or enter[place] > 0.0 or leave[before] < 1.0:
            pieces.append([line[place] + enter[place] * move])
        pieces[-1].append(line[place] + leave[place] * move)
        before = place
    return [np.array(piece) for piece in pieces]


def _matrix(text: str, size: Size) -> np.ndarray:
    """Return the product of transform functions, `[3, 3]`; the identity if one is invalid."""
    functions = []
    position = 0
    while position < len(text):
        match = _FUNCTION.match(text, position)
        name = match[1].lower() if match else ""
        arguments = _LENGTH.findall(match[2]) if match else []
        if not match or len(arguments) not in _ARGUMENTS.get(name, ()) or _LENGTH.sub("", match[2]).strip(" ,\t\r\n"):
            return np.eye(3)
        plain = [_plain(number, unit, name, axis, size) for axis, (number, unit) in enumerate(arguments)]
        functions.append(f"{name}({','.join(plain)})")
        position = match.end()
    try:
        matrix = svgelements.Matrix(" ".join(functions))
    except (ArithmeticError, ValueError):  # The sine of an angle that is not finite.
        return np.eye(3)
    rows = np.array([[matrix.a, matrix.c, matrix.e], [matrix.b, matrix.d, matrix.f], [0.0, 0.0, 1.0]])
    return rows if np.isfinite(rows).all() else np.eye(3)


def _plain(number: str, unit: str, name: str, axis: int, size: Size) -> str:
    """Return an argument of a transform function for svgelements: lengths in pixels, angles unchanged."""
    if unit.lower() in _ANGLES or not unit:
        return number + unit.lower()
    return repr(length(number + unit, size[1 if name == "translatey" else min(axis, 1)]) or 0.0)
