"""Sketch-RNN archives: `.npz` files of train, valid and test splits, each an object array of stroke-3 arrays.

Beside the splits there may be `words`, `labels_train`, `labels_valid`, `labels_test` (indices into them) and
`key_ids_train` ... (the numbers of the source); other readers pass over these. Archives come from strangers and hold
pickles: see `pickles` for how they are read. What is written here loads in Magenta's reader and in NumPy of any age.
"""

import dataclasses
import hashlib
import io
import pickle
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tokenize import TokenError

import numpy as np

from sketchrnn_cli import atomic, foreign
from sketchrnn_cli.data import pickles, quickdraw
from sketchrnn_cli.data.dataset import SPLITS, DataSet, measure, pack
from sketchrnn_cli.errors import DataError

PROVENANCE = "provenance"
"""The member that says where the drawings came from; other readers pass over it."""

LARGEST_MEMBER = 512 << 20
"""Bytes of one split, unpacked; a zip bomb ends here."""

LARGEST_PROVENANCE = 64 << 10

OTHER_NAMES = {"valid": ("val", "validation")}
"""What some programs call a split."""

WORDS, LABELS, KEY_IDS = "words", "labels", "key_ids"
MAX_WORDS = 1 << 16
"""Labels are uint16."""
LONGEST_WORD = 100
"""Characters."""


def load(path: Path) -> DataSet:
    """Read an archive.

    Raises:
        DataError: missing, not a sound archive, or without a training sketch.
    """
    try:
        blob = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    if other := foreign.name(blob[: foreign.HEAD]):
        raise DataError(f"{path}: {other}")
    try:
        with zipfile.ZipFile(io.BytesIO(blob)) as archive:
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
                provenance = _read_text(_member(archive, members[PROVENANCE], LARGEST_PROVENANCE, path), path)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError, struct.error) as error:
        raise DataError(f"{path}: damaged, or not a .npz archive ({error}); download or convert it again") from error
    if not arrays["train"]:
        raise DataError(f"{path}: no training sketch")
    stored = ", ".join(sorted(map(str, {array.dtype for split in arrays.values() for array in split})))
    splits = {
        split: dataclasses.replace(pack(some, f"{path}: {split}"), **extras[split]) for split, some in arrays.items()
    }
    sha256 = hashlib.sha256(blob).hexdigest()
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
    """Write an archive whole or not at all; the same sketches give the same bytes.

    Args:
        path: where to; its folder is created.
        splits: train, valid and test: stroke-3 arrays, kept in the type they have.
        provenance: where the drawings came from.
        words: what the drawings are of; empty for an archive without labels.
        labels: by split, each sketch's index into the words.
        key_ids: by split, the numbers by which the source knows its drawings.
        replace: whether what has the name is replaced.

    Raises:
        ExistsError: without `replace`, the name is taken.
        DataError: it cannot be written, or labels or numbers do not fit the sketches.
    """
    sketches = {split: list(splits[split]) for split in SPLITS}
    extras = _label_arrays(path, {split: len(some) for split, some in sketches.items()}, words, labels, key_ids)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.new_file(path, replace) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for split in SPLITS:
                _add(archive, split, _pack_objects(sketches[split]))
            for name, array in {PROVENANCE: np.array(provenance), **extras}.items():
                stream = io.BytesIO()
                np.save(stream, array, allow_pickle=False)
                _add(archive, name, stream.getvalue())
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error


def name_of(path: Path) -> str:
    """Return the name of a data set, without the prefix that the Cloud console puts before it."""
    return path.stem.removeprefix("sketchrnn_")


def _member(archive: zipfile.ZipFile, name: str, largest: int, path: Path) -> bytes:
    """Read a member whole, so that its CRC is checked, but no more than `largest` bytes."""
    if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{path}: {name} is compressed in a way that NumPy does not write; refused")
    with archive.open(name) as member:
        blob = member.read(largest + 1)
    if len(blob) > largest:
        raise DataError(f"{path}: {name} unpacks to more than {largest >> 10} KiB; refused")
    return blob


def _find(members: Mapping[str, str], split: str) -> str | None:
    """Return the member that holds a split, under any of its names; None where there is none."""
    return next((members[name] for name in (split, *OTHER_NAMES.get(split, ())) if name in members), None)


def _read_member(archive: zipfile.ZipFile, member: str | None, path: Path, split: str) -> list[np.ndarray]:
    """Return the sketches of a split; an absent one is empty."""
    if member is None:
        return []
    return _read_split(_member(archive, member, LARGEST_MEMBER, path), f"{path}: {split}")


