"""`sketchrnn checkpoint remove`: delete a run or a checkpoint."""

import sys
from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import completion
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.errors import UsageError


def remove(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME",
            help="Runs or checkpoints in --checkpoint-dir.",
            autocompletion=completion.checkpoints,
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
) -> None:
    """Delete runs and checkpoints of the checkpoint folder; bundled models stay.

    Example: sketchrnn checkpoint remove old_run
    """
    from sketchrnn_cli.store import removal

    folders = [removal.check(name, checkpoint_dir) for name in dict.fromkeys(names)]
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("confirm with --yes")
        typer.confirm(f"delete {', '.join(map(str, folders))}?", abort=True, err=True)
    for folder in folders:
        removal.remove(folder)
        console.result(str(folder))
