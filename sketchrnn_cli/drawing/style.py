"""How drawings look: sizes, colors, the pen."""

import re
from dataclasses import dataclass

from sketchrnn_cli.drawing import paper
from sketchrnn_cli.errors import UsageError

INK = "#22262b"

ORDER = ("#3366cc", "#e4572e", "#2a9d5c", "#8e44ad", "#e09f1f", "#159fb3", "#c2347a", "#7a5c3e")
"""Colors of the first stroke, the second, ... where they are colored by order; then the first again."""

TRANSPARENT = "none"
"""The background that lets the page behind show; a GIF and an MP4 have a white page instead."""


@dataclass(frozen=True)
class Style:
    """How drawings look; lengths in pixels, a color as a CSS name or as #rgb or #rrggbb."""

    size: int = 256
    """Larger side of a cell."""
    stroke_width: float | None = None
    """None: 1.2 % of the size."""
    margin: float | None = None
    """Free space around the drawing of a cell, at least half the pen. None: 8 % of the size."""
    color: str = INK
    background: str = "#ffffff"
    """A color or `TRANSPARENT`."""
    color_by_order: bool = False
    """Give each stroke the next color of `ORDER`."""
    smooth: bool = False
    """Draw curves through the points instead of straight lines."""
    millimeters: float | None = None
    """What `size` is on paper; an SVG then says its size so."""
    page: str | None = None
    """Fit the sheet to a page of `paper.PAGES`, for a plotter: no background, strokes ordered to suit the pen."""

    def __post_init__(self) -> None:
        """Check the values, so that an option is refused before anything is drawn."""
        if not 8 <= self.size <= 16384:
            raise UsageError(f"size {self.size}: give 8 to 16384 pixels")
        if not 0 < self.pen_width < self.size:
            raise UsageError(f"stroke width {self.pen_width}: give more than 0 and less than {self.size}")
        if self.margin is not None and not 0 <= self.margin < self.size / 2:
            raise UsageError(f"margin {self.margin}: give 0 or more and less than half of {self.size}")
        if self.page is not None:
            paper.page_size(self.page, False)
        _check_color(self.color)
        if self.background.strip().lower() in (TRANSPARENT, "transparent"):
            object.__setattr__(self, "background", TRANSPARENT)
        else:
            _check_color(self.background)

    @property
    def pen_width(self) -> float:
        """The pen's width in pixels."""
        return self.size * 0.012 if self.stroke_width is None else self.stroke_width

    @property
    def free_space(self) -> float:
        """The space around a drawing in pixels, wide enough for the pen."""
        return max(self.size * 0.08 if self.margin is None else self.margin, self.pen_width / 2)

    @property
    def font_size(self) -> float:
        """Height of captions and labels in pixels."""
        return max(9.0, self.size / 18)


def _check_color(color: str) -> None:
    if re.fullmatch("#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?", color):
        return
    from PIL import ImageColor

    if color.lower() not in ImageColor.colormap:
        raise UsageError(f"unknown color {color!r}: give a CSS name such as navy, or #rrggbb")
