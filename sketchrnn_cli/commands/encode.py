"""`sketchrnn encode`: the latent vectors of drawings."""

from typing import Annotated, Any

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt


@opt.with_reading
def encode(
    words: Annotated[list[str], opt.words_of("INPUT...", "drawings. " + opt.INPUT_HELP)],
    sigma: Annotated[bool, typer.Option("--sigma", help="Write σ, too: [2, n, z] of μ and σ.")] = False,
    seed: opt.Seed = 0,
    out: opt.Out = None,
    force: opt.Force = False,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    reading: Any = None,
) -> None:
    """Write the latent vectors of drawings as .npy or JSON; without --out, print JSON.

    Example: sketchrnn encode cat a.svg b.svg --out z.npy
    """
    import json

    from sketchrnn_cli.commands import meant, sheets
    from sketchrnn_cli.drawing import output
    from sketchrnn_cli.strokes.files import ARRAYS, write_latents

    path = None if out is None else output.check(out, ARRAYS, force)
    ckpt, inputs = meant.model_and_drawings(words, checkpoint_dir)
    sketcher = sheets.open_model(ckpt, checkpoint_dir)
    shown = sheets.read_inputs(inputs, sketcher, reading, seed)
    mu, deviation = sketcher.encode(shown)
    if path is None:
        console.result(json.dumps({"mu": mu.tolist(), **({"sigma": deviation.tolist()} if sigma else {})}))
        return
    with output.writing(path, force) as partial:
        write_latents(mu, deviation if sigma else None, partial)
    console.result(str(path))
