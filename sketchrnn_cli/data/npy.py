"""The `.npy` members of an archive: object arrays of sketches, plain arrays of numbers, text.

Files come from strangers and hold pickles: see `pickles` for how they are read. No array is larger than the bytes that
are there. What is written loads in NumPy of any age.
"""

import io
import pickle
import warnings
from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError

import numpy as np

from sketchrnn_cli.data import pickles
from sketchrnn_cli.errors import DataError

MAX_MEMBER_BYTES = 512 << 20
"""Bytes of one member, unpacked; larger ones, such as zip bombs, are refused."""


def sketches(blob: bytes, where: str) -> list[np.ndarray]:
    """Return the sketches of a member: an object array, or `[sketches, points, 3]` where all have one length.

    Raises:
        DataError: damaged, or no sketches.
    """
    stream = io.BytesIO(blob)
    shape, fortran, dtype = _header(stream, where)
    data = blob[stream.tell() :]
    if not dtype.hasobject:
        if dtype.kind not in "iuf" or (len(shape) != 3 and shape != (0,)):
            raise DataError(f"{where}: expected an array of sketches [points, 3], found {dtype} of shape {list(shape)}")
        return list(_array(data, dtype, shape, fortran, where))
    arrays = pickles.sketches(data, where)
    if shape[:1] != (len(arrays),):
        raise DataError(f"{where}: {len(arrays)} sketches where the header says {list(shape)}")
    return arrays


def plain(blob: bytes, where: str) -> np.ndarray:
    """Return a one-dimensional array of unsigned integers or text; never a pickle.

    Raises:
        DataError: damaged, or of another type or shape.
    """
    stream = io.BytesIO(blob)
    shape, fortran, dtype = _header(stream, where)
    if dtype.kind not in "uU" or len(shape) != 1:
        raise DataError(f"{where}: expected numbers or text in one row, found {dtype} of shape {list(shape)}")
    return _array(blob[stream.tell() :], dtype, shape, fortran, where)


def text(blob: bytes, path: Path) -> str:
    """Return the text of a member.

    Raises:
        DataError: damaged.
    """
    try:
        return str(np.load(io.BytesIO(blob), allow_pickle=False))
    except (ValueError, EOFError, OSError, SyntaxError, TypeError, MemoryError) as error:
        raise DataError(f"{path}: damaged provenance ({error})") from error


def read_objects(path: Path) -> list[np.ndarray] | None:
    """Return the sketches of a `.npy` file that is an object array; None for any other file.

    Raises:
        DataError: it holds anything else than sketches, or is damaged.
    """
    with path.open("rb") as file:
        if b"'|O'" not in file.read(128):
            return None
        file.seek(0)
        blob = file.read(MAX_MEMBER_BYTES + 1)
    if len(blob) > MAX_MEMBER_BYTES:
        raise DataError(f"{path}: larger than {MAX_MEMBER_BYTES >> 20} MiB; refused")
    return sketches(blob, str(path))


def pack(array: np.ndarray) -> bytes:
    """Return the bytes of a member that holds an array of numbers or text."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def pack_objects(sketches: Sequence[np.ndarray]) -> bytes:
    """Return the bytes of a member that holds an object array of sketches; equal sketches give equal bytes.

    Protocol 3 writes a global as plain text, so NumPy 2's private module name can be replaced by the public one, which
    old and new NumPy both know.
    """
    array = np.empty(len(sketches), dtype=object)
    for index, sketch in enumerate(sketches):
        # A copy with NumPy's own dtype object: pickle refers back to objects that it has met before.
        array[index] = np.empty(sketch.shape, sketch.dtype.type)
        array[index][...] = sketch
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": array.shape})
    blob = pickle.dumps(array, protocol=3)
    return stream.getvalue() + blob.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n", 1)


def _header(stream: io.BytesIO, where: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return the shape, whether the array is in Fortran order, and the dtype, from the start of a member."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy warns about headers written by Python 2.
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            return read(stream)
    except (ValueError, EOFError, SyntaxError, TypeError, RecursionError, MemoryError, TokenError) as error:
        raise DataError(f"{where}: not a .npy member ({error})") from error


def _array(data: bytes, dtype: np.dtype, shape: tuple[int, ...], fortran: bool, where: str) -> np.ndarray:
    try:
        return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    except (OverflowError, ValueError) as error:
        raise DataError(f"{where}: a damaged array ({error})") from error
