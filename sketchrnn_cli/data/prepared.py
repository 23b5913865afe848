"""Use a folder or file of drawings as a data set: converted once, then cached.

A cache entry is a folder named by a hash of the files found (paths, sizes, modification times), so a changed folder is
converted again and an old run still finds its data. All drawings of a small set are for training, since a validation
split of few is meaningless.
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
from sketchrnn_cli.errors import DataError, ExistsError
from sketchrnn_cli.strokes.prepare import Preparation
from sketchrnn_cli.wording import counted

FORMAT = 1
REPORT = "skipped.tsv"
NOTES = "notes.json"


@dataclass(frozen=True)
class Prepared:
    """A converted data set."""

    archive: Path
    """In the cache."""
    notes: tuple[str, ...]
    """Messages for the user: how many drawings were kept, which not and why."""


def is_source(path: Path) -> bool:
    """Return whether a path names drawings to convert, not an archive."""
    suffix = path.suffix.lower()
    return suffix != ".npz" and (os.path.isdir(path) or suffix in sources.SUFFIXES)


def prepare(
    path: Path,
    hand_only: bool = False,
    max_points: int | None = None,
    jobs: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> Prepared:
    """Convert a folder or file of drawings, or find it in the cache.

    Args:
        path: a folder, searched at any depth, or a file of drawings.
        hand_only: exclude strokes drawn by the studio's model.
        max_points: simplify longer sketches to at most this many points.
        jobs: maximum number of processes.
        progress: called with the number of drawings so far.

    Raises:
        DataError: it contains nothing usable, or the cache cannot be written.
    """
    files, passed_over = sources.find([path])
    name = path.resolve().name if path.is_dir() else path.stem
    entry = caches.drawings_folder() / _key(files, [str(path.resolve()), hand_only, max_points])
    archive = entry / f"{name}.npz"
    try:
        if archive.is_file():
            return Prepared(archive, tuple(json.loads((entry / NOTES).read_text(encoding="utf-8"))))
    except (OSError, ValueError, RecursionError):
        shutil.rmtree(entry, ignore_errors=True)  # An incomplete entry.
    collection = pipeline.Collection()
    found = sources.read(files, Preparation(hand_only=hand_only, max_points=max_points), jobs)
    for done in pipeline.collect(found, pipeline.Rules(hand_only=hand_only, max_points=max_points), collection):
        progress(done)
    notes = [*passed_over, *pipeline.remarks(collection)]
    drawings = collection.drawings
    if not drawings:
        raise DataError("; ".join([f"{path}: no drawing can be used", *notes]))
    splits = pipeline.split(drawings, None, None, 0)
    if len(collection.report) > pipeline.SHOWN:
        notes.append(f"full list of what was skipped or ignored: {entry / REPORT}")
    kept = "" if pipeline.held_back(drawings) else ", all for training"
    notes.append(f"{path}: {counted(len(drawings), 'drawing')}{kept}")
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        if not archive.is_file():
            shutil.rmtree(entry, ignore_errors=True)  # An incomplete entry.
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
    """Return a digest of the files and of how they are read.

    Raises:
        DataError: a file has disappeared.
    """
    try:
        states = [(file, file.stat()) for file in files]
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from error
    # ctime: a file that replaces another of its size may bring the same mtime along (cp -p, rsync, tar).
    found = [[str(file), state.st_size, state.st_mtime_ns, state.st_ctime_ns] for file, state in states]
    about = json.dumps([FORMAT, how, found])
    return hashlib.blake2b(about.encode(errors="backslashreplace"), digest_size=12).hexdigest()
