"""Read SVG drawings as polylines: the shapes that a browser would show, in drawing order.

The tree is walked here, within stated limits. Shapes without fill and stroke are not drawn; shapes that are only filled
become closed outlines; white on white is invisible. Clip paths and masks of one simple shape clip; others, markers and
the page's own frame do not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from sketchrnn_cli import foreign
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.svg import document
from sketchrnn_cli.strokes.svg.clipping import PROPERTIES, Clip, read_clip
from sketchrnn_cli.strokes.svg.curves import closed, has_area, is_dot, subpaths, valid_prefix
from sketchrnn_cli.strokes.svg.lines import Line, ink, is_page, polylines
from sketchrnn_cli.strokes.svg.shapes import SHAPES, path_data
from sketchrnn_cli.strokes.svg.style import Styles, inherit, is_rendered, is_white, paint, paints
from sketchrnn_cli.strokes.svg.viewport import Frame, Size, fit_view_box, length, outermost_size, shift, transform

TOLERANCE = 0.0005
"""Maximum distance between curve and polyline, as a fraction of the drawing's larger side: 1/8 pixel of 255."""

MAX_USE_ELEMENTS = 10_000
"""Elements drawn through `use`, including their descendants."""

MAX_NESTING = 500
"""Depth after every `use` is expanded."""

MAX_SEGMENTS = 100_000
"""Lines and curves of a drawing; an arc counts as several."""

MAX_SCALE = 1e9
"""Of transforms, up or down; beyond it nothing is visible."""

_CONTAINERS = ("svg", "g", "a", "switch", "use", "symbol")
_IGNORED = ("text", "image", "foreignObject", "video", "canvas", "iframe")
_MARKERS = ("marker", "marker-start", "marker-mid", "marker-end")


@dataclass(frozen=True)
class SvgDrawing:
    """A drawing as read from an SVG."""

    polylines: list[np.ndarray]
    """Each `[points, 2]`, in user units of the outermost viewport, y downwards, in document order."""
    filled: list[bool]
    """Which of them are outlines of shapes that are only filled."""
    ignored: tuple[str, ...]
    """Content that strokes cannot show, such as text and images."""


@dataclass(frozen=True)
class _Context:
    """What an element inherits from its ancestors."""

    matrix: np.ndarray
    """From its user units to the outermost viewport's, `[3, 3]`."""
    size: Size
    """Of the viewport."""
    style: Mapping[str, str]
    """Inherited properties."""
    frames: tuple[Frame, ...] = ()
    clips: tuple[Clip, ...] = ()
    is_shaped: bool = False
    """Whether an unsupported clip path or mask applies."""
    ancestors: frozenset[Element] = frozenset()
    """By nesting or by `use`."""
    in_use: bool = False
    user: Mapping[str, str] | None = None
    """Attributes of the `use` that refers directly to this element."""


def read_svg(source: Path | bytes, tolerance: float = TOLERANCE) -> SvgDrawing:
    """Read an SVG drawing.

    Args:
        source: a file, or its contents.
        tolerance: maximum distance between curve and polyline, as a fraction of the drawing's larger side.

    Raises:
        DataError: unreadable, not SVG, nothing visible in it, or beyond the limits of this module.
    """
    where = "SVG" if isinstance(source, bytes) else str(source)
    ignored: dict[str, None] = {}
    try:
        root = document.parse(source if isinstance(source, bytes) else _read(source))
        with np.errstate(over="ignore", invalid="ignore"):  # Non-finite values are refused.
            found = list(_walk(root, ignored))
            pieces = polylines(ink(found, "background" in root.get("style", "")), tolerance, ignored)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    if not pieces:
        reason = f"; it has {', '.join(ignored)}: convert it to paths first" if ignored else ""
        page = " but the page's own background" if any(line.is_page for line in found) else ""
        raise DataError(f"{where}: no visible line or shape to draw{page}{reason}")
    return SvgDrawing([piece for piece, _ in pieces], [filled for _, filled in pieces], tuple(ignored))


def _read(path: Path) -> bytes:
    if reason := foreign.obstacle(path):
        raise DataError(reason)
    try:
        with path.open("rb") as file:
            return file.read(document.MAX_FILE_BYTES + 1)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}") from error


