"""`sketchrnn dataset export`: the drawings of a data set as SVG files."""

from pathlib import Path
from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import completion
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.wording import counted


def export(
    drawings: Annotated[
        str,
        typer.Argument(
            metavar="SET[:SPLIT[:A-B]]",
            help="A data set, one of its splits, or some of its sketches.",
            autocompletion=completion.sets,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder; created if missing.")],
    smooth: Annotated[bool, typer.Option("--smooth", help="Draw smooth curves through the points.")] = False,
    force: opt.Force = False,
    data_dir: opt.DataDir = opt.DATA_DIR,
) -> None:
    """Write the drawings of a data set as SVG files, one each; `convert` reads them back.

    Example: sketchrnn dataset export doodle_cat:train:0-19 --out my_drawings/
    """
    from sketchrnn_cli.data import selection
    from sketchrnn_cli.drawing import export as files

    count = files.write_folder(selection.select(drawings, data_dir), out, smooth, force)
    console.message(counted(count, "drawing"))
    console.result(str(out))
