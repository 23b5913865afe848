"""SVG drawings as polylines: what a browser would show of a file's shapes, in the order in which it draws them.

The tree is walked here, within stated budgets. What has neither fill nor stroke is not drawn; what is only filled
counts as its closed outline; what is white upon white paper does not show. Clip paths, masks, markers and the page's
own frame cut nothing off.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from sketchrnn_cli import foreign
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.svg import document
from sketchrnn_cli.strokes.svg.curves import closed, flatten, has_area, is_dot, sound_part, subpaths
from sketchrnn_cli.strokes.svg.shapes import SHAPES, path_data
from sketchrnn_cli.strokes.svg.style import Styles, inherit, is_rendered, is_white, paint, paints
from sketchrnn_cli.strokes.svg.viewport import Frame, Size, cut, fit_view_box, length, outermost_size, shift, transform

TOLERANCE = 0.0005
"""Largest distance of a curve from its polyline, as a share of the drawing's larger side: 1/8 pixel of 255."""

EXPANSIONS = 10_000
"""Elements drawn through `use`, and those inside them."""

NESTING = 500
"""Elements inside each other after every `use` is expanded."""

SEGMENTS = 100_000
"""Lines and curves of a drawing; an arc counts for several."""

FRAMES = 30_000
"""Inner viewports that cut lines off, counted once for every line inside."""

PAIRS = 20_000_000
"""White lines and filled shapes that are compared; beyond that all lines stay."""

SCALE = 1e9
"""Largest factor, or smallest fraction, by which transforms scale; beyond it nothing shows."""

_CONTAINERS = ("svg", "g", "a", "switch", "use", "symbol")
_IGNORED = ("text", "image", "foreignObject", "video", "canvas", "iframe")
_CUTTING = ("clip-path", "mask")


@dataclass(frozen=True)
class SvgDrawing:
    """A drawing as read from an SVG."""

    polylines: list[np.ndarray]
    """Each `[points, 2]`, in user units of the outermost viewport, y downwards, in document order."""
    filled: list[bool]
    """Which of them are outlines of what is only filled."""
    ignored: tuple[str, ...]
    """What the file holds that strokes cannot show, such as text and images."""


@dataclass(frozen=True)
class _Place:
    """Where an element stands: what it has from those around it."""

    matrix: np.ndarray
    """From its user units to the outermost viewport's, `[3, 3]`."""
    size: Size
    """Of its viewport."""
    style: Mapping[str, str]
    """Inherited properties."""
    frames: tuple[Frame, ...] = ()
    around: frozenset[Element] = frozenset()
    """Elements that it is in, by nesting or by `use`."""
    in_use: bool = False
    user: Mapping[str, str] | None = None
    """Attributes of the `use` that refers to just this element."""


class _Line(NamedTuple):
    """Something drawn without lifting the pen."""

    curves: np.ndarray
    """In the outermost viewport, `[curves, 4, 2]`."""
    frames: tuple[Frame, ...]
    is_filled: bool
    """Whether it is the outline of something filled that has no stroke."""
    is_page: bool
    """Whether it is a filled rectangle without a stroke that covers the whole picture: paper, not drawing."""
    is_white: bool
    """Whether it is a white stroke around nothing but white."""
    is_covering: bool
    """Whether it is filled, with another color than white."""


def read_svg(source: Path | bytes, tolerance: float = TOLERANCE) -> SvgDrawing:
    """Read an SVG drawing.

    Args:
        source: a file, or what is in one.
        tolerance: largest distance of a curve from its polyline, as a share of the drawing's larger side.

    Raises:
        DataError: not readable, no SVG, nothing drawn in it, or beyond the budgets of this module.
    """
    where = "SVG" if isinstance(source, bytes) else str(source)
    ignored: dict[str, None] = {}
    try:
        root = document.parse(source if isinstance(source, bytes) else _read(source))
        with np.errstate(over="ignore", invalid="ignore"):  # What is not finite is refused.
            lines = list(_walk(root, ignored))
            lines = _ink(lines, "background" in root.get("style", ""))
            pieces = _polylines(lines, tolerance)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    if not pieces:
        reason = f"; it has {', '.join(ignored)}: convert it to paths first" if ignored else ""
        raise DataError(f"{where}: no visible line or shape to draw{reason}")
    return SvgDrawing([piece for piece, _ in pieces], [filled for _, filled in pieces], tuple(ignored))


