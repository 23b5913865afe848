"""What reaches the terminal: results on stdout, progress and messages on stderr.

Rich is imported on first use, so that ``--help`` and ``--version`` stay quick.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn


def result(text: str) -> None:
    """Print one line of result to stdout, as it is; a pipe gets it at once."""
    print(text, flush=True)


def message(text: str) -> None:
    """Print one line for the person watching to stderr."""
    print(text, file=sys.stderr)


def error(text: str) -> None:
    """Print an error to stderr in one line."""
    print(f"sketchrnn: {' '.join(text.split())}", file=sys.stderr)


def stderr() -> "Console":
    """Return a Rich console on stderr."""
    from rich.console import Console

    return Console(stderr=True)


def stdout() -> "Console":
    """Return a Rich console on stdout, for tables."""
    from rich.console import Console

    return Console()


def progress(*columns: "ProgressColumn | str") -> "Progress":
    """Return a progress display on stderr that vanishes where stderr is no terminal."""
    from rich.progress import Progress

    console = stderr()
    return Progress(*columns, console=console, disable=not console.is_terminal)
