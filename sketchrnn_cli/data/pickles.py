"""Read the pickled object arrays in Sketch-RNN archives without executing any code from them.

There are two guards. Before unpickling, all opcodes are scanned: only those that such arrays need may occur, and no
memo index or length may exceed the input (8 bytes can otherwise allocate gigabytes). During unpickling, only the
globals that these files use resolve, and to inert stand-ins: no NumPy object is created by a pickle.
"""

import io
import math
import pickle
import re
from typing import Any

import numpy as np

from sketchrnn_cli.errors import DataError

PLAIN = re.compile(
    rb"(?:[()NRabet\]\x85\x86\x87\x88\x89\x93\x94]|[Khq].|M..|[Jj]....|G.{8}|\x80[\x02-\x05])*", re.DOTALL
)
"""A run of opcodes with arguments of fixed size that allocate nothing."""

PAYLOADS = {ord("U"): 1, ord("T"): 4, ord("X"): 4, 0x8C: 1, ord("C"): 1, ord("B"): 4, 0x8E: 8}
"""Opcodes of strings and bytes, and the size of their length field in bytes."""

STOP, LONG_BINPUT, GLOBAL, FRAME = ord("."), ord("r"), ord("c"), 0x95


class ArrayRecord:
    """An ndarray as a pickle describes it."""

    __slots__ = ("data", "dtype", "fortran", "shape")

    def __setstate__(self, state: Any) -> None:
        _, self.shape, self.dtype, self.fortran, self.data = state


class DtypeRecord:
    """A dtype as a pickle describes it."""

    __slots__ = ("code", "order")

    def __init__(self, code: str) -> None:
        self.code, self.order = code, "="

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]


def sketches(blob: bytes, where: str) -> list[np.ndarray]:
    """Return the sketches of a pickled object array: 1-D of arrays or lists of rows, or 3-D of numbers.

    Raises:
        DataError: another type, damaged, or unsafe.
    """
    array = _object_array(blob, where)
    if len(array.shape) == 1:
        budget = 4 * len(blob)  # Bytes; a pickle may reference the same sketch many times.
        arrays = []
        for item in array.data:
            arrays.append(_from_rows(item, budget, where) if isinstance(item, list) else numeric_array(item, where))
            if (budget := budget - arrays[-1].nbytes) < 0:
                raise DataError(f"{where}: too many repeated sketches; refused")
        return arrays
    if len(array.shape) != 3 or not all(type(number) in (int, float) for number in array.data):
        raise DataError(f"{where}: not an array of sketches")
    try:
        return list(np.array(array.data, dtype=np.float64).reshape(array.shape, order="F" if array.fortran else "C"))
    except (OverflowError, TypeError, ValueError) as error:
        raise DataError(f"{where}: a damaged array ({error})") from error


def _from_rows(rows: list, budget: int, where: str) -> np.ndarray:
    """Return the array of a list of rows (dx, dy, pen).

    Raises:
        DataError: not such rows, or they need more than `budget` bytes.
    """
    if 24 * len(rows) > budget:
        raise DataError(f"{where}: too many repeated sketches; refused")
    for row in rows:
        if not isinstance(row, list | tuple) or len(row) != 3 or not all(type(n) in (int, float, bool) for n in row):
            raise DataError(f"{where}: a list that is not a sketch of rows (dx, dy, pen)")
    try:
        return np.array(rows, dtype=np.float64).reshape(len(rows), 3)
    except OverflowError as error:
        raise DataError(f"{where}: a number too large") from error


def _object_array(blob: bytes, where: str) -> ArrayRecord:
    """Return the record of a pickled object array, with as many items as its shape says.

    Raises:
        DataError: another type, damaged, or unsafe.
    """
    _walk(blob, where)
    try:
        array = _Unpickler(io.BytesIO(blob), encoding="latin1").load()
        items = array.data
        if not isinstance(array, ArrayRecord) or not isinstance(items, list) or math.prod(array.shape) != len(items):
            raise DataError(f"{where}: not an array of sketches")
    except (
        pickle.UnpicklingError,
        AttributeError,
        EOFError,
        ImportError,
        IndexError,
        KeyError,
        MemoryError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise DataError(f"{where}: not a valid archive of sketches ({error})") from error
    return array


def numeric_array(record: object, where: str) -> np.ndarray:
    """Return the NumPy array of a record.

    Raises:
        DataError: not the record of a complete numeric array.
    """
    try:
        if not isinstance(record, ArrayRecord):
            raise DataError(f"{where}: not an array of numbers")
        data = record.data.encode("latin1") if isinstance(record.data, str) else record.data
        dtype = np.dtype(record.dtype.code).newbyteorder(record.dtype.order)
        if dtype.kind == "O" and isinstance(record.data, list):
            rows, columns = record.shape
            return _from_rows([record.data[i : i + columns] for i in range(0, rows * columns, columns)], 1 << 40, where)
        if dtype.kind not in "iuf":
            raise DataError(f"{where}: not an array of numbers")
        return np.frombuffer(data, dtype).reshape(record.shape, order="F" if record.fortran else "C")
    except (AttributeError, IndexError, OverflowError, TypeError, ValueError) as error:
        raise DataError(f"{where}: a damaged array ({error})") from error


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        stand_in = _STAND_INS.get((module, name))
        if stand_in is None:
            raise pickle.UnpicklingError(f"it refers to {module}.{name}, which no archive of sketches needs")
        return stand_in


def _reconstruct(kind: object, shape: object, typecode: object) -> ArrayRecord:
    return ArrayRecord()


def _ndarray() -> None:
    """Stand in for the class passed to `_reconstruct`; never called."""


def _dtype(code: str, align: object, copy: object) -> DtypeRecord:
    return DtypeRecord(code)


def _encode(text: str, encoding: str) -> bytes:
    return text.encode("latin1")


_STAND_INS = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _ndarray,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encode,
}


def _walk(blob: bytes, where: str) -> None:
    """Scan the opcodes without executing them.

    Raises:
        DataError: a forbidden opcode, or an allocation beyond the input.
    """
    size, at = len(blob), 0
    plain = PLAIN.match
    while True:
        if at < size:  # A length may point beyond the end.
            at = plain(blob, at).end()  # type: ignore[union-attr]
        if at >= size:
            raise DataError(f"{where}: a truncated archive")
        opcode = blob[at]
        if opcode == LONG_BINPUT:
            if int.from_bytes(blob[at + 1 : at + 5], "little") > size:
                raise DataError(f"{where}: a pickle that claims more memory than it holds")
            at += 5
        elif width := PAYLOADS.get(opcode):
            at += 1 + width + int.from_bytes(blob[at + 1 : at + 1 + width], "little")
        elif opcode == STOP:
            return
        elif opcode == GLOBAL:
            at = blob.find(b"\n", blob.find(b"\n", at) + 1) + 1
            if at == 0:
                raise DataError(f"{where}: a truncated archive")
        elif opcode == FRAME:
            at += 9
        else:
            raise DataError(f"{where}: a pickle with opcode {opcode:#x}, which no archive of sketches needs")