def _read(path: Path) -> bytes:
    if reason := foreign.obstacle(path):
        raise DataError(reason)
    try:
        with path.open("rb") as file:
            return file.read(document.LARGEST + 1)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}") from error


def _walk(root: Element, ignored: dict[str, None]) -> Iterator[_Line]:
    """Yield what is drawn, in document order; note in `ignored` what is not."""
    styles = Styles(root)
    by_id: dict[str, Element] = {}
    for element in root.iter():
        by_id.setdefault(element.get("id", ""), element)
    segments = expansions = 0
    page = outermost_size(root.attrib)
    pending = [(root, _Place(np.eye(3), page, {}))]
    while pending:
        element, place = pending.pop()
        expansions += place.in_use
        if expansions > EXPANSIONS:
            raise DataError(f"its `use` elements draw more than {EXPANSIONS} others; a sketch has fewer")
        if len(place.around) > NESTING:
            raise DataError(f"more than {NESTING} elements inside each other")
        values = styles.values(element)
        if not is_rendered(values) or not _meets_conditions(element):
            continue
        matrix = place.matrix @ transform(values, place.size)
        if not 1 / SCALE**2 < abs(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]) < SCALE**2:
            continue
        here = replace(place, matrix=matrix, style=inherit(place.style, values), user=None)
        if element.tag in SHAPES:
            data, cost = sound_part(path_data(element.tag, values, place.size), SEGMENTS - segments)
            segments += cost
            if segments > SEGMENTS:
                raise DataError(f"more than {SEGMENTS} lines and curves; a sketch has fewer")
            if element.tag == "polygon" and data:  # Closed also where its points are broken off by a fault.
                data += "Z"
            yield from _drawn(data, here, page)
        elif element.tag in _CONTAINERS:
            pending += reversed(_inside(element, values, here, place.user, by_id))
        elif element.tag in _IGNORED:
            ignored[element.tag] = None
        ignored |= {name: None for name in _CUTTING if values.get(name, "none") != "none"}


def _inside(
    element: Element,
    values: Mapping[str, str],
    here: _Place,
    user: Mapping[str, str] | None,
    by_id: Mapping[str, Element],
) -> list[tuple[Element, _Place]]:
    """Return what a container shows, in document order."""
    here = replace(here, around=here.around | {element})
    if element.tag == "use":
        target = by_id.get(values.get("href", "").strip().removeprefix("#"))
        if target is None or target in here.around:
            return []
        x, y = (length(values.get(name), side) or 0.0 for name, side in zip("xy", here.size, strict=True))
        return [(target, replace(here, matrix=here.matrix @ shift(x, y), in_use=True, user=values))]
    if element.tag == "switch":
        return [(child, here) for child in element if _meets_conditions(child)][:1]
    if element.tag == "symbol" and user is None:
        return []
    inner = _viewport(element, values, here, user or {}) if element.tag in ("svg", "symbol") else here
    return [(child, inner) for child in element] if inner else []


def _viewport(element: Element, values: Mapping[str, str], here: _Place, user: Mapping[str, str]) -> _Place | None:
    """Return the place inside an `svg` or a `symbol`; None where nothing in it shows."""
    is_outermost = len(here.around) == 1
    own = values if element.tag == "svg" and not is_outermost else {}
    x, y = (length(own.get(name), side) or 0.0 for name, side in zip("xy", here.size, strict=True))
    sides = zip(("width", "height"), here.size, strict=True)
    stated = ((length(user.get(name, own.get(name)), side), side) for name, side in sides)
    size = Size(*(side if length is None else length for length, side in stated))
    if (fitted := fit_view_box(values, size)) is None:
        return None
    matrix = here.matrix @ shift(x, y)
    frames = here.frames
    if not is_outermost and values.get("overflow", "hidden").strip() not in ("visible", "auto"):
        frames += (Frame(np.linalg.inv(matrix), np.array(size)),)
    return replace(here, matrix=matrix @ fitted[0], size=fitted[1], frames=frames)


