"""`sketchrnn animate`: watch a sketch being drawn."""

from typing import Annotated, Any

import typer

from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.errors import UsageError


@opt.with_style
@opt.with_reading
@opt.with_animation_output
def animate(
    words_: Annotated[
        list[str] | None,
        opt.words_of("[INPUT]", "a drawing, to draw it and not a new sketch. " + opt.INPUT_HELP),
    ] = None,
    drawn: Annotated[
        str | None,
        typer.Option("--input", metavar="INPUT", help="The same as INPUT."),
    ] = None,
    morph: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="INPUT INPUT", help="Turn one drawing into another and back, by the latent space."),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=2, max=1000, help="With --morph: drawings from one to the other. [default: 20, with --points 40]"
        ),
    ] = None,
    points: Annotated[
        bool, typer.Option("--points", help="With --morph: move the points of one drawing to those of the other.")
    ] = False,
    temperature: Annotated[
        float | None,
        typer.Option(
            "--temperature",
            "-t",
            min=0,
            help="Randomness, as for sample. [default: as the model draws best; with --morph 0.1]",
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, max=100, help="Sketches drawn side by side. [default: 1]")
    ] = None,
    words: opt.Words = None,
    seed: opt.Seed = 0,
    max_points: opt.MaxPoints = None,
    fps: Annotated[int, typer.Option(help="Frames a second.")] = 25,
    seconds: Annotated[float, typer.Option(help="Seconds from the first stroke to the last.")] = 3.0,
    hold: Annotated[float, typer.Option(help="Seconds that the finished drawing stays.")] = 1.5,
    loop: Annotated[int, typer.Option(help="How often it plays; 0 forever.")] = 0,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    output: Any = None,
    style: Any = None,
    reading: Any = None,
) -> None:
    """Draw a new sketch stroke by stroke: GIF, WebP, APNG (also as .png), MP4, animated SVG, or a folder of frames.

    Example: sketchrnn animate --out cat.gif
    """
    from sketchrnn_cli import latent
    from sketchrnn_cli.commands import meant, sheets
    from sketchrnn_cli.drawing import output as files
    from sketchrnn_cli.drawing.layout import grid, sequence
    from sketchrnn_cli.drawing.morph import between
    from sketchrnn_cli.drawing.timing import Timing

    ckpt, inputs = meant.model_and_drawings(words_ or [], checkpoint_dir, (0, 1, 2))
    if len(inputs) == 2:
        raise UsageError(f"two drawings: --morph {inputs[0]} {inputs[1]} turns one into the other")
    if drawn and inputs:
        raise UsageError(f"--input {drawn} and {inputs[0]}: give one of them")
    drawn = drawn or next(iter(inputs), None)
    if drawn and morph:
        raise UsageError("INPUT animates one drawing, --morph two; give one of them")
    if count is not None and (drawn or morph):
        raise UsageError("--count is for new sketches; INPUT and --morph name their drawings")
    if points and not morph:
        raise UsageError("--points is for --morph")
    if steps is not None and not morph:
        raise UsageError("--steps is for --morph; --seconds says how long a drawing takes")
    if words and drawn:
        raise UsageError("--class is for new sketches, and for --morph; INPUT is drawn as it is")
    timing = Timing(fps, seconds, hold, loop)
    output.check(files.ANIMATIONS)  # Before the model is loaded.
    sketcher = sheets.open_model(ckpt, checkpoint_dir)
    target = output.target(sketcher, files.ANIMATIONS)
    labels = sketcher.rows(words or [])
    if morph:
        ends = sheets.read_inputs(morph, sketcher, reading, seed)
        warmth = 0.1 if temperature is None else temperature
        if points:
            walk = between(ends[0], ends[1], steps or 40)
        elif not sketcher.hparams.conditional:
            raise UsageError("--morph: a decoder-only model has no latent way between drawings; add --points")
        else:
            start, end = sheets.encode(sketcher, ends, seed, False)
            z = latent.between(start, end, steps or 20)
            of = sketcher.between(labels[0], labels[-1], len(z)) if len(labels) else None
            walk = sketcher.draw(z, len(z), warmth, seed, max_points, streams=[0] * len(z), labels=of)
        pictures = sequence(walk, style)
    elif drawn:
        pictures = [grid(sheets.read_inputs([drawn], sketcher, reading, seed), style=style)]
    else:
        count = count or 1
        way = sketcher.sampling if temperature is None else temperature
        latents = sketcher.new_latents(count, seed)
        rows = sheets.of_words(sketcher, latents, count, labels, way, seed, max_points)
        pictures = [grid([sketch for row in rows for sketch in row], style=style)]
    sheets.save_animation(pictures, timing, target)
