"""Quick, Draw! text files: one JSON object per line, simplified or raw.

The file is UTF-8 or, as PowerShell writes it, UTF-16. A simplified drawing is `[[xs, ys], ...]` of integers from 0 to
255; a raw one `[[xs, ys, milliseconds], ...]`. The studio adds `by`: hand or model, per stroke.
"""

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from sketchrnn_cli import foreign
from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped, sketch_of
from sketchrnn_cli.errors import DataError

SIMPLIFIED_LEAST, SIMPLIFIED_GREATEST = 4, 240
"""A simplified drawing was aligned to 0 and scaled to 255, then simplification cut up to two tolerances off its
corners: the minimum of x and of y is at most the first, the maximum of both at least the second."""

ONE_PIXEL_RUN = 4
"""Consecutive steps of one pixel that no simplified drawing has (of 17,000 none has more than two)."""

NOT_RECOGNIZED = ("", "0", "false", "no", "none", "null")

AMBIGUOUS = (
    "its strokes may be [xs, ys] or lists of [x, y]: each is of two or three pairs; give one stroke [xs, ys] of more "
    "points, or a key_id where it is [xs, ys] as Quick, Draw! has it"
)
SURE = {"key_id", "by", "recognized", "timestamp", "countrycode"}
"""Fields of Quick, Draw! and of the studio: their strokes are [xs, ys]."""

MAX_LINE_BYTES = 16 << 20
"""The largest raw drawings have some hundred thousand."""

KEY_ID = re.compile(r"[0-9]{1,19}")


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each non-blank line; an overlong one is truncated, and so fails to parse."""
    number = 0
    with _open(path) as file:
        while line := file.readline(MAX_LINE_BYTES):
            number += 1
            if line.strip():
                yield number, line
            while len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE_BYTES)  # The rest of an overlong line.


def misfit(path: Path) -> str:
    """Return an error message for a file that has no valid line, such as one JSON array; else an empty text."""
    if reason := foreign.obstacle(path):
        return reason
    first = next((line for _, line in lines(path)), b"").lstrip(b"\xef\xbb\xbf \t")
    if not first.startswith(b"["):
        return ""
    return "a JSON array; an .ndjson holds one object a line (jq -c '.[]' makes it one)"


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    """Open a file whose lines are read as UTF-8, whatever its encoding."""
    with path.open("rb") as file:
        encoding = json.detect_encoding(file.read(4))
        file.seek(0)
        if encoding.startswith("utf-8"):
            yield file
            return
        text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="\n")
        yield _Encoded(text)  # type: ignore[misc]


class _Encoded:
    """The lines of a text file, encoded as UTF-8."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text

    def readline(self, limit: int) -> bytes:
        """Return the next line, of at most `limit` characters."""
        return self._text.readline(limit).encode("utf-8", "replace")


def parse(line: bytes, where: str, label: str, epsilon: float, hand_only: bool = False) -> Drawing | Skipped:
    """Return the drawing of a line; a simplified one unchanged, any other prepared with `epsilon` (pixels).

    With `hand_only`, strokes drawn by a model are excluded, unless it drew them all.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Skipped(where, f"not JSON ({error})")
    drawn = _drawn(record) if isinstance(record, dict) else None
    if drawn is None:
        return Skipped(where, "no JSON object with a drawing")
    word = record.get("word")
    try:
        strokes = [_stroke(stroke) for stroke in drawn]
        simplified = all(len(stroke) == 2 for stroke in drawn) and _is_simplified(strokes)
        hands = _hands(record, len(strokes))
        if hand_only and any(hands):
            strokes = [stroke for stroke, is_hand in zip(strokes, hands, strict=True) if is_hand]
        sketch = sketch_of([stroke.T for stroke in strokes], None if simplified else epsilon)
    except DataError as error:
        return Skipped(where, str(error))
    except (OverflowError, TypeError, ValueError):
        return Skipped(where, "a stroke is not [xs, ys] or [xs, ys, times], equally many numbers each")
    if _may_be_points(drawn) and not SURE & record.keys():
        return Skipped(where, AMBIGUOUS)
    said = str(record.get("key_id"))
    return Drawing(
        sketch,
        where,
        word if isinstance(word, str) and word else label,
        _is_yes(record.get("recognized", True)),
        key_id=int(said) if KEY_ID.fullmatch(said) else None,
        by_hand=any(hands),
    )


def _hands(record: dict, strokes: int) -> list[bool]:
    """Return which strokes a person drew; all, if the record does not say.

    Raises:
        DataError: the list does not match the strokes.
    """
    by = record.get("by")
    if by is None:
        return [True] * strokes
    if not isinstance(by, list) or len(by) != strokes:
        raise DataError("by: expected hand or model for each stroke")
    return [hand != "model" for hand in by]


def _is_yes(said: object) -> bool:
    return said.strip().casefold() not in NOT_RECOGNIZED if isinstance(said, str) else bool(said)


def _drawn(record: dict) -> list | None:
    """Return the strokes of a record: its `drawing`, or `image` in some of Google's files."""
    drawing = record.get("drawing", record.get("image"))
    if isinstance(drawing, dict):
        drawing = drawing.get("image", drawing.get("strokes"))
    return drawing if isinstance(drawing, list) else None


def _may_be_points(strokes: list) -> bool:
    """Return whether every stroke consists of two or three pairs, so that it may be a list of [x, y]."""
    return all(len(stroke) in (2, 3) and all(len(row) == 2 for row in stroke) for stroke in strokes)


def _stroke(rows: list) -> np.ndarray:
    """Return `[2, points]`; raises TypeError or ValueError if malformed."""
    if len(rows) > 3:
        raise DataError(
            f"a stroke of {len(rows)} rows, like a list of [x, y] points; expected [xs, ys] or [xs, ys, times]"
        )
    if len(rows) < 2 or len({len(row) for row in rows}) > 1:
        raise ValueError
    stroke = np.array(rows[:2])
    if stroke.ndim != 2 or (stroke.size and stroke.dtype.kind not in "iuf"):
        raise ValueError
    return stroke.astype(np.float64)


def _is_simplified(strokes: list[np.ndarray]) -> bool:
    """Return whether strokes `[2, points]` are simplified already: integers that fill 256 pixels."""
    points = np.concatenate([np.zeros((2, 0)), *strokes], axis=1)
    if not points.size or not ((points >= 0) & (points <= 255) & (points == np.rint(points))).all():
        return False
    if (points.min(axis=1) > SIMPLIFIED_LEAST).any() or points.max() < SIMPLIFIED_GREATEST:
        return False
    return not any(map(_has_one_pixel_run, strokes))


def _has_one_pixel_run(stroke: np.ndarray) -> bool:
    small = np.abs(np.diff(stroke, axis=1)).max(axis=0) <= 1
    return len(small) >= ONE_PIXEL_RUN and bool(
        np.lib.stride_tricks.sliding_window_view(small, ONE_PIXEL_RUN).all(axis=1).any()
    )
