"""Where a command writes: a file as asked for, a free numbered name, a file a sketch, or stdout."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sketchrnn_cli import console
from sketchrnn_cli.drawing import output
from sketchrnn_cli.errors import ExistsError, UsageError
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import names
from sketchrnn_cli.strokes.files import ARRAYS

MOVING = (".gif", ".webp", ".apng", ".mp4")
"""Suffixes of what moves, whatever the command."""
SHEETS = (*output.STILLS, *ARRAYS, *MOVING)
"""What a command that draws sketches can write; the first is what it writes when nothing is asked for."""
STDOUT = "-"


@dataclass(frozen=True)
class Output:
    """What the user asked for: see `options.with_output`."""

    out: str | None
    force: bool
    show: bool
    formats: Sequence[str] = SHEETS
    """Suffixes to choose from; the first is taken where none is asked for."""

    def check(self) -> None:
        """Refuse what cannot be written, before the work begins.

        Raises:
            UsageError: see `target`.
        """
        if self.out is not None and self.out != STDOUT:
            output.check(self.out, self.formats, self.force)

    def target(self, stem: str | Sketcher) -> "Target":
        """Return the file to write, after refusing what cannot be written.

        Args:
            stem: what a numbered name begins with, or the model that it is named after.

        Raises:
            UsageError: another suffix, or a name that is taken without `force`.
        """
        if self.out is None:
            if isinstance(stem, Sketcher):
                stem = names.title(stem.checkpoint.folder).partition("@")[0]
            return Target(output.free_name(stem, self.formats[0]), stem=stem, show=self.show)
        if self.out == STDOUT:
            if self.show:
                raise UsageError("--out - writes to stdout, and --open opens a file; give one of them")
            return Target(Path(f"{STDOUT}{self.formats[0]}"), to_stdout=True)
        return Target(output.check(self.out, self.formats, self.force), self.force, show=self.show)


@dataclass(frozen=True)
class Target:
    """The file to write."""

    path: Path
    """As asked for, or the first numbered name that was free when the command began."""
    replace: bool = False
    """Whether what has the name is replaced."""
    stem: str = ""
    """What a numbered name begins with: where another program takes the number, the next one is used."""
    show: bool = False
    """Open it with the program that the system opens such files with."""
    to_stdout: bool = False

    @property
    def suffix(self) -> str:
        """The format, in lower case."""
        return self.path.suffix.lower()

    @property
    def is_pattern(self) -> bool:
        """Whether the name has a place for a number: one file a sketch."""
        return len(output.NUMBER.findall(self.path.name)) == 1

    def numbered(self, number: int) -> "Target":
        """Return the file with this number, of a name that has a place for one.

        Raises:
            UsageError: its name is taken, and not to be replaced.
        """
        path = output.numbered(self.path, number)
        return replace(self, path=output.check(path, (self.suffix,), self.replace))

    def write(self, writer: Callable[[Path, bool], None]) -> None:
        """Call `writer` with the path and whether to replace, until a name is free; then say which, as a result."""
        if self.to_stdout:
            with tempfile.TemporaryDirectory() as folder:
                writer(path := Path(folder) / f"out{self.suffix}", True)
                console.raw(path.read_bytes())
            return
        path = self.path
        while True:
            try:
                writer(path, self.replace)
                break
            except ExistsError:
                if not self.stem:
                    raise
                path = output.free_name(self.stem, path.suffix)
        console.result(str(path))
        if self.show:
            console.open_file(path)
