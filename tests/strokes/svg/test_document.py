"""Packed SVG files: unpacked no further than they are read."""

import gzip
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.svg import document

Peak = Callable[[int], AbstractContextManager[None]]


def test_a_packed_file_is_read_and_a_bomb_unpacked_no_further_than_the_limit(
    monkeypatch: pytest.MonkeyPatch, peak_below: Peak
) -> None:
    assert document.parse(gzip.compress(b"<svg/>")).tag == "svg"
    bomb = gzip.compress(b" " * (64 << 20))
    monkeypatch.setattr(document, "MAX_FILE_BYTES", 1 << 20)
    with peak_below(8 << 20), pytest.raises(DataError, match="MiB large"):
        document.parse(bomb)


def test_a_packed_file_that_ends_in_the_middle_is_refused() -> None:
    with pytest.raises(DataError, match="truncated"):
        document.parse(gzip.compress(b"<svg/>" * 100)[:-12])