def _meets_conditions(element: Element) -> bool:
    """Return whether an element is for us: no extensions, and in English if it is in some language."""
    languages = element.get("systemLanguage", "en").lower().split(",")
    extended = "}" in element.tag or element.get("requiredExtensions", "").strip()
    return not extended and any(language.strip().startswith("en") for language in languages)


def _drawn(data: str, place: _Place, page: Size) -> Iterator[_Line]:
    """Yield the subpaths of sound path data that show."""
    is_filled, is_stroked = paints(place.style, "fill"), paints(place.style, "stroke")
    if not (is_filled or is_stroked):
        return
    has_white_fill = is_filled and is_white(paint(place.style, "fill"))
    shows_white = is_stroked and (not is_filled or has_white_fill) and is_white(paint(place.style, "stroke"))
    has_caps = place.style.get("stroke-linecap", "butt") != "butt"
    for curves in subpaths(data):
        if is_stroked and (has_caps or not is_dot(curves)):
            outline = curves
        elif is_filled and has_area(curves):
            outline = closed(curves)
        else:
            continue
        placed = outline @ place.matrix[:2, :2].T + place.matrix[:2, 2]
        covers_page = not is_stroked and _is_page(placed, page)
        yield _Line(placed, place.frames, not is_stroked, covers_page, shows_white, is_filled and not has_white_fill)


def _ink(lines: list[_Line], has_background: bool) -> list[_Line]:
    """Return the lines that are drawing: neither paper, nor white upon white paper; all of them where none is.

    What is white shows where something filled with another color lies beneath it, maybe: so bounding boxes that
    overlap keep it.
    """
    drawn = [line for line in lines if not line.is_page]
    is_white_paper = not has_background and not any(line.is_covering for line in lines if line.is_page)
    covers = [number for number, line in enumerate(drawn) if line.is_covering]
    if is_white_paper and len(covers) * len(drawn) < PAIRS:
        boxes = [(line.curves.min(axis=(0, 1)), line.curves.max(axis=(0, 1))) for line in drawn]
        low = np.array([boxes[number][0] for number in covers]).reshape(-1, 2)
        high = np.array([boxes[number][1] for number in covers]).reshape(-1, 2)
        drawn = [
            line
            for number, (line, (least, greatest)) in enumerate(zip(drawn, boxes, strict=True))
            if not line.is_white
            or ((low <= greatest).all(axis=1) & (high >= least).all(axis=1))[: np.searchsorted(covers, number)].any()
        ]
    return drawn or lines


def _is_page(curves: np.ndarray, page: Size) -> bool:
    """Return whether closed curves `[curves, 4, 2]` are a rectangle around the whole picture.

    What only reaches to its four sides, as a round icon does, is no rectangle: it fills less of its bounding box.
    """
    points = curves.reshape(-1, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    if (low > 0.5).any() or (high < np.array(page) - 0.5).any():
        return False
    x, y = (points - low).T
    area = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    return bool(area >= 0.99 * np.prod(high - low))


def _polylines(lines: Sequence[_Line], tolerance: float) -> list[tuple[np.ndarray, bool]]:
    """Return what shows of each line inside its frames, with whether it is only filled."""
    if sum(len(line.frames) for line in lines) > FRAMES:
        raise DataError(f"more than {FRAMES} lines in nested viewports; a sketch has fewer")
    polylines: list[tuple[np.ndarray, bool]] = []
    for polyline, line in zip(flatten([line.curves for line in lines], tolerance), lines, strict=True):
        pieces = [polyline]
        for frame in line.frames:
            pieces = [part for piece in pieces for part in cut(piece, frame)]
        polylines += [(piece, line.is_filled) for piece in pieces]
    return polylines
