"""Read the pickled object arrays inside Sketch-RNN archives without running anything they ask for.

Two guards. Before unpickling, the opcodes are walked: only those that such arrays need may occur, and no memo index or
length may reach beyond the input (8 bytes can otherwise claim gigabytes). While unpickling, only the globals that these
files really use resolve, and to inert stand-ins at that: no NumPy object is made from a pickle.
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
"""A run of opcodes whose arguments have a fixed size and claim nothing."""

PAYLOADS = {ord("U"): 1, ord("T"): 4, ord("X"): 4, 0x8C: 1, ord("C"): 1, ord("B"): 4, 0x8E: 8}
"""Opcodes of strings and bytes, and how many bytes their length takes."""

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
    """Return the arrays of a pickled object array: one dimension of arrays or lists of rows, or three of numbers.

    Raises:
        DataError: it is anything else, damaged, or asks for more than that.
    """
    array = _object_array(blob, where)
    if len(array.shape) == 1:
        room = 4 * len(blob)  # Bytes; a pickle may refer to one sketch again and again.
        arrays = []
        for item in array.data:
            arrays.append(_from_rows(item, room, where) if isinstance(item, list) else numeric_array(item, where))
            if (room := room - arrays[-1].nbytes) < 0:
                raise DataError(f"{where}: sketches repeated beyond reason; refused")
        return arrays
    if len(array.shape) != 3 or not all(type(number) in (int, float) for number in array.data):
        raise DataError(f"{where}: not an array of sketches")
    try:
        return list(np.array(array.data, dtype=np.float64).reshape(array.shape, order="F" if array.fortran else "C"))
    except (OverflowError, TypeError, ValueError) as error:
        raise DataError(f"{where}: a damaged array ({error})") from error


def _from_rows(rows: list, room: int, where: str) -> np.ndarray:
    """Return the array of a list of rows (dx, dy, pen).

    Raises:
        DataError: they are anything else, or need more than `room` bytes.
    """
    if 24 * len(rows) > room:
        raise DataError(f"{where}: sketches repeated beyond reason; refused")
    for row in rows:
        if not isinstance(row, list | tuple) or len(row) != 3 or not all(type(n) in (int, float, bool) for n in row):
            raise DataError(f"{where}: a list that is no sketch of rows (dx, dy, pen)")
    try:
        return np.array(rows, dtype=np.float64).reshape(len(rows), 3)
    except OverflowError as error:
        raise DataError(f"{where}: a number too large") from error


def _object_array(blob: bytes, where: str) -> ArrayRecord:
    """Return the record of a pickled object array, its items as many as its shape says.

    Raises:
        DataError: it is anything else, damaged, or asks for more than that.
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
        raise DataError(f"{where}: not a sound archive of sketches ({error})") from error
    return array


def numeric_array(record: object, where: str) -> np.ndarray:
    """Return the NumPy array of a record.

    Raises:
        DataError: no record of a complete numeric array.
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
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no archive of sketches needs")
        return stand_in


def _reconstruct(kind: object, shape: object, typecode: object) -> ArrayRecord:
    return ArrayRecord()


def _ndarray() -> None:
    """Stand for the class that `_reconstruct` is given; never called."""


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
    """Follow the opcodes to the end without running them.

    Raises:
        DataError: an opcode that is not needed, or a claim beyond the input.
    """
    size, at = len(blob), 0
    plain = PLAIN.match
    while True:
        if at < size:  # A length may point anywhere.
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
