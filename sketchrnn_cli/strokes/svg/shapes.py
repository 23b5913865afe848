"""SVG's shapes as path data: SVG 2 defines each of them by the path that it stands for."""

import re
from collections.abc import Mapping

from sketchrnn_cli.strokes.svg.viewport import Size, length

SHAPES = ("path", "rect", "circle", "ellipse", "line", "polyline", "polygon")

_CSS_PATH = re.compile(r"""path\(\s*+(?:(?:nonzero|evenodd)\s*+,\s*+)?["'](.*)["']\s*+\)""", re.DOTALL)


def path_data(tag: str, values: Mapping[str, str], size: Size) -> str:
    """Return the path data of a shape, a polygon's not yet closed; empty where it draws nothing.

    Args:
        tag: one of `SHAPES`.
        values: its attributes and properties.
        size: of the viewport, for percentages.
    """

    def number(name: str) -> float | None:
        horizontal, vertical = name in ("x", "cx", "rx", "width", "x1", "x2"), name != "r"
        return length(values.get(name), size.width if horizontal else size.height if vertical else size.diagonal)

    def radius(name: str) -> float | None:
        return value if (value := number(name)) is not None and value >= 0 else None

    if tag == "path":
        data = values.get("d", "")
        return match[1] if (match := _CSS_PATH.fullmatch(data.strip())) else data
    if tag == "line":
        x1, y1, x2, y2 = (number(name) or 0.0 for name in ("x1", "y1", "x2", "y2"))
        return f"M{x1!r} {y1!r}L{x2!r} {y2!r}"
    if tag in ("polyline", "polygon"):
        return "M" + re.split("[A-DF-Za-df-z]", values.get("points", ""), maxsplit=1)[0]  # No commands here.
    x, y = number("x") or 0.0, number("y") or 0.0
    if tag == "rect":
        return _rectangle(x, y, number("width") or 0.0, number("height") or 0.0, radius("rx"), radius("ry"))
    rx, ry = (radius("r"), None) if tag == "circle" else (radius("rx"), radius("ry"))
    rx, ry = rx if rx is not None else ry or 0.0, ry if ry is not None else rx or 0.0
    if not (rx and ry):
        return ""
    cx, cy = number("cx") or 0.0, number("cy") or 0.0
    halves = f"A{rx!r} {ry!r} 0 0 1 {cx - rx!r} {cy!r}A{rx!r} {ry!r} 0 0 1 {cx + rx!r} {cy!r}"
    return f"M{cx + rx!r} {cy!r}{halves}Z"


def _rectangle(x: float, y: float, width: float, height: float, rx: float | None, ry: float | None) -> str:
    if width <= 0 or height <= 0:
        return ""
    rx = min(rx if rx is not None else ry or 0.0, width / 2)
    ry = min(ry if ry is not None else rx, height / 2)
    right, bottom = x + width, y + height
    if not (rx and ry):
        return f"M{x!r} {y!r}H{right!r}V{bottom!r}H{x!r}Z"
    corner = f"A{rx!r} {ry!r} 0 0 1"
    return (
        f"M{x + rx!r} {y!r}H{right - rx!r}{corner} {right!r} {y + ry!r}"
        f"V{bottom - ry!r}{corner} {right - rx!r} {bottom!r}"
        f"H{x + rx!r}{corner} {x!r} {bottom - ry!r}"
        f"V{y + ry!r}{corner} {x + rx!r} {y!r}Z"
    )
