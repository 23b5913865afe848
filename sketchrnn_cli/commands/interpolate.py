"""`sketchrnn interpolate`: walk from one drawing to another."""

from typing import Annotated, Any

import typer

from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.errors import UsageError


@opt.with_style
@opt.with_reading
@opt.with_output
def interpolate(
    words_: Annotated[list[str], opt.words_of("INPUT...", "two or four drawings. " + opt.INPUT_HELP)],
    grid: Annotated[bool, typer.Option("--grid", help="Require four drawings, the corners of a grid.")] = False,
    steps: Annotated[
        int, typer.Option(min=2, max=100, help="Number of drawings from one to the other, including both ends.")
    ] = 10,
    lerp: Annotated[bool, typer.Option("--lerp", help="Interpolate linearly instead of spherically (slerp).")] = False,
    temperature: Annotated[float, typer.Option("--temperature", "-t", min=0, help="Sampling temperature.")] = 0.1,
    sample_z: Annotated[bool, typer.Option("--sample-z", help="Sample z from N(μ, σ) instead of using μ.")] = False,
    search: opt.Search = None,
    words: Annotated[
        list[str] | None,
        typer.Option(
            "--class", metavar="WORD", help="What the drawings show; two words: from the first to the second."
        ),
    ] = None,
    seed: opt.Seed = 0,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    output: Any = None,
    style: Any = None,
    reading: Any = None,
) -> None:
    """Interpolate in the latent space from one drawing to another; four drawings are the corners of a grid.

    Example: sketchrnn interpolate cat a.svg b.svg --steps 10
    """
    from sketchrnn_cli.commands import meant, sheets
    from sketchrnn_cli.drawing.output import MOVING

    ckpt, inputs = meant.model_and_drawings(words_, checkpoint_dir, (4,) if grid else (2, 4))
    if words and len(words) > 2:
        raise UsageError(f"{len(words)} words: give one for all drawings, or two to go from one to the other")
    sketcher = sheets.open_model(ckpt, checkpoint_dir)
    target = output.target(sketcher)
    ends = sheets.read_inputs(inputs, sketcher, reading, seed)
    z = sheets.encode(sketcher, ends, seed, temperature, search, sample_z)
    labels, row = sketcher.rows(words or []), len(z) == 2
    sketches = sketcher.interpolate(z, steps, "lerp" if lerp else "slerp", temperature, seed, labels=labels)
    if row and target.suffix not in MOVING:
        sheets.save_rows([sketches], target, style)
    else:
        sheets.save(sketches, target, style, morph=row, columns=steps)
