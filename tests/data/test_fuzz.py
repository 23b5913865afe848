"""Randomly damaged files give a clean error or a clean skip, never a traceback.

A larger run: SKETCHRNN_FUZZ=10000 python -m pytest tests/data/test_fuzz.py
"""

import io
import json
import os
import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data import archive
from sketchrnn_cli.data.conversion import binary, ndjson
from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped
from sketchrnn_cli.errors import DataError

COPIES = int(os.environ.get("SKETCHRNN_FUZZ", "300"))


def damaged(blob: bytes, rng: np.random.Generator) -> bytes:
    """Flip, cut, repeat or overwrite a few places."""
    blob = bytearray(blob)
    for _ in range(rng.integers(1, 5)):
        at = int(rng.integers(len(blob)))
        size = int(rng.integers(1, 9))
        match rng.integers(5):
            case 0:
                blob[at] ^= 1 << int(rng.integers(8))
            case 1:
                blob[at : at + size] = rng.bytes(size)
            case 2:
                del blob[at : at + size]
            case 3:
                blob[at:at] = blob[at : at + size]
            case _ if len(blob) > 2 * size:
                del blob[-int(rng.integers(1, len(blob) // 2)) :]
    return bytes(blob)


def sketches(count: int, rng: np.random.Generator, dtype: type = np.int16) -> list[np.ndarray]:
    made = []
    for _ in range(count):
        sketch = rng.integers(-50, 50, size=(int(rng.integers(2, 9)), 3)).astype(dtype)
        sketch[:, 2] = 0
        sketch[-1, 2] = 1
        made.append(sketch)
    return made


def test_damaged_archives_give_a_data_error_or_load(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "a.npz"
    archive.write(path, {"train": sketches(8, rng), "valid": sketches(2, rng), "test": sketches(2, rng)}, "a test")
    sound = path.read_bytes()
    refusals = []
    for _ in range(COPIES):
        path.write_bytes(damaged(sound, rng))
        try:
            archive.load(path)
        except DataError as error:
            refusals.append(str(error))
    assert len(refusals) > COPIES / 2
    assert all(refusal.startswith(str(path)) for refusal in refusals)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_damaged_pickles_with_a_sound_checksum_give_a_data_error_or_load(protocol: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(protocol)
    array = np.empty(3, dtype=object)
    array[:] = sketches(2, rng) + sketches(1, rng, np.float64)
    stream = io.BytesIO()
    np.save(stream, array)
    member = stream.getvalue()
    if protocol != 4:
        import pickle

        member = member[:128] + pickle.dumps(array, protocol=protocol)
    path = tmp_path / "a.npz"
    for _ in range(COPIES):
        with zipfile.ZipFile(path, "w") as file:
            for split in ("train", "valid", "test"):
                file.writestr(f"{split}.npy", damaged(member, rng) if split == "train" else member)
        with suppress(DataError):
            assert np.isfinite(archive.load(path).train.points).all()


@pytest.mark.filterwarnings("error")
def test_damaged_lines_are_drawings_or_skipped() -> None:
    rng = np.random.default_rng(1)
    raw = {"word": "cat", "recognized": True, "drawing": [[[1.5, 90.25, 40], [2, 3, 80], [0, 9, 20]], [[5], [6], [1]]]}
    simplified = {"word": "cat", "drawing": [[[0, 255, 9], [0, 4, 255]], [[5, 6], [7, 8]]]}
    for number in range(COPIES):
        line = damaged(json.dumps(raw if number % 2 else simplified).encode(), rng)
        found = ndjson.parse(line, "x:1", "x", epsilon=2.0)
        assert isinstance(found, Drawing | Skipped)
        if isinstance(found, Drawing):
            assert np.isfinite(found.sketch).all()


def test_damaged_binary_files_are_drawings_or_skipped(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    drawing = struct.pack("<Q2sBIH", 7, b"DE", 1, 9, 2) + 2 * (struct.pack("<H", 3) + bytes([0, 255, 9, 4, 5, 6]))
    path = tmp_path / "a.bin"
    for _ in range(COPIES):
        path.write_bytes(damaged(3 * drawing, rng))
        assert all(isinstance(found, Drawing | Skipped) for found in binary.read(path))
