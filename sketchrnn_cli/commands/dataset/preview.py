"""`sketchrnn dataset preview`: a sheet of a data set's drawings."""

from typing import Annotated

import typer

from sketchrnn_cli.commands import completion
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.errors import UsageError


def preview(
    dataset: Annotated[
        str, typer.Argument(metavar="DATASET", help="A name in --data-dir, or a path.", autocompletion=completion.sets)
    ],
    split: Annotated[str, typer.Option(help="train, valid or test.")] = "train",
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Number of sketches, chosen at random.")] = 25,
    index: Annotated[
        list[int] | None,
        typer.Option("--index", "-i", min=0, help="Show the sketch at this index instead; repeatable."),
    ] = None,
    columns: Annotated[int | None, typer.Option(min=1, help="Drawings per row. [default: roughly square]")] = None,
    seed: opt.Seed = 0,
    size: opt.Size = 160,
    out: opt.Out = None,
    force: opt.Force = False,
    data_dir: opt.DataDir = opt.DATA_DIR,
) -> None:
    """Draw sketches of a data set on one sheet (.svg, .png), each with its index.

    Example: sketchrnn dataset preview doodle_cat --out cats.png
    """
    from sketchrnn_cli.commands import drawings, sheets
    from sketchrnn_cli.commands.targets import Output
    from sketchrnn_cli.data import cache, inspection, names
    from sketchrnn_cli.drawing import output
    from sketchrnn_cli.drawing.layout import grid
    from sketchrnn_cli.drawing.style import Style

    target = Output(out, force, show=False, formats=output.STILLS).target("preview")
    (path,) = drawings.archives([names.find(dataset, data_dir)])
    sketches = cache.load(path).splits.get(split)
    if sketches is None:
        raise UsageError(f"--split {split}: expected train, valid or test")
    chosen = inspection.choose(sketches, index or count, seed)
    captions = [f"{split} {number}" for number in chosen]
    picture = grid([sketches[number] for number in chosen], columns, captions, style=Style(size=size))
    sheets.save_picture(picture, target)
