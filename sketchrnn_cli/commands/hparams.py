"""`sketchrnn hparams`: every hyperparameter, its default and its meaning."""

from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.hparams import described


def hparams(
    contains: Annotated[str, typer.Option(metavar="TEXT", help="Only those whose name or meaning contains TEXT.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List every hyperparameter: change one with `train --set NAME=VALUE`.

    Example: sketchrnn hparams --contains dropout
    """
    shown = [entry for entry in described() if contains.casefold() in f"{entry.name} {entry.meaning}".casefold()]
    if as_json:
        import json

        console.result(json.dumps([entry._asdict() for entry in shown], indent=2))
        return
    for entry in shown:
        console.result(f"{entry.name}={entry.default}\n    {entry.meaning}")
    if not shown:
        console.message(f"no hyperparameter contains {contains!r}")
