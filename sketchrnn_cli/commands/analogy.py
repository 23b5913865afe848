"""`sketchrnn analogy`: A − B + C, on drawings."""

from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt


def analogy(
    ckpt: Annotated[str, typer.Argument(metavar="CKPT", help="A checkpoint's folder or name.")],
    a: Annotated[str, typer.Argument(metavar="A", help=opt.INPUT_HELP)],
    b: Annotated[str, typer.Argument(metavar="B", help="What to take away from A, likewise.")],
    c: Annotated[str, typer.Argument(metavar="C", help="What to add, likewise.")],
    temperature: Annotated[float, typer.Option("--temperature", "-t", min=0, help="Randomness of the drawing.")] = 0.1,
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
    """Draw A − B + C: what is to C as A is to B. The sheet shows A, B, C and the answer.

    An array (.npy, .json) holds the answer alone.

    Example: sketchrnn analogy cat head_and_body.svg head.svg another_head.svg --out answer.svg
    """
    from sketchrnn_cli import latent
    from sketchrnn_cli.commands import sheets
    from sketchrnn_cli.drawing.layout import Style
    from sketchrnn_cli.strokes.files import ARRAYS

    style = Style(size, stroke_width, margin, color, background, color_by_order)
    sketcher = sheets.open_model(ckpt, checkpoint_dir)
    target = sheets.destination(out, sketcher, force)
    shown = sheets.read_inputs([a, b, c], sketcher, data_dir, seed, epsilon)
    z = latent.analogy(*sheets.encode(sketcher, shown, seed, False))
    answer = sketcher.draw(z[None], 1, temperature, seed)
    pictured = answer if target.suffix in ARRAYS else shown + answer
    path = sheets.save(pictured, target, style, columns=4, captions=["A", "B", "C", "A - B + C"])
    console.result(str(path))
