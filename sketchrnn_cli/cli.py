"""Assemble the command line; the one place where errors become exit codes.

Command modules import only the standard library and Typer at the top, so that every ``--help`` is instant.
"""

import errno
import os
import sys
from typing import Annotated

import typer

from sketchrnn_cli import __version__, console
from sketchrnn_cli.commands import (
    analogy,
    animate,
    caches,
    checkpoint,
    classify,
    complete,
    dataset,
    encode,
    evaluate,
    help,
    hparams,
    interpolate,
    mistyped,
    pretrained,
    reconstruct,
    runs,
    sample,
    studio,
    train,
    version,
)
from sketchrnn_cli.errors import DrawingError, SketchRNNError, UsageError

CLOSED_PIPE = 141
"""Exit code where nobody reads the output any more: what a shell says of a program that SIGPIPE ended."""

OF_THE_USER = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP, errno.ENOTDIR)
"""Errors of a file that is not the user's to read or write, or cannot be reached."""

FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO)
"""Errors of a disk that takes no more."""

app = typer.Typer(
    name="sketchrnn",
    help="Teach a machine to draw: train Sketch-RNN on vector sketches, and draw with it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        console.result(f"sketchrnn {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.add_typer(dataset.app, name="dataset")
app.command()(train.train)
app.command()(evaluate.evaluate)
app.command()(runs.runs)
app.command()(sample.sample)
app.command()(reconstruct.reconstruct)
app.command()(interpolate.interpolate)
app.command()(complete.complete)
app.command()(analogy.analogy)
app.command()(encode.encode)
app.command()(classify.classify)
app.command()(animate.animate)
app.command()(studio.studio)
app.add_typer(checkpoint.app, name="checkpoint")
app.add_typer(pretrained.app, name="pretrained")
app.command()(hparams.hparams)
app.command()(caches.caches)
app.command()(version.version)
help.apply(app)


def _run() -> None:
    """Run the command, flush its output and exit with its code."""
    try:
        code = app(standalone_mode=False)
    except SystemExit as left:
        if left.__context__ is not None and isinstance(left.__context__, BrokenPipeError):
            raise left.__context__ from None  # Click has made an exit code of it.
        raise
    console.finish()
    sys.exit(code or 0)


def main() -> None:
    """Run the command line and exit with the code that the error boundary picks."""
    console.prepare()
    try:
        _run()
    except mistyped.Mistyped as error:
        error.show() if mistyped.says_help(error) else console.error(mistyped.in_one_line(error))
        sys.exit(UsageError.exit_code)
    except SketchRNNError as error:
        console.error(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:  # As with `| head`: nobody reads on.
        console.abandon()
        sys.exit(CLOSED_PIPE)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            console.error(f"{str(error.filename)[:40]}...: no name can be that long")
            sys.exit(UsageError.exit_code)
        if error.errno in OF_THE_USER and error.filename is not None:
            console.error(f"{os.fsdecode(error.filename)}: {error.strerror}; another place, or another owner's rights?")
            sys.exit(UsageError.exit_code)
        if error.errno not in FULL or error.filename is not None:
            raise
        console.error(f"standard output cannot be written ({error.strerror}); make room, or send it elsewhere")
        console.abandon()
        sys.exit(DrawingError.exit_code)
    except MemoryError as error:
        console.error(f"memory is short: {error or 'nothing is left'}; take a smaller model, batch, count or picture")
        sys.exit(SketchRNNError.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        console.error("interrupted")
        sys.exit(130)
