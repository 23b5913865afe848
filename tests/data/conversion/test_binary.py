"""Quick, Draw!'s binary files."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data.conversion import binary, ndjson
from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped

HOUSE = [[[0, 255, 255, 0, 0], [100, 100, 255, 255, 100]], [[0, 128, 255], [100, 0, 100]]]


def packed(drawing: list, recognized: bool = True) -> bytes:
    blob = struct.pack("<Q2sBIH", 5152802093400064, b"DE", recognized, 1_488_000_000, len(drawing))
    for xs, ys in drawing:
        blob += struct.pack("<H", len(xs)) + bytes(xs) + bytes(ys)
    return blob


def test_binary_and_text_give_the_same_sketches(shared_data: Path, tmp_path: Path) -> None:
    records = [json.loads(line) for _, line in ndjson.lines(shared_data / "ndjson" / "cat.simplified.ndjson")]
    path = tmp_path / "cat.bin"
    path.write_bytes(b"".join(packed(record["drawing"], record["recognized"]) for record in records))
    for found, record in zip(binary.read(path), records, strict=True):
        same = ndjson.parse(json.dumps(record).encode(), "x", "x", epsilon=2.0)
        assert isinstance(found, Drawing)
        assert isinstance(same, Drawing)
        np.testing.assert_array_equal(found.sketch, same.sketch)
        assert (found.recognized, found.label) == (same.recognized, same.label)
        assert same.key_id == int(record["key_id"])


def test_binary_and_text_of_a_made_drawing_give_the_same_sketch(tmp_path: Path) -> None:
    path = tmp_path / "house.bin"
    path.write_bytes(packed(HOUSE) + packed(HOUSE, recognized=False))
    first, second = binary.read(path)
    assert first.key_id == 5152802093400064
    same = ndjson.parse(json.dumps({"drawing": HOUSE}).encode(), "x", "x", epsilon=2.0)
    np.testing.assert_array_equal(first.sketch, same.sketch)
    assert [first.recognized, second.recognized] == [True, False]
    assert (second.where, second.label) == (f"{path}:2", "house")


@pytest.mark.parametrize("kept", [1, 14, 15, 20, 30])
def test_a_file_that_was_cut_gives_what_came_before(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "house.bin"
    path.write_bytes(packed(HOUSE) + packed(HOUSE)[:kept])
    first, second = binary.read(path)
    assert isinstance(first, Drawing)
    assert isinstance(second, Skipped)
    assert "truncated" in second.reason


def test_a_drawing_without_strokes_is_skipped_and_the_next_is_read(tmp_path: Path) -> None:
    path = tmp_path / "house.bin"
    path.write_bytes(packed([]) + packed(HOUSE))
    first, second = binary.read(path)
    assert first == Skipped(f"{path}:1", "no stroke")
    assert isinstance(second, Drawing)


def test_room_that_a_broken_transfer_never_filled_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "house.bin"
    path.write_bytes(packed(HOUSE) + bytes(1 << 20))
    first, second = binary.read(path)
    assert isinstance(first, Drawing)
    assert isinstance(second, Skipped)
    assert "zeros" in second.reason
