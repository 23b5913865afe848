"""Large archives as flat, memory-mapped arrays, so that they load at once and hold only what is used.

An entry is a folder `.cache/SHA256/` beside the archive, named after its content; it can be
deleted at any time. Where it cannot be written, the archive is simply read each time.
"""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np

from sketchrnn_cli import atomic, caches
from sketchrnn_cli.data import archive, prepared
from sketchrnn_cli.data.dataset import SPLITS, DataSet, Measures, Sketches
from sketchrnn_cli.errors import DataError, ExistsError

FOLDER = caches.PREPARED
FORMAT = 2
NUMBERS = ("labels", "key_ids")
"""What an archive may say of each sketch."""
WORTHWHILE = 4 << 20
"""Bytes of an archive from which on it is cached; smaller ones load in a moment."""

UNREADABLE = (OSError, EOFError, IndexError, KeyError, TypeError, ValueError, OverflowError, RecursionError)
"""What reading an entry raises that is not whole."""


def load(path: Path) -> DataSet:
    """Read an archive, or its entry in the cache, which is made at the first reading; or drawings (see `prepared`).

    Raises:
        DataError: as `archive.load`.
    """
    if prepared.is_source(path):
        path = prepared.prepare(path).archive
    try:
        if path.stat().st_size < WORTHWHILE or not zipfile.is_zipfile(path):
            return archive.load(path)  # Which also says what is wrong with it.
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    entry = path.parent / FOLDER / sha256
    try:
        return _read(entry, path)
    except UNREADABLE:
        dataset = archive.load(path)  # Not cached yet, or the entry is damaged or of another version.
    entry = entry.with_name(dataset.sha256)
    try:
        _write(entry, dataset)
        return _read(entry, path)
    except (*UNREADABLE, ExistsError):  # It cannot be written, or another process is writing it.
        return dataset


def _read(entry: Path, path: Path) -> DataSet:
    """Map an entry into memory; one that is not whole raises one of `UNREADABLE`."""
    about = json.loads((entry / "about.json").read_text(encoding="utf-8"))
    if about["format"] != FORMAT:
        raise ValueError("an entry of another version")
    points = np.load(entry / "points.npy", mmap_mode="r", allow_pickle=False)
    splits, first, offsets = {}, 0, np.load(entry / "offsets.npy", allow_pickle=False)
    numbers = {name: np.load(entry / f"{name}.npy", allow_pickle=False) for name in about["numbers"]}
    if offsets[-1] != len(points) or any(len(array) != len(offsets) - 1 for array in numbers.values()):
        raise ValueError("an entry that was cut short")
    for split in SPLITS:
        part = offsets[first : first + about["sketches"][split] + 1]
        sketches = slice(first, first + len(part) - 1)
        extras = {name: array[sketches] for name, array in numbers.items()}
        splits[split] = Sketches(points[part[0] : part[-1]], part - part[0], **extras)
        first = sketches.stop
    measures = Measures(**about["measures"], sides=np.load(entry / "sides.npy", allow_pickle=False))
    name, words = archive.name_of(path), tuple(about["words"])
    return DataSet(name, path, splits, measures, entry.name, about["provenance"], about["stored"], words)


def _write(entry: Path, dataset: DataSet) -> None:
    splits = [dataset.splits[split] for split in SPLITS]
    measures = dataset.measures
    numbers = {
        name: np.concatenate([getattr(split, name) for split in splits])
        for name in NUMBERS
        if getattr(dataset.train, name) is not None
    }
    about = {
        "format": FORMAT,
        "archive": dataset.name,
        "provenance": dataset.provenance,
        "stored": dataset.stored,
        "words": dataset.words,
        "numbers": list(numbers),
        "sketches": {split: len(dataset.splits[split]) for split in SPLITS},
        "measures": {
            "count": measures.count,
            "total": measures.total,
            "squares": measures.squares,
            "longest": measures.longest,
        },
    }
    entry.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(entry, ignore_errors=True)
    with atomic.new_folder(entry) as partial:
        np.save(partial / "points.npy", np.concatenate([split.points for split in splits]))
        lengths = np.concatenate([split.lengths for split in splits])
        np.save(partial / "offsets.npy", np.concatenate([[0], np.cumsum(lengths)]))
        np.save(partial / "sides.npy", measures.sides)
        for name, array in numbers.items():
            np.save(partial / f"{name}.npy", array)
        (partial / "about.json").write_text(json.dumps(about, indent=2), encoding="utf-8")
