"""Terminal output: results on stdout, progress and messages on stderr.

Rich is imported on first use, so that ``--help`` and ``--version`` stay quick.
"""

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING

from sketchrnn_cli.errors import DrawingError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rich.console import Console
    from rich.progress import Progress, ProgressColumn

_quiet = False


def prepare() -> None:
    """Print characters that the stream's encoding lacks as question marks instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def finish() -> None:
    """Flush stdout and stderr while a full disk can still be reported.

    Raises:
        OSError: a stream cannot be written.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()


def abandon() -> None:
    """Discard stdout's buffer, so that the interpreter does not fail to flush it at exit."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())  # type: ignore[union-attr]


def result(text: str) -> None:
    """Print one line of result to stdout, unformatted, and flush."""
    print(text, flush=True)


def raw(data: bytes) -> None:
    """Write bytes to stdout.

    Raises:
        DrawingError: it is closed.
    """
    if sys.stdout is None:
        raise DrawingError("standard output is closed; give --out the name of a file instead of -")
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def open_file(path: "Path") -> None:
    """Open a file with the system's default program."""
    import typer

    typer.launch(str(path.resolve()))


def be_quiet(quiet: bool = True) -> None:
    """Suppress everything but errors on stderr, or stop doing so."""
    global _quiet
    _quiet = quiet


def message(text: str) -> None:
    """Print one line to stderr for the user."""
    if not _quiet:
        print(text, file=sys.stderr)


def messages(lines: "Iterable[str]") -> None:
    """Print lines to stderr for the user."""
    for line in lines:
        message(line)


def error(text: str) -> None:
    """Print an error to stderr in one line."""
    with contextlib.suppress(OSError):  # If stderr cannot be written, the exit code remains.
        print(f"sketchrnn: {' '.join(text.split())}", file=sys.stderr, flush=True)


def stderr() -> "Console":
    """Return a Rich console on stderr."""
    from rich.console import Console

    return Console(stderr=True, quiet=_quiet)


def stdout() -> "Console":
    """Return a Rich console on stdout, for tables."""
    from rich.console import Console

    return Console()


def progress(*columns: "ProgressColumn | str") -> "Progress":
    """Return a progress display on stderr, disabled if stderr is not a terminal."""
    from rich.progress import Progress

    console = stderr()
    return Progress(*columns, console=console, disable=_quiet or not console.is_terminal)