def _walk(root: Element, ignored: dict[str, None]) -> Iterator[Line]:
    """Yield the visible lines in document order; add unsupported content to `ignored`."""
    styles = Styles(root)
    by_id: dict[str, Element] = {}
    for element in root.iter():
        by_id.setdefault(element.get("id", ""), element)
    segments = expansions = number = 0
    page = outermost_size(root.attrib)
    pending = [(root, _Context(np.eye(3), page, {}))]
    while pending:
        element, context = pending.pop()
        expansions += context.in_use
        if expansions > MAX_USE_ELEMENTS:
            raise DataError(f"its `use` elements draw more than {MAX_USE_ELEMENTS} others; a sketch has fewer")
        if len(context.ancestors) > MAX_NESTING:
            raise DataError(f"elements nested more than {MAX_NESTING} deep")
        values = styles.values(element)
        if not is_rendered(values) or not _meets_conditions(element):
            continue
        matrix = context.matrix @ transform(values, context.size)
        if not 1 / MAX_SCALE**2 < abs(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]) < MAX_SCALE**2:
            continue
        here = replace(context, matrix=matrix, style=inherit(context.style, values), user=None)
        if any(values.get(name, "none").strip() != "none" for name in PROPERTIES):
            here, cost = _clipped(here, values, page, by_id, styles, ignored)
            segments += cost
        if element.tag in SHAPES:
            data, cost = valid_prefix(path_data(element.tag, values, context.size), MAX_SEGMENTS - segments)
            segments += cost
            if segments > MAX_SEGMENTS:
                raise DataError(f"more than {MAX_SEGMENTS} lines and curves; a sketch has fewer")
            if element.tag == "polygon" and data:  # Closed even if an error ends its points early.
                data += "Z"
            number += 1
            yield from _drawn(data, here, page, number, values.get("fill-rule", "").strip() == "evenodd")
        elif element.tag in _CONTAINERS:
            pending += reversed(_children(element, values, here, context.user, by_id))
        elif element.tag in _IGNORED:
            ignored[element.tag] = None
        ignored |= dict.fromkeys(_unsupported(element, values, by_id))


def _clipped(
    here: _Context,
    values: Mapping[str, str],
    page: Size,
    by_id: Mapping[str, Element],
    styles: Styles,
    ignored: dict[str, None],
) -> tuple[_Context, int]:
    """Return the context inside a clip path and mask, and their segments; add unsupported ones to `ignored`.

    A clip path as large as the page has no effect: it is the page's frame.
    """
    segments = 0
    for name in PROPERTIES:
        if values.get(name, "none").strip() == "none":
            continue
        clip, cost = read_clip(name, values, here.matrix, here.size, by_id, styles)
        segments += cost + 1
        if clip is None:
            ignored[name] = None
            here = replace(here, is_shaped=True)
        elif not is_page(clip.curves, page):
            here = replace(here, clips=(*here.clips, clip))
    return here, segments


def _unsupported(element: Element, values: Mapping[str, str], by_id: Mapping[str, Element]) -> list[str]:
    """Return the unsupported features of an element: markers, and patterns, drawn as outlines only."""
    paints = (values.get(name, "") for name in ("fill", "stroke"))
    referred = (by_id.get(paint.partition("#")[2].rstrip("\"') ")) for paint in paints if paint.startswith("url("))
    found = ["pattern" for target in referred if target is not None and target.tag == "pattern"]
    if element.tag in (*SHAPES, *_CONTAINERS) and any(values.get(name, "none").strip() != "none" for name in _MARKERS):
        found.append("marker")
    return found


def _children(
    element: Element,
    values: Mapping[str, str],
    here: _Context,
    user: Mapping[str, str] | None,
    by_id: Mapping[str, Element],
) -> list[tuple[Element, _Context]]:
    """Return the rendered children of a container, in document order."""
    here = replace(here, ancestors=here.ancestors | {element})
    if element.tag == "use":
        target = by_id.get(values.get("href", "").strip().removeprefix("#"))
        if target is None or target in here.ancestors:
            return []
        x, y = (length(values.get(name), side) or 0.0 for name, side in zip("xy", here.size, strict=True))
        return [(target, replace(here, matrix=here.matrix @ shift(x, y), in_use=True, user=values))]
    if element.tag == "switch":
        return [(child, here) for child in element if _meets_conditions(child)][:1]
    if element.tag == "symbol" and user is None:
        return []
    inner = _viewport(element, values, here, user or {}) if element.tag in ("svg", "symbol") else here
    return [(child, inner) for child in element] if inner else []


def _viewport(element: Element, values: Mapping[str, str], here: _Context, user: Mapping[str, str]) -> _Context | None:
    """Return the context inside an `svg` or a `symbol`; None if nothing in it is visible."""
    is_outermost = len(here.ancestors) == 1
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
    """Evaluate conditional processing attributes: no extensions, and English if a language is given."""
    languages = element.get("systemLanguage", "en").lower().split(",")
    extended = "}" in element.tag or element.get("requiredExtensions", "").strip()
    return not extended and any(language.strip().startswith("en") for language in languages)


def _drawn(data: str, context: _Context, page: Size, number: int, is_even_odd: bool) -> Iterator[Line]:
    """Yield the visible subpaths of valid path data."""
    is_filled, is_stroked = paints(context.style, "fill"), paints(context.style, "stroke")
    if not (is_filled or is_stroked):
        return
    has_white_fill = is_filled and is_white(paint(context.style, "fill"))
    shows_white = is_stroked and (not is_filled or has_white_fill) and is_white(paint(context.style, "stroke"))
    has_caps = context.style.get("stroke-linecap", "butt") != "butt"
    for curves in subpaths(data):
        if is_stroked and (has_caps or not is_dot(curves)):
            outline = curves
        elif is_filled and has_area(curves):
            outline = closed(curves)
        else:
            continue
        placed = outline @ context.matrix[:2, :2].T + context.matrix[:2, 2]
        covers_page = not (is_stroked or context.clips or context.is_shaped) and is_page(placed, page)
        is_covering = is_filled and not has_white_fill
        yield Line(
            placed, context.frames, not is_stroked, covers_page, shows_white, is_covering, context.clips, number,
            is_even_odd,
        )  # fmt: skip
