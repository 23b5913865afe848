"""Packed SVG files: unpacked no further than they are read."""

import gzip
import tracemalloc

import pytest

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.svg import document


def test_a_packed_file_is_read_and_a_bomb_unpacked_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert document.parse(gzip.compress(b"<svg/>")).tag == "svg"
    bomb = gzip.compress(b" " * (64 << 20))
    monkeypatch.setattr(document, "MAX_FILE_BYTES", 1 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="MiB large"):
            document.parse(bomb)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_packed_file_that_ends_in_the_middle_is_refused() -> None:
    with pytest.raises(DataError, match="truncated"):
        document.parse(gzip.compress(b"<svg/>" * 100)[:-12])