def _read_labels(
    archive: zipfile.ZipFile, members: Mapping[str, str], counts: Mapping[str, int], path: Path
) -> tuple[tuple[str, ...], dict[str, dict[str, np.ndarray]]]:
    """Return the words, and each split's `labels` and `key_ids`, as far as the archive has them.

    Raises:
        DataError: some are missing, or they do not fit the sketches.
    """

    def read(name: str, largest: int) -> np.ndarray:
        if name not in members:
            raise DataError(f"{path}: no {name!r}; labels and key_ids come for every split, labels with words")
        return _read_plain(_member(archive, members[name], largest, path), f"{path}: {name}")

    extras: dict[str, dict[str, np.ndarray]] = {split: {} for split in SPLITS}
    words: tuple[str, ...] = ()
    for kind, dtype in ((LABELS, np.uint16), (KEY_IDS, np.uint64)):
        if not any(f"{kind}_{split}" in members for split in SPLITS) and not (kind == LABELS and WORDS in members):
            continue
        if kind == LABELS:
            words = _checked_words(read(WORDS, LARGEST_MEMBER), f"{path}: {WORDS}")
        for split in SPLITS:
            array = read(f"{kind}_{split}", LARGEST_MEMBER)
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
    """Return the members of an archive that hold words, labels and numbers of the source, checked as on loading."""
    if bool(words) != (labels is not None):
        raise DataError(f"{path}: words and labels come together")
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
    """Return words that can be shown and told apart."""
    if array.dtype.kind != "U" or array.ndim != 1 or not 0 < len(array) <= MAX_WORDS:
        raise DataError(f"{where}: expected 1 to {MAX_WORDS} words of text, found {array.dtype} {list(array.shape)}")
    words = tuple(map(str, array))
    for number, word in enumerate(words):
        if not word.strip() or not word.isprintable() or len(word) > LONGEST_WORD:
            raise DataError(f"{where}: word {number} is empty, longer than {LONGEST_WORD}, or not printable")
    if len(set(words)) < len(words):
        raise DataError(f"{where}: a word comes twice")
    return words


def _check_extra(array: np.ndarray, dtype: type, count: int, where: str) -> None:
    if array.dtype.newbyteorder("=") != np.dtype(dtype) or array.shape != (count,):
        raise DataError(
            f"{where}: expected {np.dtype(dtype)} [{count}], one a sketch; found {array.dtype} {list(array.shape)}"
        )


def _read_plain(blob: bytes, where: str) -> np.ndarray:
    """Return an array of numbers or text; never a pickle, and no more than the bytes that are there."""
    stream = io.BytesIO(blob)
    shape, _, dtype = _read_header(stream, where)
    if dtype.kind not in "uU" or len(shape) != 1:
        raise DataError(f"{where}: expected numbers or text in one row, found {dtype} of shape {list(shape)}")
    try:
        return np.frombuffer(blob[stream.tell() :], dtype).reshape(shape)
    except (OverflowError, ValueError) as error:
        raise DataError(f"{where}: a damaged array ({error})") from error


def _read_split(blob: bytes, where: str) -> list[np.ndarray]:
    """Return the arrays of a `.npy` member: an object array, or numbers where all sketches are equally long."""
    stream = io.BytesIO(blob)
    shape, fortran, dtype = _read_header(stream, where)
    data = blob[stream.tell() :]
    if not dtype.hasobject:
        return list(_numbers(data, shape, fortran, dtype, where))
    arrays = pickles.sketches(data, where)
    if shape[:1] != (len(arrays),):
        raise DataError(f"{where}: {len(arrays)} sketches where the header says {list(shape)}")
    return arrays


def read_objects(path: Path) -> list[np.ndarray] | None:
    """Return the sketches of a `.npy` file that is an object array; None for any other file.

    Raises:
        DataError: it holds anything else than sketches, or is damaged.
    """
    with path.open("rb") as file:
        if b"'|O'" not in file.read(128):
            return None
        file.seek(0)
        blob = file.read(LARGEST_MEMBER + 1)
    if len(blob) > LARGEST_MEMBER:
        raise DataError(f"{path}: larger than {LARGEST_MEMBER >> 20} MiB; refused")
    return _read_split(blob, str(path))


def _read_header(stream: io.BytesIO, where: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return shape, whether columns come first, and type of the array that follows in a `.npy` stream."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What NumPy says of headers that Python 2 wrote.
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            return read(stream)
    except (ValueError, EOFError, SyntaxError, TypeError, RecursionError, MemoryError, TokenError) as error:
        raise DataError(f"{where}: not a .npy member ({error})") from error


def _numbers(blob: bytes, shape: tuple[int, ...], fortran: bool, dtype: np.dtype, where: str) -> np.ndarray:
    """Return the sketches `[sketches, points, 3]` of a member that is no object array."""
    if dtype.kind not in "iuf" or (len(shape) != 3 and shape != (0,)):
        raise DataError(f"{where}: expected an array of sketches [points, 3], found {dtype} of shape {list(shape)}")
    try:
        return np.frombuffer(blob, dtype).reshape(shape, order="F" if fortran else "C")
    except (OverflowError, ValueError) as error:
        raise DataError(f"{where}: a damaged array ({error})") from error


def _read_text(blob: bytes, path: Path) -> str:
    try:
        return str(np.load(io.BytesIO(blob), allow_pickle=False))
    except (ValueError, EOFError, OSError, SyntaxError, TypeError, MemoryError) as error:
        raise DataError(f"{path}: damaged provenance ({error})") from error


def _pack_objects(sketches: list[np.ndarray]) -> bytes:
    """Return the `.npy` bytes of an object array.

    Protocol 3 writes a global as plain text, so NumPy 2's private module name can be replaced by the public one, which
    old and new NumPy both know.
    """
    array = np.empty(len(sketches), dtype=object)
    for place, sketch in enumerate(sketches):
        # A copy of NumPy's own type: pickle refers back to objects it met before; bytes must not depend on that.
        array[place] = np.empty(sketch.shape, sketch.dtype.type)
        array[place][...] = sketch
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": array.shape})
    blob = pickle.dumps(array, protocol=3)
    return stream.getvalue() + blob.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n", 1)


def _add(archive: zipfile.ZipFile, name: str, blob: bytes) -> None:
    member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, blob)
