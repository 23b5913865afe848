"""`sketchrnn animate`: watch a sketch being drawn."""

from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt


def animate(
    ckpt: opt.Ckpt = None,
    temperature: Annotated[float, typer.Option("--temperature", "-t", min=0, help="Randomness of the drawing.")] = 0.4,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Sketches drawn side by side.")] = 1,
    seed: opt.Seed = 0,
    max_points: opt.MaxPoints = None,
    fps: Annotated[int, typer.Option(help="Frames a second.")] = 25,
    seconds: Annotated[float, typer.Option(help="Seconds from the first stroke to the last.")] = 3.0,
    hold: Annotated[float, typer.Option(help="Seconds that the finished drawing stays.")] = 1.5,
    loop: Annotated[int, typer.Option(help="How often it plays; 0 for ever.")] = 0,
    out: opt.Out = None,
    force: opt.Force = False,
    size: opt.Size = 256,
    stroke_width: opt.StrokeWidth = None,
    color: opt.Color = opt.INK,
    background: opt.Background = opt.WHITE,
    color_by_order: opt.ColorByOrder = False,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
) -> None:
    """Draw a new sketch stroke by stroke: GIF, WebP, APNG (also as .png), MP4, animated SVG, or a folder of frames.

    Example: sketchrnn animate --out cat.gif
    """
    from sketchrnn_cli.commands import sheets
    from sketchrnn_cli.drawing import output
    from sketchrnn_cli.drawing.layout import Style, grid
    from sketchrnn_cli.drawing.timing import Timing

    style = Style(size, stroke_width, None, color, background, color_by_order)
    timing = Timing(fps, seconds, hold, loop)
    if out is not None:
        output.check(out, output.ANIMATIONS, force)
    sketcher = sheets.open_model(ckpt, checkpoint_dir)
    path = output.check(out, output.ANIMATIONS, force) if out else sheets.free_name(sketcher, ".gif")
    sketches = sketcher.draw(sketcher.random_latents(count, seed), count, temperature, seed, max_points)
    output.save_animation([grid(sketches, style=style)], timing, path)
    console.result(str(path))
