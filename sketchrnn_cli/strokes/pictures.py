"""Read the strokes of picture files: SVGs and scans."""

from pathlib import Path

import numpy as np

from sketchrnn_cli.strokes import scan
from sketchrnn_cli.strokes.join import join, was_cut
from sketchrnn_cli.strokes.prepare import Preparation
from sketchrnn_cli.strokes.svg.reader import read_svg

SUFFIXES = (".svg", ".svgz", *scan.SUFFIXES)


def read_picture(path: Path, how: Preparation) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """Read the strokes of a picture.

    Args:
        path: an SVG, a PNG or a JPEG.
        how: whether to join strokes, and how to treat filled outlines.

    Returns:
        Polylines `[points, 2]` in the picture's own unit, y downwards, and notes for the user.

    Raises:
        DataError: unreadable or empty.
        UsageError: scikit-image is needed but not installed.
    """
    if path.suffix.lower() in scan.SUFFIXES:
        return scan.read_scan(path), ()
    drawing = read_svg(path)
    notes = [f"{path}: ignored {', '.join(drawing.ignored)}"] if drawing.ignored else []
    strokes = drawing.polylines
    if how.center_lines and any(drawing.filled):
        outlines = [line for line, filled in zip(strokes, drawing.filled, strict=True) if filled]
        strokes = [line for line, filled in zip(strokes, drawing.filled, strict=True) if not filled]
        strokes += scan.center_lines(outlines)
    if how.join is False:
        return strokes, tuple(notes)
    joined = join(strokes)
    if how.join or was_cut(strokes, joined):
        if len(joined) < len(strokes):
            notes.append(f"{path}: joined {len(strokes)} pieces into {len(joined)} strokes")
        strokes = joined
    return strokes, tuple(notes)
