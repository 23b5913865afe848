"""`sketchrnn studio`: a page to draw with the model."""

from pathlib import Path
from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def studio(
    ckpts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CKPT]...", help="Checkpoints to draw with. [default: all]"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="SET.ndjson", help="Add drawings to this data set, and show it on the map."),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on; 0 is any. [default: the first free one from 8745 on]"),
    ] = None,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
) -> None:
    """Open a page to draw with a model: start a drawing, and it offers six completions. Ctrl-C ends it.

    Example: sketchrnn studio cat --data mine.ndjson
    """
    import webbrowser

    from sketchrnn_cli.studio.serving import serve

    def opened(address: str) -> None:
        console.result(address)
        console.message("Ctrl-C ends it.")
        if browser:
            webbrowser.open(address)

    if host not in LOOPBACK:
        console.message(
            f"warning: --host {host} lets other machines reach this page, unencrypted: who reads the token on the way "
            "can add drawings and read your data set"
        )
    serve(ckpts or [], checkpoint_dir, data, host, port, opened)
