"""Quick, Draw! binary files: simplified drawings, little-endian, one record after another."""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped, sketch_of
from sketchrnn_cli.errors import DataError

HEADER = struct.Struct("<Q2sBIH")
"""key_id, country code, recognized, seconds since 1970, number of strokes."""

COUNT = struct.Struct("<H")
"""Points of a stroke; all x, then all y follow, one byte each."""


def read(path: Path) -> Iterator[Drawing | Skipped]:
    """Yield the drawings of a file, up to a truncated record: nothing marks where the next one starts."""
    number = 0
    with path.open("rb") as file:
        while head := file.read(HEADER.size):
            number += 1
            where = f"{path}:{number}"
            if len(head) == HEADER.size and not any(
                head
            ):  # Room that a broken transfer never filled would be millions of empty drawings.
                yield Skipped(where, "zeros where a drawing should begin; the rest of the file is left out")
                return
            try:
                key_id, _, recognized, _, count = HEADER.unpack(head)
                strokes = []
                for _ in range(count):
                    (points,) = COUNT.unpack(file.read(COUNT.size))
                    flat = np.frombuffer(file.read(2 * points), dtype=np.uint8)
                    strokes.append(flat.reshape(2, points).T)
            except (struct.error, ValueError):
                yield Skipped(where, "truncated: the file ends inside this drawing")
                return
            try:
                yield Drawing(sketch_of(strokes, None), where, path.stem, bool(recognized), key_id=key_id)
            except DataError as error:
                yield Skipped(where, str(error))
