"""How drawings look: sizes, colors, the pen."""

import re
from dataclasses import dataclass

from sketchrnn_cli.drawing import paper
from sketchrnn_cli.errors import UsageError

INK_COLOR = "#22262b"

ORDER_COLORS = ("#3366cc", "#e4572e", "#2a9d5c", "#8e44ad", "#e09f1f", "#159fb3", "#c2347a", "#7a5c3e")
"""Colors of successive strokes, repeated, with `color_by_order`."""

TRANSPARENT = "none"
"""A transparent background; white in GIF and MP4."""


@dataclass(frozen=True)
class Style:
    """How drawings look; lengths are in pixels, colors CSS names, #rgb or #rrggbb."""

    size: int = 256
    """Larger side of a cell."""
    stroke_width: float | None = None
    """None: 1.2 % of the size."""
    margin: float | None = None
    """Free space around a drawing in its cell, at least half the pen width. None: 8 % of the size."""
    color: str = INK_COLOR
    background: str = "#ffffff"
    """A color or `TRANSPARENT`."""
    color_by_order: bool = False
    """Give each stroke the next color of `ORDER_COLORS`."""
    smooth: bool = False
    """Draw curves through the points instead of straight lines."""
    millimeters: float | None = None
    """Physical length of `size`, for an SVG's width and height."""
    page: str | None = None
    """Fit the sheet to a page of `paper.PAGES` for a plotter: no background, strokes ordered for the pen."""

    def __post_init__(self) -> None:
        """Validate the values before anything is drawn."""
        if not 8 <= self.size <= 16384:
            raise UsageError(f"size {self.size}: give 8 to 16384 pixels")
        if not 0 < self.pen_width < self.size:
            raise UsageError(f"stroke width {self.pen_width}: give more than 0 and less than {self.size}")
        if self.margin is not None and not 0 <= self.margin < self.size / 2:
            raise UsageError(f"margin {self.margin}: give 0 or more and less than half of {self.size}")
        if self.page is not None:
            paper.page_size(self.page, False)
        _check_color(self.color)
        if isinstance(self.background, str) and self.background.strip().lower() in (TRANSPARENT, "transparent"):
            object.__setattr__(self, "background", TRANSPARENT)
        else:
            _check_color(self.background)

    @property
    def pen_width(self) -> float:
        """The pen's width in pixels."""
        return self.size * 0.012 if self.stroke_width is None else self.stroke_width

    @property
    def free_space(self) -> float:
        """The margin in pixels, at least half the pen width."""
        return max(self.size * 0.08 if self.margin is None else self.margin, self.pen_width / 2)

    @property
    def font_size(self) -> float:
        """Height of captions and labels in pixels."""
        return max(9.0, self.size / 18)


def _check_color(color: object) -> None:
    if not isinstance(color, str):
        raise UsageError(f"color {color!r}: give a CSS name such as navy, or #rrggbb")
    if re.fullmatch("#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?", color):
        return
    from PIL import ImageColor

    if color.lower() not in ImageColor.colormap:
        raise UsageError(f"unknown color {color!r}: give a CSS name such as navy, or #rrggbb")
