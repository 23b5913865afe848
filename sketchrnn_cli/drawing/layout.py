"""Lay out drawings on a sheet: sketches in data units become a `Picture` in pixels.

    picture = grid(sketches, columns=4, captions=["temperature 0.1", ...], style=Style(size=256))
    picture = grid([colored(sketch, given=20)])      # the first 20 rows in another color
    pictures = sequence(sketches)                    # a morph: one picture per sketch, all of one size

`svg`, `raster` and `animation` draw a picture; `output` writes it to a file.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sketchrnn_cli.drawing import paper
from sketchrnn_cli.drawing.curves import flattened, smooth
from sketchrnn_cli.drawing.style import ORDER_COLORS, TRANSPARENT, Style
from sketchrnn_cli.errors import DrawingError
from sketchrnn_cli.strokes.formats import to_polylines
from sketchrnn_cli.strokes.prepare import bounds

GIVEN_COLOR = "#e4572e"
GLYPH_WIDTH = 0.6
"""Width of a letter in font sizes, generous for a sans-serif typeface."""


@dataclass(frozen=True)
class Drawing:
    """Polylines `[points, 2]` in data units, and a color for each; None for the style's."""

    strokes: list[np.ndarray]
    colors: list[str | None]


BLANK = Drawing([], [])
"""An empty cell."""

MAX_COLUMNS = 12
"""Longer rows are broken, unless the sheet is about square anyway."""


@dataclass(frozen=True)
class Line:
    """A stroke in the picture, in pixels."""

    points: np.ndarray
    """`[points, 2]`: the polyline, or the flattened curves."""
    color: str
    curves: np.ndarray | None = None
    """Cubic Bézier curves `[curves, 4, 2]`, if it is smooth."""

    def moved(self, shift: np.ndarray) -> "Line":
        """Return the line translated."""
        return Line(self.points + shift, self.color, None if self.curves is None else self.curves + shift)

    def scaled(self, factor: float) -> "Line":
        """Return the line scaled about the origin."""
        return Line(self.points * factor, self.color, None if self.curves is None else self.curves * factor)

    def turned(self) -> "Line":
        """Return the line reversed."""
        return Line(self.points[::-1], self.color, None if self.curves is None else self.curves[::-1, ::-1])


@dataclass(frozen=True)
class Caption:
    """A text with its baseline at (x, y) in pixels; `anchor` is start, middle or end."""

    text: str
    x: float
    y: float
    anchor: str


@dataclass(frozen=True)
class Picture:
    """All that a renderer needs, in pixels; the lines of each cell are in drawing order."""

    width: int
    height: int
    cells: list[list[Line]]
    captions: list[Caption]
    style: Style
    paper: tuple[float, float] | None = None
    """Width and height in millimeters, if it has a physical size."""


def colored(sketch: np.ndarray, given: int = 0, given_color: str = GIVEN_COLOR) -> Drawing:
    """Return the drawing of a stroke-3 sketch, its first `given` rows in `given_color`.

    A stroke that is given in part is split there, so that both parts meet.
    """
    strokes: list[np.ndarray] = []
    colors: list[str | None] = []
    first = 0  # index of the stroke's first position in the sketch; row i leads to position i + 1
    for stroke in to_polylines(sketch):
        border = min(max(given - first, 0), len(stroke) - 1)
        if border:
            strokes.append(stroke[: border + 1])
            colors.append(given_color)
        if border < len(stroke) - 1 or len(stroke) == 1:
            strokes.append(stroke[border:])
            colors.append(given_color if len(stroke) == 1 and 0 < first <= given else None)
        first += len(stroke)
    return Drawing(strokes, colors)


