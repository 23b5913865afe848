"""Convert drawings of any format to a data set: files in, an archive and a report out."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sketchrnn_cli import atomic
from sketchrnn_cli.data.conversion import pipeline, sources
from sketchrnn_cli.data.conversion.pipeline import Collection, Rules
from sketchrnn_cli.errors import DataError, UsageError
from sketchrnn_cli.strokes.prepare import Preparation
from sketchrnn_cli.wording import counted


@dataclass(frozen=True)
class Conversion:
    """What to convert, how, and where to."""

    inputs: Sequence[Path]
    """Files or folders."""
    out: Path
    """The archive."""
    rules: Rules = field(default_factory=Rules)
    preparation: Preparation = field(default_factory=Preparation)
    valid: float | None = None
    """Fraction for validation; None for the default, `pipeline.held_back`."""
    test: float | None = None
    """Fraction for testing, likewise."""
    seed: int = 0
    """Another one gives other splits."""
    resplit: bool = False
    """Split the sketches of archives again, too."""
    report: Path | None = None
    """Where to list what was skipped or ignored; by default beside the archive, and only where there is much of it."""
    force: bool = False
    """Replace existing files."""

    def find(self) -> tuple[list[Path], list[str]]:
        """Return the files to read, and what was passed over (see `sources.find`), after checking the outputs.

        Raises:
            DataError: an input does not exist, or is no file of drawings.
            ExistsError: an output exists and `force` is not given.
            UsageError: an invalid name, or fractions that leave nothing to train on.
        """
        out, report = self.out, self.report
        if out.suffix.lower() != ".npz":
            raise UsageError(f"--out {out}: the name of a data set ends in .npz")
        for path in (out, *([report] if report else [])):
            if os.path.lexists(path) and not self.force:
                raise atomic.taken(path)
        if report == out:
            raise UsageError(f"--report {report}: that is the data set's name; give another one")
        if self.rules.drop_longer and self.rules.max_points is None:
            raise UsageError("--drop-longer needs --max-points")
        if (self.valid or 0) + (self.test or 0) >= 1:
            raise UsageError(f"--valid {self.valid} and --test {self.test} leave nothing to train on")
        return sources.find(self.inputs, out)

    def collect(self, files: Sequence[Path], collection: Collection, jobs: int) -> Iterator[int]:
        """Read the files that were found into a collection, yielding the number of drawings so far.

        Raises:
            DataError: under strict rules, a drawing that cannot be read.
        """
        yield from pipeline.collect(sources.read(files, self.preparation, jobs), self.rules, collection)

    def write_report(self, collection: Collection) -> Path | None:
        """Write the report if there is more to say than `pipeline.remarks` shows, or if it was asked for; return where.

        A report under its default name is of the last conversion, whatever was there before.

        Raises:
            ExistsError: `report` exists by now and `force` is not given.
            DataError: it cannot be written.
        """
        is_long = collection.skipped or len(collection.report) > pipeline.SHOWN
        if not is_long and not (self.report and collection.report):
            return None
        path = self.report or self.out.with_name(f"{self.out.stem}.skipped.tsv")
        pipeline.write_report(path, collection.report, self.force or self.report is None)
        return path

    def write(self, collection: Collection) -> str:
        """Split what was collected and write the archive; return the number of sketches by split, as text.

        Raises:
            ExistsError: it exists by now and `force` is not given.
            DataError: there is no drawing, none for training, or the archive cannot be written.
        """
        if not collection.drawings:
            raise DataError(f"no usable drawing; {self.out} was not written")
        splits = pipeline.split(collection.drawings, self.valid, self.test, self.seed, self.resplit)
        pipeline.write(self.out, splits, self.inputs, self.force)
        counts = ", ".join(f"{name} {len(sketches)}" for name, sketches in splits.items())
        is_few = self.valid is self.test is None and len(splits["train"]) == len(collection.drawings)
        advice = "; few are all for training, unless --valid or --test hold some back" if is_few else ""
        return f"{counted(len(collection.drawings), 'sketch')} ({counts}){advice}"
