"""`sketchrnn complete`: finish a drawing that somebody began."""

from typing import Annotated, Any

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.errors import UsageError


@opt.with_style
@opt.with_reading
@opt.with_output
def complete(
    words: Annotated[list[str], opt.words_of("INPUT", "the beginning. " + opt.INPUT_HELP)],
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=10_000, help="Number of completions.")] = 4,
    fraction: Annotated[
        float | None,
        typer.Option(help="Size of the beginning as a fraction of the whole drawing. [default: 1 for an SVG]"),
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Use only the first N points of the INPUT. [default: all]")
    ] = None,
    as_is: Annotated[
        bool,
        typer.Option(
            "--as-is", help="Encode the beginning at its own size, as a complete drawing, which the model may end."
        ),
    ] = False,
    word: opt.Word = None,
    temperature: Annotated[float, typer.Option("--temperature", "-t", min=0, help="Sampling temperature.")] = 0.6,
    seed: opt.Seed = 0,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    output: Any = None,
    style: Any = None,
    reading: Any = None,
) -> None:
    """Complete a drawing: several completions on one sheet, the given part in another color.

    The size and the subject of the beginning are inferred: each completion continues from a guess under which these
    strokes are likely. --fraction states the size, relative to a whole drawing. A beginning of more than three quarters
    of the model's maximum number of points is simplified, to leave room.

    Example: sketchrnn complete cat half.svg --fraction 0.5 --count 8 --out endings.svg
    """
    from sketchrnn_cli.commands import meant, sheets
    from sketchrnn_cli.drawing.layout import colored
    from sketchrnn_cli.strokes.files import ARRAYS

    if fraction is not None and not 0 < fraction <= 1:
        raise UsageError(f"--fraction {fraction}: give a number above 0 and up to 1")
    if fraction is not None and keep is not None:
        raise UsageError("--keep takes the beginning from a whole drawing, --fraction is for a beginning; give one")
    ckpt, beginning = meant.model_and_drawings(words, checkpoint_dir, (1,))
    sketcher = sheets.open_model(ckpt, checkpoint_dir, bool(word))
    target = output.target(sketcher)
    label = int(sketcher.rows([word])[0]) if word else 0
    share = 0.75 if keep is None else 1.0
    given = sheets.read_inputs(beginning, sketcher, reading, seed, fraction, share)[0]
    if keep is not None and keep > len(given):
        console.message(f"--keep {keep}: {beginning[0]} has {len(given)} points; all are kept")
    given = given[:keep]
    endings = sketcher.complete(given, count, temperature, seed, as_is, known_size=fraction is not None, label=label)
    pictured = endings if target.suffix in ARRAYS else [colored(ending, len(given)) for ending in endings]
    sheets.save(pictured, target, style, aligned=True)
