"""Sketch-RNN archives: `.npz` files of train, valid and test splits, each an object array of stroke-3 arrays.

Beside the splits there may be `words`, `labels_train`, `labels_valid`, `labels_test` (indices into them) and
`key_ids_train` ... (the source's ids); other readers ignore these. Archives come from strangers: see
`npy` for how their members are read. What is written here loads in Magenta's reader, too.
"""

import dataclasses
import hashlib
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import numpy as np

from sketchrnn_cli import atomic, foreign
from sketchrnn_cli.data import npy, quickdraw
from sketchrnn_cli.data.dataset import SPLITS, DataSet, measure, pack
from sketchrnn_cli.errors import DataError

PROVENANCE = "provenance"
"""The member that says where the drawings came from; other readers ignore it."""

MAX_PROVENANCE_BYTES = 64 << 10

MAX_SURE_BYTES = 32 << 20
"""A member that unpacks to more must not be a bomb."""
MAX_RATIO = 200
"""Bytes of a byte that a bomb unpacks to; drawings have 2 to 4, and one that is repeated without end 100."""

OTHER_NAMES = {"valid": ("val", "validation")}
"""Names of a split in other programs."""

WORDS, LABELS, KEY_IDS = "words", "labels", "key_ids"
MAX_WORDS = 1 << 16
"""Labels are uint16."""
MAX_WORD_LENGTH = 100
"""Characters."""


def load(path: Path) -> DataSet:
    """Read an archive.

    Raises:
        DataError: missing, not a valid archive, or without a training sketch.
    """
    try:
        with path.open("rb") as file:
            return _load(file, path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _load(file: BufferedReader, path: Path) -> DataSet:
    """Read an open archive, a member at a time: of a file of any size no more is held than its drawings."""
    if other := foreign.name(file.read(foreign.HEAD)):
        raise DataError(f"{path}: {other}")
    try:
        with zipfile.ZipFile(file) as archive:
            members = {Path(name).stem: name for name in archive.namelist() if name.endswith(".npy")}
            if "train" not in members:
                raise DataError(
                    f"{path}: no 'train' split (found: {', '.join(members) or 'nothing'}); "
                    "a Sketch-RNN archive has train, and most have valid and test"
                )
            arrays = {split: _read_member(archive, _find(members, split), path, split) for split in SPLITS}
            words, extras = _read_labels(archive, members, {name: len(some) for name, some in arrays.items()}, path)
            provenance = quickdraw.provenance(name_of(path))
            if PROVENANCE in members:
                provenance = npy.text(_member(archive, members[PROVENANCE], MAX_PROVENANCE_BYTES, path), path)
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError, struct.error) as error:
        raise DataError(f"{path}: damaged, or not a .npz archive ({error}); download or convert it again") from error
    if not arrays["train"]:
        raise DataError(f"{path}: no training sketch")
    stored = ", ".join(sorted(map(str, {array.dtype for split in arrays.values() for array in split})))
    splits = {
        split: dataclasses.replace(pack(some, f"{path}: {split}"), **extras[split]) for split, some in arrays.items()
    }
    return DataSet(name_of(path), path, splits, measure(splits), sha256, provenance, stored, words)


