"""Pictures out: sketches on a sheet that shows itself in a notebook and saves itself as any format we write."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sketchrnn_cli.api import checks
from sketchrnn_cli.drawing import output, svg
from sketchrnn_cli.drawing.layout import Picture, grid, sequence
from sketchrnn_cli.drawing.style import Style
from sketchrnn_cli.drawing.timing import Timing
from sketchrnn_cli.wording import counted


class Sheet:
    """Sketches laid out on a page; `draw` makes one."""

    def __init__(self, sketches: Sequence[np.ndarray], style: Style, columns: int | None) -> None:
        """Hold the sketches and how they look; use `draw`."""
        self._sketches, self._style, self._columns = list(sketches), style, columns

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        morph: bool = False,
        seconds: float = 3.0,
        hold: float = 1.5,
        fps: int = 25,
        loop: int = 0,
    ) -> Path:
        """Write the sheet, replacing what is there; the suffix picks the format.

        Args:
            path: ``.svg`` and ``.png`` are stills; ``.gif``, ``.webp``, ``.apng``, ``.mp4`` and frames
                (``frame-%03d.png``) show the drawing being drawn.
            morph: let the sketches turn into one another, one after another, instead of standing side by side.
            seconds: from the first stroke to the last.
            hold: seconds that the finished drawing stays.
            fps: frames per second.
            loop: how often it plays; 0 forever.

        Returns:
            The path written.

        Raises:
            SketchRNNError: an unknown format, or a file that cannot be written.
        """
        animated = morph or Path(path).suffix.lower() in output.MOVING or "%" in os.fspath(path)
        target = output.check(path, output.ANIMATIONS if animated else output.STILLS, force=True)
        if animated:
            pictures = sequence(self._sketches, self._style) if morph else [self._picture()]
            output.save_animation(pictures, Timing(fps, seconds, hold, loop), target)
        else:
            output.save_picture(self._picture(), target)
        return target

    def _picture(self) -> Picture:
        return grid(self._sketches, style=self._style, columns=self._columns)

    def _repr_svg_(self) -> str:
        """Show the sheet in a notebook."""
        return svg.render(self._picture())

    def _repr_png_(self) -> bytes:
        """Show the sheet where SVG is not shown."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sheet.png"
            output.save_picture(self._picture(), path)
            return path.read_bytes()

    def __repr__(self) -> str:
        return f"<Sheet of {counted(len(self._sketches), 'sketch')}>"


def draw(
    sketches: np.ndarray | Sequence[np.ndarray],
    path: str | os.PathLike[str] | None = None,
    *,
    columns: int | None = None,
    size: int = 256,
    color: str = Style.color,
    background: str = Style.background,
    stroke_width: float | None = None,
) -> Sheet:
    """Lay sketches out on a sheet, and write it where `path` is given.

    Args:
        sketches: one stroke-3 sketch `[points, 3]`, or several.
        path: where to save it, see `Sheet.save`.
        columns: sketches in a row; by default about a square.
        size: larger side of a sketch, in pixels.
        color: of the strokes, a CSS name or #rrggbb.
        background: of the page, likewise, or ``none``.
        stroke_width: of the pen, in pixels; by default 1.2 % of the size.

    Returns:
        The sheet: last in a notebook's cell, it shows itself.

    Raises:
        SketchRNNError: no sketch, a style that cannot be, or a file that cannot be written.

    Example:
        >>> sketchrnn.draw(sketchrnn.load("doodle_cat").sample(4, seed=1), "cats.svg")
        <Sheet of 4 sketches>
    """
    size = checks.whole(size, "size", 8)
    stroke_width = None if stroke_width is None else checks.number(stroke_width, "stroke_width")
    columns = None if columns is None else checks.whole(columns, "columns", 1)
    sheet = Sheet(checks.shapes(sketches), Style(size, stroke_width, None, color, background), columns)
    if path is not None:
        sheet.save(path)
    return sheet
