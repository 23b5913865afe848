"""`sketchrnn reconstruct`: show a model drawings, and see what it makes of them."""

from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt


def reconstruct(
    ckpt: Annotated[str, typer.Argument(metavar="CKPT", help="A checkpoint's folder or name.")],
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT", help=opt.INPUT_HELP)],
    temperature: Annotated[
        list[float] | None,
        typer.Option("--temperature", "-t", min=0, help="Randomness; several give a row each. [default: 0.1]"),
    ] = None,
    sample_z: Annotated[bool, typer.Option("--sample-z", help="Draw z from N(μ, σ) instead of taking μ.")] = False,
    seed: opt.Seed = 0,
    epsilon: opt.Epsilon = 2.0,
    out: opt.SheetOut = None,
    force: opt.Force = False,
    size: opt.Size = 256,
    stroke_width: opt.StrokeWidth = None,
    margin: opt.Margin = None,
    color: opt.Color = opt.INK,
    background: opt.Background = opt.WHITE,
    color_by_order: opt.ColorByOrder = False,
    data_dir: opt.DataDir = opt.DATA_DIR,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
) -> None:
    """Encode drawings and draw them again: the inputs on top, a row for each temperature below.

    Arrays (.npy, .json) hold the new drawings alone.

    Example: sketchrnn reconstruct cat a.svg b.svg --out again.svg
    """
    from sketchrnn_cli.commands import sheets
    from sketchrnn_cli.drawing.layout import Style

    temperatures = temperature or [0.1]
    style = Style(size, stroke_width, margin, color, background, color_by_order)
    sketcher = sheets.open_model(ckpt, checkpoint_dir)
    target = sheets.destination(out, sketcher, force)
    shown = sheets.read_inputs(inputs, sketcher, data_dir, seed, epsilon)
    z = sheets.encode(sketcher, shown, seed, sample_z)
    rows = sheets.at_temperatures(sketcher, z, len(z), temperatures, seed, common_stream=True)
    labels = ["input", *(f"temperature {value:g}" for value in temperatures)]
    path = sheets.save_rows(rows, target, style, labels, above=shown)
    console.result(str(path))
