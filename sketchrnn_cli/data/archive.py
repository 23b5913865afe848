"""Sketch-RNN archives: `.npz` files of train, valid and test splits, each an object array of stroke-3 arrays.

Archives come from strangers and hold pickles: see `pickles` for how they are read. What is written here loads in
Magenta's reader and in NumPy of any age.
"""

import hashlib
import io
import pickle
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchrnn_cli import atomic
from sketchrnn_cli.data import pickles
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.formats import LIMIT

SPLITS = ("train", "valid", "test")
PROVENANCE = "provenance"
UNKNOWN = "unknown"
LARGEST_MEMBER = 512 << 20
"""Bytes of one split, unpacked; a zip bomb ends here."""

LARGEST_PROVENANCE = 64 << 10


@dataclass(frozen=True)
class Sketches:
    """Many stroke-3 sketches in one array."""

    points: np.ndarray
    """float32 `[total, 3]`, one sketch after another, in data units."""
    offsets: np.ndarray
    """int64 `[sketches + 1]`: where each begins, and the end."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, place: int) -> np.ndarray:
        return self.points[self.offsets[place] : self.offsets[place + 1]]

    @property
    def lengths(self) -> np.ndarray:
        """Points of each sketch, `[sketches]`."""
        return np.diff(self.offsets)


@dataclass(frozen=True)
class DataSet:
    """An archive as loaded."""

    name: str
    path: Path
    splits: Mapping[str, Sketches]
    sha256: str
    """Of the file."""
    provenance: str
    """Where the drawings came from, as the archive says; `UNKNOWN` where it does not."""

    @property
    def train(self) -> Sketches:
        """The training split; it has at least one sketch."""
        return self.splits["train"]


def load(path: Path) -> DataSet:
    """Read an archive.

    Raises:
        DataError: missing, not a sound archive, or without a training sketch.
    """
    try:
        blob = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    if blob[:512].lstrip().startswith(b"<"):
        raise DataError(f"{path}: a web page saved under this name, not an archive; download it again")
    try:
        with zipfile.ZipFile(io.BytesIO(blob)) as archive:
            members = {Path(name).stem: name for name in archive.namelist() if name.endswith(".npy")}
            if missing := [split for split in SPLITS if split not in members]:
                raise DataError(
                    f"{path}: no {missing[0]!r} split (found: {', '.join(members) or 'nothing'}); "
                    "a Sketch-RNN archive has train, valid, test"
                )
            splits = {
                split: _read_split(_member(archive, members[split], LARGEST_MEMBER, path), f"{path}: {split}")
                for split in SPLITS
            }
            provenance = UNKNOWN
            if PROVENANCE in members:
                provenance = _read_text(_member(archive, members[PROVENANCE], LARGEST_PROVENANCE, path), path)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise DataError(f"{path}: damaged or not a .npz archive ({error}); download it again") from error
    if not len(splits["train"]):
        raise DataError(f"{path}: no training sketch")
    return DataSet(path.stem.removeprefix("sketchrnn_"), path, splits, hashlib.sha256(blob).hexdigest(), provenance)


def write(path: Path, splits: Mapping[str, Iterable[np.ndarray]], provenance: str) -> None:
    """Write an archive whole or not at all; the same sketches give the same bytes.

    Args:
        path: where to; its folder is created.
        splits: train, valid and test: stroke-3 arrays, kept in the type they have.
        provenance: where the drawings came from.

    Raises:
        DataError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.replacing_file(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for split in SPLITS:
                _add(archive, split, _pack_objects(list(splits[split])))
            text = io.BytesIO()
            np.save(text, np.array(provenance), allow_pickle=False)
            _add(archive, PROVENANCE, text.getvalue())
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error


def pack(sketches: Sequence[np.ndarray], where: str) -> Sketches:
    """Pack `[n, 3]` arrays of any numeric types, checked and clipped.

    Raises:
        DataError: one is empty, of another shape, or not finite; `where` says where.
    """
    for number, sketch in enumerate(sketches):
        if sketch.ndim != 2 or sketch.shape[1] != 3 or not len(sketch):
            raise DataError(f"{where}: sketch {number} has shape {list(sketch.shape)}; expected [points, 3], points > 0")
    points = np.concatenate(sketches) if sketches else np.zeros((0, 3), np.float32)
    if points.dtype.kind == "f" and not np.isfinite(points).all():
        raise DataError(f"{where}: a sketch holds NaN or infinity")
    points = np.clip(points, -LIMIT, LIMIT).astype(np.float32)
    points[:, 2] = points[:, 2] > 0.5
    offsets = np.zeros(len(sketches) + 1, dtype=np.int64)
    np.cumsum([len(sketch) for sketch in sketches], out=offsets[1:])
    return Sketches(points, offsets)


def scale_factor(sets: Sequence[DataSet]) -> float:
    """Return the standard deviation of all training offsets, pooled over x, y and the sets, mean not removed first.

    In float64: single precision misses the sixth decimal.
    """
    offsets = [dataset.train.points[:, :2] for dataset in sets]
    count = sum(part.size for part in offsets)
    mean = sum(float(part.sum(dtype=np.float64)) for part in offsets) / count
    variance = sum(float(((part.astype(np.float64) - mean) ** 2).sum()) for part in offsets) / count
    return float(np.sqrt(variance)) or 1.0


def longest(sets: Sequence[DataSet]) -> int:
    """Return N_max: the points of the longest sketch of all splits."""
    return max(int(split.lengths.max(initial=0)) for dataset in sets for split in dataset.splits.values())


def canvas_size(sets: Sequence[DataSet]) -> float:
    """Return the median larger side of the training drawings, in data units; at least 1."""
    return max(1.0, float(np.median(np.concatenate([_larger_sides(dataset.train) for dataset in sets]))))


def find(name: str, data_dir: Path) -> Path:
    """Return the archive that DATASET names: a path, or a name in `data_dir`.

    Raises:
        DataError: there is none.
    """
    path = Path(name)
    candidates = [path] if path.suffix == ".npz" or len(path.parts) > 1 else []
    candidates += [data_dir / f"{name}.npz", data_dir / f"sketchrnn_{name}.npz", data_dir / f"doodle_{name}.npz"][:2]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise DataError(f"no data set {name!r} (looked for {', '.join(map(str, candidates))})")


def _larger_sides(sketches: Sketches) -> np.ndarray:
    """Return the larger side of each drawing's bounds, its first point at the origin, `[sketches]`."""
    starts = sketches.offsets[:-1]
    position = np.cumsum(sketches.points[:, :2], axis=0, dtype=np.float64)
    origin = position[starts] - sketches.points[starts, :2]
    low = np.minimum(np.minimum.reduceat(position, starts), origin)
    high = np.maximum(np.maximum.reduceat(position, starts), origin)
    return (high - low).max(axis=1)


def _member(archive: zipfile.ZipFile, name: str, largest: int, path: Path) -> bytes:
    """Read a member whole, so that its CRC is checked, but no more than `largest` bytes."""
    with archive.open(name) as member:
        blob = member.read(largest + 1)
    if len(blob) > largest:
        raise DataError(f"{path}: {name} unpacks to more than {largest >> 10} KiB; refused")
    return blob


def _read_split(blob: bytes, where: str) -> Sketches:
    """Return the sketches of a `.npy` member: an object array, or numbers where all sketches are equally long."""
    stream = io.BytesIO(blob)
    shape, dtype = _read_header(stream, where)
    if not dtype.hasobject:
        return pack(list(_read_numbers(blob, where)), where)
    records = pickles.object_array(blob[stream.tell() :], where)
    if len(records) != shape[0] if len(shape) == 1 else True:
        raise DataError(f"{where}: {len(records)} sketches where the header says {list(shape)}")
    arrays = [pickles.numeric_array(record, where) for record in records]
    if sum(array.nbytes for array in arrays) > 4 * len(blob):
        raise DataError(f"{where}: sketches repeated beyond reason; refused")
    return pack(arrays, where)


def _read_header(stream: io.BytesIO, where: str) -> tuple[tuple[int, ...], np.dtype]:
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    except (ValueError, EOFError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise DataError(f"{where}: not a .npy member ({error})") from error
    return shape, dtype


def _read_numbers(blob: bytes, where: str) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # A damaged header is an error below, or loads.
            array = np.load(io.BytesIO(blob), allow_pickle=False)
    except (ValueError, EOFError, MemoryError, OSError, SyntaxError, TypeError) as error:
        raise DataError(f"{where}: a damaged array ({error})") from error
    if array.dtype.kind not in "iuf" or (array.ndim != 3 and array.size):
        raise DataError(f"{where}: expected sketches [points, 3], found {array.dtype} of shape {list(array.shape)}")
    return array


def _read_text(blob: bytes, path: Path) -> str:
    try:
        return str(np.load(io.BytesIO(blob), allow_pickle=False))
    except (ValueError, EOFError, OSError) as error:
        raise DataError(f"{path}: damaged provenance ({error})") from error


def _pack_objects(sketches: list[np.ndarray]) -> bytes:
    """Return the `.npy` bytes of an object array.

    Protocol 3 writes a global as plain text, so NumPy 2's private module name can be replaced by the public one, which
    old and new NumPy both know.
    """
    array = np.empty(len(sketches), dtype=object)
    array[:] = sketches
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": array.shape})
    blob = pickle.dumps(array, protocol=3)
    return stream.getvalue() + blob.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n", 1)


def _add(archive: zipfile.ZipFile, name: str, blob: bytes) -> None:
    member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, blob)
