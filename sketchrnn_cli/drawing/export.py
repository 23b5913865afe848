"""Write drawings as a folder of SVG files."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from sketchrnn_cli.drawing import output
from sketchrnn_cli.drawing.layout import grid
from sketchrnn_cli.drawing.style import Style


def write_folder(
    sketches: Iterable[tuple[str, np.ndarray]], folder: Path, smooth: bool = False, force: bool = False
) -> int:
    """Write named sketches as ``NAME.svg``; return how many.

    Raises:
        DrawingError: the folder cannot be written.
        ExistsError: without `force`, a file exists.
    """
    count = 0
    style = Style(smooth=smooth)
    for name, sketch in sketches:
        output.save_picture(grid([sketch], style=style), folder / f"{name}.svg", force)
        count += 1
    return count
