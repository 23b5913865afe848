"""`sketchrnn analogy`: A − B + C, on drawings."""

from typing import Annotated, Any

import typer

from sketchrnn_cli.commands import options as opt


@opt.with_style
@opt.with_reading
@opt.with_output
def analogy(
    words: Annotated[
        list[str],
        opt.words_of("A B C", "a drawing, what to take away from it, and what to add. " + opt.INPUT_HELP),
    ],
    temperature: Annotated[float, typer.Option("--temperature", "-t", min=0, help="Sampling temperature.")] = 0.1,
    seed: opt.Seed = 0,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    output: Any = None,
    style: Any = None,
    reading: Any = None,
) -> None:
    """Draw A − B + C: what is to C as A is to B. The sheet shows A, B, C and the answer.

    An array (.npy, .json) holds the answer alone.

    Example: sketchrnn analogy cat head_and_body.svg head.svg another_head.svg --out answer.svg
    """
    from sketchrnn_cli import latent
    from sketchrnn_cli.commands import meant, sheets
    from sketchrnn_cli.strokes.files import ARRAYS

    ckpt, inputs = meant.model_and_drawings(words, checkpoint_dir, (3,))
    sketcher = sheets.open_model(ckpt, checkpoint_dir)
    target = output.target(sketcher)
    shown = sheets.read_inputs(inputs, sketcher, reading, seed)
    z = latent.analogy(*sheets.encode(sketcher, shown, seed))
    answer = sketcher.draw(z[None], 1, temperature, seed)
    pictured = answer if target.suffix in ARRAYS else shown + answer
    sheets.save(pictured, target, style, columns=4, captions=["A", "B", "C", "A - B + C"])
