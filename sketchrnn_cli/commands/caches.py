"""`sketchrnn caches`: what is kept to save time."""

from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt


def caches(
    clear: Annotated[bool, typer.Option("--clear", help="Delete them; they are rebuilt when needed.")] = False,
    data_dir: opt.DataDir = opt.DATA_DIR,
) -> None:
    """Show location and size of the caches: prepared data sets, converted drawings, compiled training steps.

    Example: sketchrnn caches --clear
    """
    from sketchrnn_cli import caches as kept

    for cache in kept.found(data_dir):
        console.result(f"{cache.name}: {cache.size / 1e6:.1f} MB in {cache.folder}")
    if clear:
        console.message(f"deleted: {kept.clear(data_dir) / 1e6:.1f} MB")
