"""Drawings as Quick, Draw! publishes them as text: one JSON object a line, simplified or raw.

A simplified drawing is `[[xs, ys], ...]` of whole numbers from 0 to 255; a raw one `[[xs, ys, milliseconds], ...]`. The
studio adds `by`: hand or model, for each stroke.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped, sketch_of
from sketchrnn_cli.errors import DataError

LONGEST_LINE = 16 << 20
"""Bytes of one drawing; the largest raw ones have some hundred thousand."""

KEY_ID = re.compile(r"[0-9]{1,19}")


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each line that is not blank; an overlong one is cut, so that it will not parse."""
    number = 0
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE):
            number += 1
            if line.strip():
                yield number, line
            while len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE)  # The rest of an overlong line.


def parse(line: bytes, where: str, label: str, epsilon: float, hand_only: bool = False) -> Drawing | Skipped:
    """Return the drawing of a line; a simplified one as it is, any other prepared with `epsilon` (pixels).

    With `hand_only` the strokes that a model drew are left out, unless it drew them all.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Skipped(where, f"not JSON ({error})")
    if not isinstance(record, dict) or not isinstance(record.get("drawing"), list):
        return Skipped(where, "no JSON object with a drawing")
    word = record.get("word")
    try:
        strokes = [_stroke(stroke) for stroke in record["drawing"]]
        hands = _hands(record, len(strokes))
        if hand_only and any(hands):
            strokes = [stroke for stroke, is_hand in zip(strokes, hands, strict=True) if is_hand]
        raw = any(len(stroke) > 2 for stroke in record["drawing"]) or not all(map(_is_simplified, strokes))
        sketch = sketch_of([stroke.T for stroke in strokes], epsilon if raw else None)
    except DataError as error:
        return Skipped(where, str(error))
    except (OverflowError, TypeError, ValueError):
        return Skipped(where, "a stroke is not [xs, ys] or [xs, ys, times], equally many numbers each")
    said = str(record.get("key_id"))
    return Drawing(
        sketch,
        where,
        word if isinstance(word, str) and word else label,
        record.get("recognized") is not False,
        key_id=int(said) if KEY_ID.fullmatch(said) else None,
        by_hand=any(hands),
    )


def _hands(record: dict, strokes: int) -> list[bool]:
    """Return which strokes a person drew: all, where the record does not say.

    Raises:
        DataError: it says so of other strokes than there are.
    """
    by = record.get("by")
    if by is None:
        return [True] * strokes
    if not isinstance(by, list) or len(by) != strokes:
        raise DataError("by: expected hand or model for each stroke")
    return [hand != "model" for hand in by]


def _stroke(rows: list) -> np.ndarray:
    """Return `[2, points]`; raises TypeError or ValueError where there are none."""
    if len(rows) < 2 or len({len(row) for row in rows}) > 1:
        raise ValueError
    stroke = np.array(rows[:2])
    if stroke.ndim != 2 or (stroke.size and stroke.dtype.kind not in "iuf"):
        raise ValueError
    return stroke.astype(np.float64)


def _is_simplified(stroke: np.ndarray) -> bool:
    return bool(((stroke >= 0) & (stroke <= 255) & (stroke == np.rint(stroke))).all())
