"""`sketchrnn version`: what is installed, for a bug report."""

from typing import Annotated

import typer

from sketchrnn_cli import console


def version(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the versions of everything that affects results, and the device that training would use.

    Example: sketchrnn version --json
    """
    from sketchrnn_cli import installed

    facts = installed.facts()
    if as_json:
        import json

        console.result(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        console.result(f"{name}: {value}")
