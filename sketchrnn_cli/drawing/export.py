"""Write drawings as a folder of SVG files."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from sketchrnn_cli import atomic
from sketchrnn_cli.drawing import output, svg
from sketchrnn_cli.drawing.layout import grid
from sketchrnn_cli.drawing.style import Style


def write_folder(
    sketches: Iterable[tuple[str, np.ndarray]], folder: Path, smooth: bool = False, force: bool = False
) -> int:
    """Write named sketches as ``NAME.svg``; return how many.

    Raises:
        DrawingError: the folder cannot be written.
        ExistsError: without `force`, a file exists; nothing is written then.
        UsageError: the folder's name is a file's.
    """
    atomic.check_folder_name(folder)
    several = [(folder / f"{name}.svg", sketch) for name, sketch in sketches]
    if not force and (there := [path for path, _ in several if os.path.lexists(path)]):
        raise atomic.taken(there[0])
    style = Style(smooth=smooth)
    for path, sketch in several:
        with output.writing(path, force) as partial:
            # Not marked as a picture of ours: it is meant to be read back as a drawing.
            partial.write_text(svg.render(grid([sketch], style=style), marked=False), encoding="utf-8", newline="\n")
    return len(several)
