"""Pictures as SVG: one path a stroke, round caps and joins, no script. The same picture gives the same bytes."""

from typing import Any

import numpy as np
import svgwrite

from sketchrnn_cli.drawing.layout import Line, Picture

DECIMALS = 2
"""Of a pixel: finer than any screen shows."""


def render(picture: Picture) -> str:
    """Return the picture as the text of an SVG file."""
    page = _page(picture)
    strokes = _pen(page, picture)
    for lines in picture.cells:
        for line in lines:
            strokes.add(_path(page, line, picture))
    page.add(strokes)
    _add_captions(page, picture)
    return _text(page)


def _page(picture: Picture) -> Any:
    page = svgwrite.Drawing(
        size=(picture.width, picture.height), viewBox=f"0 0 {picture.width} {picture.height}", debug=False
    )
    if picture.background is not None:
        page.add(page.rect(size=(picture.width, picture.height), fill=picture.background))
    return page


def _pen(page: Any, picture: Picture) -> Any:
    return page.g(
        fill="none",
        stroke=picture.ink,
        stroke_width=_number(picture.stroke_width),
        stroke_linecap="round",
        stroke_linejoin="round",
    )


def _path(page: Any, line: Line, picture: Picture) -> Any:
    color = {} if line.color == picture.ink else {"stroke": line.color}
    return page.path(d=path_data(line.points), **color)


def path_data(points: np.ndarray) -> str:
    """Return a polyline `[points, 2]` as path data; a single point as a line of length zero, which shows as a dot."""
    first, *rest = [f"{_number(x)} {_number(y)}" for x, y in points]
    return f"M{first}L{' '.join(rest or [first])}"


def _add_captions(page: Any, picture: Picture) -> None:
    if not picture.captions:
        return
    texts = page.g(fill=picture.ink, font_family="sans-serif", font_size=_number(picture.font_size))
    for caption in picture.captions:
        place = (_number(caption.x), _number(caption.y))
        texts.add(page.text(caption.text, insert=place, text_anchor=caption.anchor))
    page.add(texts)


def _number(value: float) -> str:
    """Return a length without trailing zeros, and never "-0"."""
    return f"{round(float(value), DECIMALS) + 0.0:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _text(page: Any) -> str:
    return page.tostring() + "\n"
