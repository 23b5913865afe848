"""`sketchrnn runs`: which training runs there are, and how they went."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt


def runs(
    curves: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Plot the validation loss of all runs over steps.")
    ] = None,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    force: opt.Force = False,
) -> None:
    """List training runs, the newest first.

    Example: sketchrnn runs --curves losses.svg
    """
    from rich.table import Table

    from sketchrnn_cli.store import courses

    found = courses.read_all(checkpoint_dir)
    table = Table()
    for heading in ("run", "step", "best at", "validation loss", "data", "saved"):
        table.add_column(heading)
    for course in found:
        table.add_row(
            course.name,
            str(course.last),
            str(course.best),
            "" if course.best_loss is None else f"{course.best_loss:.4f}",
            ", ".join(course.data),
            datetime.fromtimestamp(course.time).strftime("%Y-%m-%d %H:%M"),
        )
    if found:
        console.stdout().print(table)
    else:
        console.message(f"no runs in {checkpoint_dir}; start one: sketchrnn train DATASET")
    if curves is not None:
        courses.draw(found, curves, force)
        console.result(str(curves))
