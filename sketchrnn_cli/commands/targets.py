"""Where a command writes: a given file, a new numbered one, one file per sketch, or stdout."""

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

SHEETS = (*output.STILLS, *ARRAYS, *output.MOVING)
"""Formats of a command that draws sketches; the first is the default."""
STDOUT = "-"


@dataclass(frozen=True)
class Output:
    """The output as requested: see `options.with_output`."""

    out: str | None
    force: bool
    show: bool
    formats: Sequence[str] = SHEETS
    """Valid suffixes; the first is the default."""

    def checked(self) -> "Output":
        """Return it after refusing an invalid one, before a model is loaded.

        Raises:
            UsageError: see `target`.
        """
        if self.out is not None and self.out != STDOUT:
            output.check(self.out, self.formats, self.force)
        return self

    def target(self, stem: str | Sketcher) -> "Target":
        """Return the output file after checking it.

        Args:
            stem: stem of a numbered name, or the model to name it after.

        Raises:
            UsageError: an invalid suffix, or the file exists and `force` is not given.
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
    """An output file."""

    path: Path
    """As requested, or the first numbered name that was free when the command started."""
    replace: bool = False
    """Whether to overwrite an existing file."""
    stem: str = ""
    """Stem of a numbered name: if the number is taken meanwhile, the next one is used."""
    show: bool = False
    """Open it with the system's default program."""
    to_stdout: bool = False

    @property
    def suffix(self) -> str:
        """The format, in lower case."""
        return self.path.suffix.lower()

    @property
    def is_pattern(self) -> bool:
        """Whether the name contains a placeholder for a number: one file per sketch."""
        return len(output.NUMBER.findall(self.path.name)) == 1

    def numbered(self, number: int) -> "Target":
        """Return the file with this number, for a name with a placeholder.

        Raises:
            UsageError: it exists and is not to be overwritten.
        """
        path = output.numbered(self.path, number)
        return replace(self, path=output.check(path, (self.suffix,), self.replace))

    def write(self, writer: Callable[[Path, bool], None]) -> None:
        """Call `writer(path, replace)` until a name is free, then print the path as a result."""
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
