"""`sketchrnn checkpoint list`: what models are here."""

from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt


def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
) -> None:
    """List runs and checkpoints, the bundled ones last: name, step, size, data.

    Example: sketchrnn checkpoint list
    """
    import json
    from dataclasses import asdict

    from rich.table import Table

    from sketchrnn_cli.store import listing

    entries = listing.listed(checkpoint_dir)
    if as_json:
        console.result(json.dumps([asdict(entry) for entry in entries], indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "kind", "step", "MB", "data"):
        table.add_column(heading, justify="right" if heading in ("step", "MB") else "left", overflow="fold")
    for entry in entries:
        step = "" if entry.step is None else str(entry.step)
        about = entry.fault or ", ".join(entry.data)
        table.add_row(entry.name, entry.kind, step, f"{entry.bytes / 1e6:.1f}", about)
    console.stdout().print(table)
