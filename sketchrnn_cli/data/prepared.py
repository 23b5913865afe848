"""Drawings as their owner keeps them, in a folder or a file, made a data set: converted once, then kept in the cache.

An entry is a folder named after what was found (paths, sizes, times of change), so that a changed folder is converted
anew and an old run still finds the data that it began with. All drawings of a small set are for training, since a
validation split of few says nothing.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sketchrnn_cli import atomic, caches
from sketchrnn_cli.data.conversion import pipeline, sources
from sketchrnn_cli.data.dataset import FEW
from sketchrnn_cli.errors import DataError, ExistsError
from sketchrnn_cli.strokes.prepare import Preparation

FORMAT = 1
HELD_BACK = 0.05
"""Share of a larger set for validation, and for testing."""
REPORT = "skipped.tsv"
NOTES = "notes.json"


@dataclass(frozen=True)
class Prepared:
    """A data set made of drawings."""

    archive: Path
    """In the cache."""
    notes: tuple[str, ...]
    """What the user should know: how many were taken, which not and why, a line each."""


def is_source(path: Path) -> bool:
    """Return whether a path is of drawings to be converted, and not of an archive."""
    suffix = path.suffix.lower()
    return suffix != ".npz" and (os.path.isdir(path) or suffix in sources.SUFFIXES)


def prepare(
    path: Path,
    hand_only: bool = False,
    max_points: int | None = None,
    jobs: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> Prepared:
    """Convert a folder or a file of drawings, or find it converted already.

    Args:
        path: a folder, searched at any depth, or a file of drawings.
        hand_only: leave out the strokes that the studio's model drew.
        max_points: simplify longer sketches until they have so many points at most.
        jobs: processes at most.
        progress: called with the number of drawings seen so far.

    Raises:
        DataError: nothing in it can be used, or the cache cannot be written.
    """
    files, passed_over = sources.find([path])
    name = path.resolve().name if path.is_dir() else path.stem
    entry = caches.drawings_folder() / _key(files, [str(path.resolve()), hand_only, max_points])
    archive = entry / f"{name}.npz"
    try:
        if archive.is_file():
            return Prepared(archive, tuple(json.loads((entry / NOTES).read_text(encoding="utf-8"))))
    except (OSError, ValueError):
        shutil.rmtree(entry, ignore_errors=True)  # An entry that was cut short.
    collection = pipeline.Collection()
    found = sources.read(files, Preparation(hand_only=hand_only, max_points=max_points), jobs)
    for done in pipeline.collect(found, pipeline.Rules(hand_only=hand_only, max_points=max_points), collection):
        progress(done)
    notes = [*passed_over, *pipeline.remarks(collection)]
    drawings = collection.drawings
    if not drawings:
        raise DataError("; ".join([f"{path}: no drawing can be used", *notes]))
    share = HELD_BACK if len(drawings) > FEW else 0.0
    splits = pipeline.split(drawings, share, share, 0)
    if len(collection.report) > pipeline.SHOWN:
        notes.append(f"all that was skipped or ignored: {entry / REPORT}")
    kept = "" if share else ", all for training"
    notes.append(f"{path}: {len(drawings)} drawings{kept}")
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        if not archive.is_file():
            shutil.rmtree(entry, ignore_errors=True)  # An entry of which a part was deleted.
        with atomic.new_folder(entry) as partial:
            pipeline.write(partial / archive.name, splits, [path], False)
            (partial / NOTES).write_text(json.dumps(notes), encoding="utf-8")
            if collection.report:
                pipeline.write_report(partial / REPORT, collection.report, False)
    except ExistsError:
        pass  # Another process was faster: its entry is the same.
    except OSError as error:
        hint = f"; {caches.HOME} names another folder"
        raise DataError(f"{entry}: cannot be written: {error.strerror or error}{hint}") from error
    return Prepared(archive, tuple(notes))


def _key(files: list[Path], how: list[Any]) -> str:
    """Return a digest of what was found and how it is read.

    Raises:
        DataError: a file is gone.
    """
    try:
        states = [(file, file.stat()) for file in files]
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from error
    # ctime: a file that replaces another of its size may bring the same mtime along (cp -p, rsync, tar).
    found = [[str(file), state.st_size, state.st_mtime_ns, state.st_ctime_ns] for file, state in states]
    about = json.dumps([FORMAT, how, found])
    return hashlib.blake2b(about.encode(errors="backslashreplace"), digest_size=12).hexdigest()
