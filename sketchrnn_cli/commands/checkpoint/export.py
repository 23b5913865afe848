"""`sketchrnn checkpoint export`: write a model for another program, or for a web page."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.errors import UsageError


class Format(StrEnum):
    """What to write for."""

    WEB = "web"
    MAGENTA_JS = "magenta-js"


def export(
    ckpt: opt.Ckpt = None,
    format_: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="web: a page that draws; magenta-js: a decoder-only model for its player. "
            "[default: magenta-js for a .json, else web]",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Output file; for web also a folder. [default: NAME.html, NAME.gen.json]",
        ),
    ] = None,
    at_z: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="magenta-js: fix the model at one latent vector (.npy, .json). Only for decoders with zero initial "
            "state: a gen.json cannot store one that depends on z.",
        ),
    ] = None,
    word: Annotated[
        str | None,
        typer.Option(
            "--class", metavar="WORD", help="magenta-js: fix a class-conditional model at one word. [default: any]"
        ),
    ] = None,
    force: opt.Force = False,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
) -> None:
    """Export a model as a web page, as a module for your own page, or for Magenta.js.

    The page is a single file that includes the model: it works offline, from disk or from any host. A folder gets the
    files for a page of your own: sketchrnn.js, without dependencies, the weights, an example, a README.

    A Magenta.js file contains a decoder-only LSTM with 20 Gaussians, its weights rounded to steps of 0.0003.

    Example: sketchrnn checkpoint export cat --format web --out cat.html
    """
    from sketchrnn_cli.store import names

    folder = names.find(ckpt, checkpoint_dir)
    name = names.title(folder).partition("@")[0]
    if (format_ or _of(out)) == Format.MAGENTA_JS:
        console.result(str(_magenta_js(folder, name, out, at_z, word, force)))
        return
    if at_z is not None or word is not None:
        raise UsageError("--at-z and --class are for --format magenta-js; a page draws from any z and word")
    from sketchrnn_cli.studio import export

    path = out or Path(f"{name}.html")
    if path.suffix.lower() in (".html", ".htm"):
        export.write_page(path, folder, name, force)
    else:
        export.write_kit(path, folder, name, force)
    console.result(str(path))


def _of(out: Path | None) -> Format:
    """Return the format that a name asks for."""
    return Format.MAGENTA_JS if out is not None and out.suffix.lower() == ".json" else Format.WEB


def _magenta_js(folder: Path, name: str, out: Path | None, at_z: str | None, word: str | None, force: bool) -> Path:
    """Write a model as a gen.json; return the path.

    Raises:
        UsageError: the path is taken, or z or the word does not fit the model.
        CheckpointError: the format cannot represent the model, or the file cannot be written.
    """
    import os

    from sketchrnn_cli.interop.magenta_js import export
    from sketchrnn_cli.store import checkpoint

    loaded = checkpoint.load(folder)
    z = None if at_z is None else export.read_latent(at_z, loaded.hparams)
    path = out or Path(f"{name}.gen.json")
    if path.is_dir() or (os.path.lexists(path) and not force):
        raise UsageError(f"{path} exists; --out gives another name{'' if path.is_dir() else ', --force replaces it'}")
    export.write(path, loaded, name, z, force, word)
    return path
