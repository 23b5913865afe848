"""Render pictures as SVG: one path per stroke, round caps and joins, no script, deterministic bytes.

Animations use SMIL, which browsers play; other programs show the finished drawing.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import svgwrite

from sketchrnn_cli.drawing.layout import Line, Picture
from sketchrnn_cli.drawing.style import TRANSPARENT
from sketchrnn_cli.drawing.timing import Timing, back_and_forth, longest_cell, stroke_lengths
from sketchrnn_cli.strokes.svg import MARK

DECIMALS = 2
"""Of pixel coordinates: finer than any screen."""


def render(picture: Picture, marked: bool = True) -> str:
    """Return a picture as the text of an SVG file. `marked` says that it is ours, for `convert` to pass over."""
    page = _page(picture, marked)
    strokes = _pen(page, picture)
    for lines in picture.cells:
        for line in lines:
            strokes.add(_path(page, line, picture))
    page.add(strokes)
    return _text(page)


def animate(pictures: Sequence[Picture], timing: Timing) -> str:
    """Return an SVG file that draws one picture stroke by stroke, or shows several as a morph."""
    page = _page(pictures[0])
    page.add(_drawn(page, pictures[0], timing) if len(pictures) == 1 else _morphed(page, pictures, timing))
    return _text(page)


def path_data(points: np.ndarray) -> str:
    """Return a polyline `[points, 2]` as path data; a single point as a line of length zero: a dot."""
    first, *rest = [f"{_number(x)} {_number(y)}" for x, y in points]
    return f"M{first}L{' '.join(rest or [first])}"


def curve_data(curves: np.ndarray) -> str:
    """Return cubic Bézier curves `[curves, 4, 2]` as path data."""
    points = [f"{_number(x)} {_number(y)}" for x, y in curves[:, 1:].reshape(-1, 2)]
    return f"M{_number(curves[0, 0, 0])} {_number(curves[0, 0, 1])}C{' '.join(points)}"


def _page(picture: Picture, marked: bool = True) -> Any:
    style = picture.style
    box = f"0 0 {picture.width} {picture.height}"
    size: tuple[Any, Any] = picture.width, picture.height
    if picture.paper is not None:
        size = f"{_number(picture.paper[0])}mm", f"{_number(picture.paper[1])}mm"
    page = svgwrite.Drawing(size=size, viewBox=box, debug=False)
    if marked:
        page.set_desc(desc=MARK)
    if style.background != TRANSPARENT:
        page.add(page.rect(size=(picture.width, picture.height), fill=style.background))
    if picture.captions:
        texts = page.g(fill=style.color, font_family="sans-serif", font_size=_number(style.font_size))
        for caption in picture.captions:
            place = (_number(caption.x), _number(caption.y))
            texts.add(page.text(caption.text, insert=place, text_anchor=caption.anchor))
        page.add(texts)
    return page


def _pen(page: Any, picture: Picture) -> Any:
    return page.g(
        fill="none",
        stroke=picture.style.color,
        stroke_width=_number(picture.style.pen_width),
        stroke_linecap="round",
        stroke_linejoin="round",
    )


def _path(page: Any, line: Line, picture: Picture) -> Any:
    color = {} if line.color == picture.style.color else {"stroke": line.color}
    data = path_data(line.points) if line.curves is None else curve_data(line.curves)
    return page.path(d=data, **color)


def _drawn(page: Any, picture: Picture, timing: Timing) -> Any:
    cycle = timing.seconds + timing.hold
    speed = longest_cell(picture) / timing.seconds
    pen = _pen(page, picture)
    for lines in picture.cells:
        lengths = stroke_lengths(lines, picture)
        for line, length, end in zip(lines, lengths, accumulate(lengths), strict=True):
            path = _path(page, line, picture)
            starts, ends = (distance / speed for distance in (end - length, end))
            if len(line.points) == 1 or not np.ptp(line.points, axis=0).any():
                path.add(_steps(page, [(0.0, 0), (starts, 1)], cycle, timing))
            else:
                # One dash as long as the path slides in. It waits a pen's width before the start of the path, since
                # its round cap would show as a dot there.
                hidden = length + picture.style.pen_width
                path.dasharray([_number(length), _number(2 * hidden)], offset=0)
                values = ";".join(map(_number, (hidden, hidden, 0, 0)))
                moments = ";".join(_share(moment, cycle) for moment in (0.0, starts, ends, cycle))
                path.add(_animation(page, "stroke-dashoffset", values, moments, cycle, timing))
            pen.add(path)
    return pen


def _morphed(page: Any, pictures: Sequence[Picture], timing: Timing) -> Any:
    stays = back_and_forth(len(pictures), timing)
    moments = [0.0, *accumulate(seconds for _, seconds in stays)]
    cycle = moments[-1]
    pen = _pen(page, pictures[0])
    for number, picture in enumerate(pictures):
        # Without SMIL, the last drawing is visible
        group = page.g(opacity=int(number == len(pictures) - 1))
        for line in picture.cells[0]:
            group.add(_path(page, line, picture))
        shown = [(moment, int(seen == number)) for moment, (seen, _) in zip(moments, stays, strict=False)]
        group.add(_steps(page, shown, cycle, timing))
        pen.add(group)
    return pen


def _steps(page: Any, opacities: Sequence[tuple[float, int]], cycle: float, timing: Timing) -> Any:
    """Return an animation that jumps to each opacity at its time in seconds."""
    values = ";".join(str(opacity) for _, opacity in opacities)
    moments = ";".join(_share(moment, cycle) for moment, _ in opacities)
    return _animation(page, "opacity", values, moments, cycle, timing, calcMode="discrete")


def _animation(page: Any, attribute: str, values: str, moments: str, cycle: float, timing: Timing, **more: str) -> Any:
    return page.animate(
        attributeName=attribute,
        values=values,
        keyTimes=moments,
        dur=f"{_number(cycle)}s",
        repeatCount=timing.loop or "indefinite",
        fill="freeze",
        **more,
    )


def _share(moment: float, cycle: float) -> str:
    return f"{min(moment / cycle, 1.0):.5f}".rstrip("0").rstrip(".")


def _number(value: float) -> str:
    """Return a length without trailing zeros, and never "-0"."""
    return f"{round(float(value), DECIMALS) + 0.0:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _text(page: Any) -> str:
    return page.tostring() + "\n"