def write(
    path: Path,
    splits: Mapping[str, Iterable[np.ndarray]],
    provenance: str,
    words: Sequence[str] = (),
    labels: Mapping[str, Sequence[int] | np.ndarray] | None = None,
    key_ids: Mapping[str, np.ndarray] | None = None,
    replace: bool = True,
) -> None:
    """Write an archive atomically; equal sketches give equal bytes.

    Args:
        path: the output file; its folder is created.
        splits: train, valid and test: stroke-3 arrays, whose dtype is kept.
        provenance: where the drawings came from.
        words: the words of the drawings; empty for an archive without labels.
        labels: by split, each sketch's index into `words`.
        key_ids: by split, the source's id of each sketch.
        replace: whether to replace an existing file.

    Raises:
        ExistsError: without `replace`, the file exists.
        DataError: it cannot be written, or labels or ids do not fit the sketches.
    """
    sketches = {split: list(splits[split]) for split in SPLITS}
    extras = _label_arrays(path, {split: len(some) for split, some in sketches.items()}, words, labels, key_ids)
    with (
        _writing(path),
        atomic.new_file(path, replace) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for split in SPLITS:
            _add(archive, split, npy.pack_objects(sketches[split]))
        for name, array in {PROVENANCE: np.array(provenance), **extras}.items():
            _add(archive, name, npy.pack(array))


def check_writable(path: Path) -> None:
    """Refuse a place where no archive can be written, before the work of making one; its folder is created.

    Raises:
        DataError: its folder cannot be made or written.
    """
    with _writing(path):
        tempfile.TemporaryFile(dir=path.parent).close()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error


def name_of(path: Path) -> str:
    """Return the name of a data set, without the prefix that the Cloud console adds to downloads."""
    return path.stem.removeprefix("sketchrnn_")


def _member(archive: zipfile.ZipFile, name: str, max_bytes: int, path: Path) -> bytes:
    """Read a complete member, so that its CRC is checked, of at most `max_bytes`."""
    about = archive.getinfo(name)
    if about.file_size > MAX_SURE_BYTES and about.file_size > MAX_RATIO * about.compress_size:
        raise DataError(f"{path}: {name} unpacks to {about.file_size >> 20} MiB, as no drawings do; refused")
    if about.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{path}: {name} is compressed by a method that NumPy does not use; refused")
    with archive.open(name) as member:
        blob = member.read(max_bytes + 1)
    if len(blob) > max_bytes:
        raise DataError(f"{path}: {name} unpacks to more than {max_bytes >> 10} KiB; refused")
    return blob


def _find(members: Mapping[str, str], split: str) -> str | None:
    """Return the member that holds a split, under any of its names; None if absent."""
    return next((members[name] for name in (split, *OTHER_NAMES.get(split, ())) if name in members), None)


def _read_member(archive: zipfile.ZipFile, member: str | None, path: Path, split: str) -> list[np.ndarray]:
    """Return the sketches of a split; an absent one is empty."""
    if member is None:
        return []
    return npy.sketches(_member(archive, member, npy.MAX_MEMBER_BYTES, path), f"{path}: {split}")


def _read_labels(
    archive: zipfile.ZipFile, members: Mapping[str, str], counts: Mapping[str, int], path: Path
) -> tuple[tuple[str, ...], dict[str, dict[str, np.ndarray]]]:
    """Return the words, and the `labels` and `key_ids` of each split, if the archive has them.

    Raises:
        DataError: some are missing, or they do not fit the sketches.
    """

    def read(name: str) -> np.ndarray:
        if name not in members:
            raise DataError(f"{path}: no {name!r}; labels and key_ids are needed for every split, labels with words")
        return npy.plain(_member(archive, members[name], npy.MAX_MEMBER_BYTES, path), f"{path}: {name}")

    extras: dict[str, dict[str, np.ndarray]] = {split: {} for split in SPLITS}
    words: tuple[str, ...] = ()
    for kind, dtype in ((LABELS, np.uint16), (KEY_IDS, np.uint64)):
        if not any(f"{kind}_{split}" in members for split in SPLITS) and not (kind == LABELS and WORDS in members):
            continue
        if kind == LABELS:
            words = _checked_words(read(WORDS), f"{path}: {WORDS}")
        for split in SPLITS:
            array = read(f"{kind}_{split}")
            _check_extra(array, dtype, counts[split], f"{path}: {kind}_{split}")
            if kind == LABELS and array.max(initial=0) >= len(words):
                raise DataError(f"{path}: {kind}_{split}: label {array.max()} where there are {len(words)} words")
            extras[split][kind] = array.astype(dtype)
    return words, extras


def _label_arrays(
    path: Path,
    counts: Mapping[str, int],
    words: Sequence[str],
    labels: Mapping[str, Sequence[int] | np.ndarray] | None,
    key_ids: Mapping[str, np.ndarray] | None,
) -> dict[str, np.ndarray]:
    """Return the members that hold words, labels and the source's ids, checked as on loading."""
    if bool(words) != (labels is not None):
        raise DataError(f"{path}: words and labels need each other")
    members: dict[str, np.ndarray] = {}
    if words:
        members[WORDS] = np.array(words)
        _checked_words(members[WORDS], f"{path}: {WORDS}")
    given = ((LABELS, np.uint16, labels or {}), (KEY_IDS, np.uint64, key_ids or {}))
    for kind, dtype, values in given:
        for split in SPLITS if values else ():
            array = np.asarray(values[split])
            if kind == LABELS and len(array) and not 0 <= array.min() <= array.max() < len(words):
                raise DataError(f"{path}: {kind}_{split}: a label beyond the {len(words)} words")
            array = array.astype(dtype) if kind == LABELS else array
            _check_extra(array, dtype, counts[split], f"{path}: {kind}_{split}")
            members[f"{kind}_{split}"] = array
    return members


def _checked_words(array: np.ndarray, where: str) -> tuple[str, ...]:
    """Return the words, which must be printable and distinct."""
    if array.dtype.kind != "U" or array.ndim != 1 or not 0 < len(array) <= MAX_WORDS:
        raise DataError(f"{where}: expected 1 to {MAX_WORDS} words of text, found {array.dtype} {list(array.shape)}")
    words = tuple(map(str, array))
    for number, word in enumerate(words):
        if not word.strip() or not word.isprintable() or len(word) > MAX_WORD_LENGTH:
            raise DataError(f"{where}: word {number} is empty, longer than {MAX_WORD_LENGTH}, or not printable")
    if len(set(words)) < len(words):
        raise DataError(f"{where}: a word occurs twice")
    return words


def _check_extra(array: np.ndarray, dtype: type, count: int, where: str) -> None:
    if array.dtype.newbyteorder("=") != np.dtype(dtype) or array.shape != (count,):
        raise DataError(
            f"{where}: expected {np.dtype(dtype)} [{count}], one per sketch; found {array.dtype} {list(array.shape)}"
        )


def _add(archive: zipfile.ZipFile, name: str, blob: bytes) -> None:
    member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, blob)
