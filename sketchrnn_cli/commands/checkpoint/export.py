"""`sketchrnn checkpoint export`: write a model for another program."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.errors import UsageError


class Format(StrEnum):
    """Programs to write for."""

    MAGENTA_JS = "magenta-js"


def export(
    ckpt: opt.Ckpt = None,
    format_: Annotated[Format, typer.Option("--format", help="The program to write for.")] = Format.MAGENTA_JS,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write. [default: NAME.vae.json, decoder-only NAME.gen.json]"),
    ] = None,
    at_z: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Fix a conditional model at one latent vector (.npy, .json), as a decoder-only file. Only for models "
            "whose decoder begins at zero: a gen.json cannot hold a first state that comes from z.",
        ),
    ] = None,
    force: opt.Force = False,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
) -> None:
    """Write a model for Magenta.js, which draws in web pages; it draws there in the units of the model's data.

    Weights are rounded to steps of 0.0003. LSTM cells, sigmoid gates and 20 Gaussians are what it can hold.

    Example: sketchrnn checkpoint export cat --format magenta-js --out cat.vae.json
    """
    import os

    from sketchrnn_cli.interop.magenta_js import export
    from sketchrnn_cli.store import names
    from sketchrnn_cli.strokes.files import read_latents

    loaded = names.load(ckpt, checkpoint_dir)
    name = names.title(loaded.folder).partition("@")[0]
    z = None
    if at_z is not None:
        if not loaded.hparams.conditional:
            raise UsageError(f"--at-z {at_z}: this model is decoder-only and draws from no z")
        latents = read_latents(at_z, loaded.hparams.z_size)
        if len(latents) != 1:
            raise UsageError(f"--at-z {at_z}: holds {len(latents)} latent vectors; one is needed")
        z = latents[0]
    path = out or Path(name + export.suffix(loaded.hparams, z))
    if path.is_dir() or (os.path.lexists(path) and not force):
        raise UsageError(f"{path} exists; --out gives another name{'' if path.is_dir() else ', --force replaces it'}")
    export.write(path, loaded, name, z, force)
    console.result(str(path))
