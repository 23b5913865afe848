"""`sketchrnn checkpoint release`: make a checkpoint that others can use of a run."""

from pathlib import Path
from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import completion
from sketchrnn_cli.commands import options as opt


def release(
    ckpt: Annotated[
        str,
        typer.Argument(
            metavar="CKPT", help="A run (by default its best step) or any checkpoint.", autocompletion=completion.models
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the new checkpoint.")],
    half: Annotated[
        bool, typer.Option("--half/--full", help="Store weights in half precision, at half the size.")
    ] = True,
    metrics: Annotated[
        Path | None, typer.Option(metavar="JSON", help="Metrics for the card: a JSON object of names and numbers.")
    ] = None,
    license_: Annotated[str | None, typer.Option("--license", help="License required by its data.")] = None,
    attribution: Annotated[str | None, typer.Option(help="Credit for the drawings.")] = None,
    limits: Annotated[str | None, typer.Option(help="Known limitations.")] = None,
    note: Annotated[str | None, typer.Option(help="How it was trained.")] = None,
    sampling: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=VALUE,...",
            help="Recommended sampling: temperature=0.25, or top_p=0.5,spread=0.3,pen_temperature=0.7.",
        ),
    ] = None,
    fit_to: Annotated[
        str | None,
        typer.Option(
            metavar="DATASET",
            help="Fit to its training drawings: z is drawn from their aggregate posterior, words are read from them.",
        ),
    ] = None,
    data_dir: opt.DataDir = opt.DATA_DIR,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
) -> None:
    """Make a checkpoint that others can use: weights, sidecar, and a card with six sketches.

    Example: sketchrnn checkpoint release pets --name my_pets
    """
    from sketchrnn_cli.api.releasing import release_model
    from sketchrnn_cli.data import cache
    from sketchrnn_cli.data import names as set_names
    from sketchrnn_cli.store import names

    said = {"license": license_, "attribution": attribution, "limits": limits, "note": note}
    folder = release_model(
        names.load(ckpt, checkpoint_dir),
        names.new_folder(checkpoint_dir, name),
        {key: value for key, value in said.items() if value is not None},
        metrics,
        sampling,
        half,
        cache.load(set_names.find(fit_to, data_dir)) if fit_to is not None else None,
    )
    console.result(str(folder))