def grid(
    sketches: Sequence[np.ndarray | Drawing],
    columns: int | None = None,
    captions: Sequence[str] = (),
    row_labels: Sequence[str] = (),
    column_labels: Sequence[str] = (),
    aligned: bool = False,
    style: Style | None = None,
) -> Picture:
    """Lay sketches out row by row in equal cells, each scaled to fit its cell and centered in it.

    Args:
        sketches: stroke-3 arrays or drawings, at least one.
        columns: cells per row; by default the sheet is about square, with few empty cells.
        captions: one per sketch, below it.
        row_labels: one per row, left of it.
        column_labels: one per column, above it.
        aligned: use the same scale and origin in all cells, so that sketches can be compared.
        style: `Style()` by default.

    Raises:
        DrawingError: no sketch, or NaN or infinity in one.
    """
    style = style or Style()
    placed, cell_width, cell_height = _place(sketches, aligned, style)
    columns = min(len(placed), columns or _about_square(len(placed)))
    rows = math.ceil(len(placed) / columns)
    font = style.font_size
    line_height = 1.5 * font
    row_labels = [_shorten(text, max(style.size, 10 * font), font) for text in row_labels]  # "temperature 0.15"
    left = font * (GLYPH_WIDTH * max(map(len, row_labels)) + 1) if row_labels else 0.0
    top = line_height if column_labels else 0.0
    step = np.array([cell_width, cell_height + (line_height if captions else 0.0)])
    corners = [np.array([left, top]) + step * (i % columns, i // columns) for i in range(len(placed))]
    cells = [[line.moved(corner) for line in lines] for lines, corner in zip(placed, corners, strict=True)]
    middle = cell_width / 2
    texts = [
        Caption(_shorten(text, cell_width, font), x + middle, y + cell_height + font, "middle")
        for text, (x, y) in zip(captions, corners, strict=bool(captions))
    ]
    texts += [
        Caption(_shorten(text, cell_width, font), left + i * step[0] + middle, font * 1.1, "middle")
        for i, text in enumerate(column_labels[:columns])
    ]
    texts += [
        Caption(text, left - font / 2, top + i * step[1] + cell_height / 2 + font / 3, "end")
        for i, text in enumerate(row_labels[:rows])
    ]
    width, height = math.ceil(left + columns * step[0]), math.ceil(top + rows * step[1])
    picture = Picture(width, height, cells, texts, style, _on_paper(width, height, style))
    return picture if style.page is None else on_page(picture, style.page)


def on_page(picture: Picture, page: str) -> Picture:
    """Fit a picture to a page for a plotter, in portrait or landscape, with strokes ordered for the pen."""
    landscape = picture.width > picture.height
    paper_size = np.array(paper.page_size(page, landscape))
    width, height = (int(side) for side in np.rint(paper_size * paper.PIXELS_PER_MM))
    free = np.array([width, height]) - 2 * paper.PAGE_MARGIN * paper.PIXELS_PER_MM
    scale = float((free / (picture.width, picture.height)).min())
    shift = (np.array([width, height]) - scale * np.array([picture.width, picture.height])) / 2
    lines = [line.scaled(scale).moved(shift) for lines in picture.cells for line in lines]
    ordered = [
        lines[number].turned() if turned else lines[number]
        for number, turned in paper.pen_order([line.points for line in lines])
    ]
    pen = picture.style.pen_width * scale
    style = dataclasses.replace(picture.style, background=TRANSPARENT, stroke_width=pen, size=max(width, height))
    return Picture(width, height, [ordered], [], style, (float(paper_size[0]), float(paper_size[1])))


def in_blocks(
    rows: Sequence[Sequence[np.ndarray | Drawing]], labels: Sequence[str] = ()
) -> tuple[list[np.ndarray | Drawing], int, list[str]]:
    """Break rows that are too long for a sheet, all of one length, and stack the parts in blocks.

    Returns:
        Sketches, columns and row labels for `grid`.
    """
    count = len(rows[0])
    blocks = math.ceil(count / max(MAX_COLUMNS, math.ceil(math.sqrt(count * len(rows)))))
    columns = math.ceil(count / blocks)
    cells: list[np.ndarray | Drawing] = []
    for start in range(0, count, columns):
        for row in rows:
            cells += [*row[start : start + columns], *[BLANK] * (start + columns - count)]
    return cells, columns, [*labels] * blocks


def _about_square(count: int) -> int:
    """Return the columns, from a square's to 1.5 times as many, that leave the fewest cells empty."""
    square = math.ceil(math.sqrt(count))
    return min(range(square, square * 3 // 2 + 1), key=lambda columns: (-count % columns, columns))


def sequence(sketches: Sequence[np.ndarray | Drawing], style: Style | None = None) -> list[Picture]:
    """Return one picture per sketch, all of one size, for a morph."""
    style = style or Style()
    placed, width, height = _place(sketches, False, style)
    size = math.ceil(width), math.ceil(height)
    return [Picture(*size, [lines], [], style, _on_paper(*size, style)) for lines in placed]


def _on_paper(width: int, height: int, style: Style) -> tuple[float, float] | None:
    if style.millimeters is None:
        return None
    return width * style.millimeters / style.size, height * style.millimeters / style.size


def _place(
    sketches: Sequence[np.ndarray | Drawing], aligned: bool, style: Style
) -> tuple[list[list[Line]], float, float]:
    """Return each sketch's lines in a cell at the origin, and the cell width and height."""
    drawings = [sketch if isinstance(sketch, Drawing) else colored(sketch) for sketch in sketches]
    if not drawings:
        raise DrawingError("nothing to draw: no sketch was given")
    for number, drawing in enumerate(drawings, 1):
        if not all(np.isfinite(stroke).all() for stroke in drawing.strokes):
            raise DrawingError(f"sketch {number} holds NaN or infinity and cannot be drawn")
    corners = [bounds(drawing.strokes or [np.zeros((1, 2))]) for drawing in drawings]
    lows, highs = (np.array(corner) for corner in zip(*corners, strict=True))
    if aligned:
        lows[:], highs[:] = lows.min(axis=0), highs.max(axis=0)
    extents = highs - lows
    sides = extents.max(axis=1)
    scales = (style.size - 2 * style.free_space) / np.where(sides > 0, sides, 1.0)
    cell = (extents * scales[:, None]).max(axis=0) + 2 * style.free_space
    shifts = cell / 2 - (lows + highs) / 2 * scales[:, None]
    placed = [
        [
            _line(stroke * scale + shift, color, style)
            for stroke, color in zip(drawing.strokes, _colors(drawing, style), strict=True)
        ]
        for drawing, scale, shift in zip(drawings, scales, shifts, strict=True)
    ]
    return placed, float(cell[0]), float(cell[1])


def _line(points: np.ndarray, color: str, style: Style) -> Line:
    if not style.smooth or len(points) < 3:
        return Line(points, color)
    curves = smooth(points)
    return Line(flattened(curves), color, curves)


def _colors(drawing: Drawing, style: Style) -> list[str]:
    if style.color_by_order:
        return [ORDER_COLORS[number % len(ORDER_COLORS)] for number in range(len(drawing.strokes))]
    return [color or style.color for color in drawing.colors]


def _shorten(text: str, width: float, font_size: float) -> str:
    # Captions come from file names, which may hold characters that XML forbids
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    letters = max(1, int(width / (GLYPH_WIDTH * font_size)))
    return text if len(text) <= letters else text[: letters - 1] + "…"
