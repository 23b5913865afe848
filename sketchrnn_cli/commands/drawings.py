"""Drawings as a data set, for the commands that take one: convert a folder or a file, and say what became of it."""

import os
from collections.abc import Sequence
from pathlib import Path

from sketchrnn_cli import console


def archives(paths: Sequence[Path], hand_only: bool = False) -> list[Path]:
    """Return the archives of data sets, made of those that are drawings, in their order.

    Raises:
        DataError: nothing of a folder or file can be used.
    """
    from sketchrnn_cli.data import prepared

    return [_archive(path, hand_only) if prepared.is_source(path) else path for path in paths]


def _archive(path: Path, hand_only: bool) -> Path:
    from sketchrnn_cli.data import prepared

    with console.progress("{task.description}", "{task.completed} drawings") as bar:
        task = bar.add_task(f"reading {path}", total=None)
        found = prepared.prepare(path, hand_only, os.cpu_count() or 1, lambda done: bar.update(task, completed=done))
    for note in found.notes:
        console.message(note)
    return found.archive
