"""`sketchrnn animate`: watch a sketch being drawn."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from sketchrnn_cli.sketching import Sketcher


@opt.with_style
@opt.with_reading
@opt.with_animation_output
def animate(
    words_: Annotated[
        list[str] | None,
        opt.words_of("[INPUT]", "a drawing to animate instead of a new sketch. " + opt.INPUT_HELP),
    ] = None,
    drawn: Annotated[
        str | None,
        typer.Option("--input", metavar="INPUT", help="Same as INPUT."),
    ] = None,
    morph: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="INPUT INPUT", help="Morph one drawing into another and back, through the latent space."),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=2, max=1000, help="With --morph: number of drawings. [default: 20, with --points 40]"),
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
            help="Sampling temperature. [default: the model's recommended sampling; with --morph 0.1]",
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, max=100, help="Number of sketches, side by side. [default: 1]")
    ] = None,
    words: opt.Words = None,
    seed: opt.Seed = 0,
    max_points: opt.MaxPoints = None,
    fps: Annotated[int, typer.Option(help="Frames per second.")] = 25,
    seconds: Annotated[float, typer.Option(help="Duration of the drawing, in seconds.")] = 3.0,
    hold: Annotated[float, typer.Option(help="Duration of the finished drawing, in seconds.")] = 1.5,
    loop: Annotated[int, typer.Option(help="Number of repetitions; 0 for infinite.")] = 0,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    output: Any = None,
    style: Any = None,
    reading: Any = None,
) -> None:
    """Draw a new sketch stroke by stroke: GIF, WebP, APNG (also as .png), MP4, animated SVG, or a folder of frames.

    Example: sketchrnn animate --out cat.gif
    """
    from sketchrnn_cli.commands import meant, sheets
    from sketchrnn_cli.drawing.layout import grid, sequence
    from sketchrnn_cli.drawing.timing import Timing

    ckpt, inputs = meant.model_and_drawings(words_ or [], checkpoint_dir, (0, 1, 2))
    drawn = _drawing(drawn, inputs, morph)
    _check(bool(drawn), bool(morph), count, points, steps, words)
    timing = Timing(fps, seconds, hold, loop)
    sketcher = sheets.open_model(ckpt, checkpoint_dir, bool(words) and not morph)
    target = output.target(sketcher)
    labels = sketcher.rows(words or [])
    if morph:
        ends = sheets.read_inputs(morph, sketcher, reading, seed)
        pictures = sequence(_morph(sketcher, ends, labels, steps, points, temperature, seed, max_points), style)
    elif drawn:
        pictures = [grid(sheets.read_inputs([drawn], sketcher, reading, seed), style=style)]
    else:
        way, z = sketcher.sampling if temperature is None else temperature, sketcher.new_latents(count or 1, seed)
        rows = sheets.of_words(sketcher, z, count or 1, labels, way, seed, max_points)
        pictures = [grid([sketch for row in rows for sketch in row], style=style)]
    sheets.save_animation(pictures, timing, target)


def _drawing(asked: str | None, inputs: list[str], morph: tuple[str, str] | None) -> str | None:
    """Return the drawing to animate, from either option.

    Raises:
        UsageError: more than one drawing.
    """
    if len(inputs) == 2:
        raise UsageError(f"two drawings: --morph {inputs[0]} {inputs[1]} turns one into the other")
    if asked and inputs:
        raise UsageError(f"--input {asked} and {inputs[0]}: give one of them")
    drawn = asked or next(iter(inputs), None)
    if drawn and morph:
        raise UsageError("INPUT animates one drawing, --morph two; give one of them")
    return drawn


def _check(
    has_drawing: bool, has_morph: bool, count: int | None, points: bool, steps: int | None, words: list[str] | None
) -> None:
    """Refuse options that contradict each other.

    Raises:
        UsageError: see above.
    """
    if count is not None and (has_drawing or has_morph):
        raise UsageError("--count is for new sketches; INPUT and --morph name their drawings")
    if points and not has_morph:
        raise UsageError("--points is for --morph")
    if steps is not None and not has_morph:
        raise UsageError("--steps is for --morph; --seconds says how long a drawing takes")
    if words and has_drawing:
        raise UsageError("--class is for new sketches, and for --morph; INPUT is drawn as it is")


def _morph(
    sketcher: "Sketcher",
    ends: "Sequence[np.ndarray]",
    labels: "np.ndarray",
    steps: int | None,
    points: bool,
    temperature: float | None,
    seed: int,
    max_points: int | None,
) -> "list[np.ndarray]":
    """Return the sketches from one drawing to another: moving points, or a path through the latent space.

    Raises:
        UsageError: a latent path, but the model is decoder-only.
    """
    from sketchrnn_cli.commands import sheets
    from sketchrnn_cli.drawing.morph import between

    if points:
        return between(ends[0], ends[1], steps or 40)
    if not sketcher.hparams.conditional:
        raise UsageError("--morph: a decoder-only model has no latent way between drawings; add --points")
    warmth = 0.1 if temperature is None else temperature
    z = sheets.encode(sketcher, ends, seed, warmth, None)
    return sketcher.interpolate(z, steps or 20, "slerp", warmth, seed, max_points, labels)
