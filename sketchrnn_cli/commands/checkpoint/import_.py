"""`sketchrnn checkpoint import`: make a checkpoint of another program's model."""

from pathlib import Path
from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt


def import_(
    file: Annotated[
        Path,
        typer.Argument(help="A Magenta.js model (.gen.json, .vae.json, .gen.full.json), or sketch_rnn_keras' .hdf5."),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the checkpoint. [default: the model's, else the file's]")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="JSON", help="The model_config.json of an .hdf5. [default: the one beside it]"),
    ] = None,
    scale_factor: Annotated[
        float | None,
        typer.Option(
            min=1e-6, help="Data units per model unit. [default: the file's; for an .hdf5 45, typical of Quick, Draw!]"
        ),
    ] = None,
    canvas_size: Annotated[
        float | None,
        typer.Option(min=1e-6, help="Larger side of the training drawings, in data units. [default: that of samples]"),
    ] = None,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    force: opt.Force = False,
) -> None:
    """Make a checkpoint of another program's model: draw with it, and with an encoder encode too.

    Example: sketchrnn checkpoint import dog.gen.json --name dog
    """
    from sketchrnn_cli.interop import importing

    imported = importing.read(file, config)
    name = importing.plain_name(imported, file) if name is None else name
    folder = importing.destination(checkpoint_dir, name, force)
    sidecar, assumed = importing.describe(imported, scale_factor, canvas_size)
    importing.release(imported, sidecar, folder, force)
    for sentence in assumed:
        console.message(sentence)
    console.result(str(folder))
