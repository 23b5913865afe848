"""`sketchrnn encode`: the latent vectors of drawings."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt

if TYPE_CHECKING:
    import numpy as np

    from sketchrnn_cli.commands.engine import Engine
    from sketchrnn_cli.commands.sheets import Reading
    from sketchrnn_cli.sketching import Sketcher

AT_ONCE = 512
"""Sketches of a data set encoded between two updates of the progress bar."""


@opt.with_engine
@opt.with_reading
def encode(
    words: Annotated[list[str], opt.words_of("INPUT...", "drawings, or data sets to encode whole. " + opt.INPUT_HELP)],
    sigma: Annotated[bool, typer.Option("--sigma", help="Write σ, too: [2, n, z] of μ and σ.")] = False,
    split: Annotated[str, typer.Option(help="Of a data set: train, valid or test.")] = "train",
    seed: opt.Seed = 0,
    out: opt.Out = None,
    force: opt.Force = False,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    reading: Any = None,
    engine: Any = None,
) -> None:
    """Write the latent vectors of drawings as .npy or JSON; without --out, print JSON.

    Of a data set, row i is its sketch i. NumPy encodes it, unless --backend or --devices is given or JAX sees a GPU.

    Example: sketchrnn encode cat a.svg b.svg --out z.npy
    """
    import json

    from sketchrnn_cli.commands import meant, sheets
    from sketchrnn_cli.data.dataset import check_splits
    from sketchrnn_cli.drawing import output
    from sketchrnn_cli.strokes.files import ARRAYS, write_latents

    check_splits([split])
    path = None if out is None else output.check(out, ARRAYS, force)
    ckpt, inputs = meant.model_and_drawings(words, checkpoint_dir, sets=reading.data_dir)
    sketcher = sheets.open_model(ckpt, checkpoint_dir)
    mu, deviation = _latents(sketcher, inputs, split, reading, engine, seed)
    if path is None:
        console.result(json.dumps({"mu": mu.tolist(), **({"sigma": deviation.tolist()} if sigma else {})}))
        return
    with output.writing(path, force) as partial:
        write_latents(mu, deviation if sigma else None, partial)
    console.result(str(path))


def _latents(
    sketcher: "Sketcher", inputs: list[str], split: str, reading: "Reading", engine: "Engine", seed: int
) -> "np.ndarray":
    """Return μ and σ of all inputs in order, `[2, sketches, z_size]`."""
    import numpy as np

    from sketchrnn_cli.commands import sheets
    from sketchrnn_cli.data.inputs import names_one

    parts: list[Any] = []
    for single, some in groupby(inputs, names_one):
        if single:
            parts.append(sketcher.encode(sheets.read_inputs(list(some), sketcher, reading, seed)))
        else:
            parts += [_of_a_set(sketcher, text, split, reading, engine) for text in some]
    return np.concatenate(parts, axis=1)


def _of_a_set(sketcher: "Sketcher", text: str, split: str, reading: "Reading", engine: "Engine") -> "np.ndarray":
    """Return μ and σ of a split of a data set, `[2, sketches, z_size]`."""
    import numpy as np

    from sketchrnn_cli.commands import sheets

    on_engine = sketcher.hparams.conditional and engine.is_worthwhile()
    if on_engine:
        engine.check()
    sketches = sheets.read_set(text, split, sketcher, reading)
    if on_engine:
        engine.start()
    with console.progress("{task.description}", "{task.completed} of {task.total}") as bar:
        task = bar.add_task("encoding", total=len(sketches))
        if on_engine:
            from sketchrnn_cli.training import encoding

            return encoding.encode(sketcher.checkpoint, sketches, lambda done: bar.update(task, completed=done))
        parts = []
        for some in sketches.blocks(AT_ONCE):
            parts.append(sketcher.encode(some))
            bar.advance(task, len(some))
    return np.concatenate(parts, axis=1)
