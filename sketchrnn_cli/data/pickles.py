"""Read the pickled object arrays inside Sketch-RNN archives without running anything they ask for.

Two guards. Before unpickling, the opcodes are walked: only those that such arrays need may occur, and no memo index or
length may reach beyond the input (8 bytes can otherwise claim gigabytes). While unpickling, only the globals that these
files really use resolve, and to inert stand-ins at that: no NumPy object is made from a pickle.
"""

import io
import pickle
import re
from typing import Any

import numpy as np

from sketchrnn_cli.errors import DataError

PLAIN = re.compile(rb"(?:[()NRabet\]\x85\x86\x87\x88\x89\x93\x94]|[Khq].|M..|[Jj]....|\x80[\x02-\x05])*", re.DOTALL)
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


def object_array(blob: bytes, where: str) -> list[ArrayRecord]:
    """Return the records of a pickled 1-D object array of arrays.

    Raises:
        DataError: it is anything else, damaged, or asks for more than that.
    """
    _walk(blob, where)
    try:
        array = _Unpickler(io.BytesIO(blob), encoding="latin1").load()
        items = array.data
        if not isinstance(array, ArrayRecord) or not isinstance(items, list) or array.shape != (len(items),):
            raise DataError(f"{where}: not a 1-D array of sketches")
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
    return items


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
