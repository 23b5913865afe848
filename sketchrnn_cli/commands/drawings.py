"""Use a folder or file of drawings as a data set: convert it, and print a summary."""

import os
from collections.abc import Sequence
from pathlib import Path

from sketchrnn_cli import console
from sketchrnn_cli.errors import UsageError


def archives(paths: Sequence[Path], hand_only: bool = False, max_points: int | None = None) -> list[Path]:
    """Return the archives of data sets, in order, after converting those that are drawings (see `prepared.prepare`).

    Raises:
        DataError: a folder or file contains nothing usable.
        UsageError: `hand_only` for an archive, which does not record who drew what.
    """
    from sketchrnn_cli.data import prepared

    if hand_only and (made := [path for path in paths if not prepared.is_source(path)]):
        raise UsageError(f"--hand-only: {made[0]} does not say what was drawn by hand; name the drawings it is made of")
    return [_archive(path, hand_only, max_points) if prepared.is_source(path) else path for path in paths]


def _archive(path: Path, hand_only: bool, max_points: int | None) -> Path:
    from sketchrnn_cli.data import prepared

    with console.progress("{task.description}", "{task.completed} drawings") as bar:
        task = bar.add_task(f"reading {path}", total=None)
        jobs = os.cpu_count() or 1
        found = prepared.prepare(path, hand_only, max_points, jobs, lambda done: bar.update(task, completed=done))
    console.messages(found.notes)
    return found.archive
