"""Many sketches as small pictures at once: what the judge sees, and what copies are measured by.

A drawing is fitted into 7/8 of the picture, its larger side deciding, and drawn with lines 2 pixels wide at twice the
size in black and white. Averages of 2 × 2 make the grey picture.
"""

from collections.abc import Sequence

import numpy as np

SIDE = 128
"""Pixels of a side in black and white."""
FITTED = 7 / 8
"""Share of the side that a drawing fills."""
CHUNK = 2000
"""Sketches drawn at a time: 33 MB of pixels."""


def bitmaps(sketches: Sequence[np.ndarray]) -> np.ndarray:
    """Draw stroke-3 sketches in black and white.

    Returns:
        uint8 `[sketches, SIDE, SIDE / 8]`: eight pixels of a row in a byte, the leftmost in its highest bit.
    """
    pictures = [np.packbits(_draw(sketches[i : i + CHUNK]), axis=-1) for i in range(0, len(sketches), CHUNK)]
    return np.concatenate(pictures) if pictures else np.zeros((0, SIDE, SIDE // 8), np.uint8)


def greys(packed: np.ndarray) -> np.ndarray:
    """Return `[sketches, SIDE / 2, SIDE / 2]` in [0, 1], 1 the ink, float32."""
    pixels = np.unpackbits(packed, axis=-1)
    count = len(pixels)
    return pixels.reshape(count, SIDE // 2, 2, SIDE // 2, 2).sum(axis=(2, 4), dtype=np.uint8) * np.float32(0.25)


def _draw(sketches: Sequence[np.ndarray]) -> np.ndarray:
    """Return bool `[sketches, SIDE, SIDE]`."""
    count = len(sketches)
    start, end, owner = _segments(sketches)
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    for ends in (start, end):
        np.minimum.at(low, owner, ends)
        np.maximum.at(high, owner, ends)
    low, high = (np.where(np.isfinite(ends), ends, 0.0) for ends in (low, high))  # A sketch of no points has none.
    scale = FITTED * SIDE / np.maximum((high - low).max(axis=1, initial=0.0), 1e-9)
    middle = (low + high) / 2
    start = (start - middle[owner]) * scale[owner, None] + SIDE / 2 - 0.5
    end = (end - middle[owner]) * scale[owner, None] + SIDE / 2 - 0.5
    return _widen(_trace(start, end, owner, count))


def _segments(sketches: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return both ends `[segments, 2]` of what the pen draws, and the number of its sketch; a dot is of length zero."""
    lengths = np.array([len(sketch) for sketch in sketches])
    rows = np.concatenate(sketches) if len(sketches) else np.zeros((0, 3))
    first = np.cumsum(lengths) - lengths
    owner = np.repeat(np.arange(len(sketches)), lengths)
    end = np.cumsum(rows[:, :2], axis=0, dtype=np.float64)
    origin = end[first[lengths > 0]] - rows[first[lengths > 0], :2]
    end -= np.repeat(origin, lengths[lengths > 0], axis=0)
    start = end - rows[:, :2]
    lifted = np.concatenate([[0.0], rows[:-1, 2]]) > 0.5
    lifted[first[lengths > 0]] = False
    start[lifted] = end[lifted]
    return start, end, owner


def _trace(start: np.ndarray, end: np.ndarray, owner: np.ndarray, count: int) -> np.ndarray:
    """Return bool pictures whose pixels on the segments are set, half a pixel apart at most."""
    steps = np.ceil(2 * np.abs(end - start).max(axis=1)).astype(np.int64) + 1
    segment = np.repeat(np.arange(len(steps)), steps)
    place = np.arange(len(segment)) - np.repeat(np.cumsum(steps) - steps, steps)
    share = (place / np.maximum(steps[segment] - 1, 1)).astype(np.float32)
    at = start.astype(np.float32)[segment] + share[:, None] * (end - start).astype(np.float32)[segment]
    cell = np.floor(at).astype(np.int64)
    pictures = np.zeros(count * SIDE * SIDE, dtype=bool)
    pictures[(owner[segment] * SIDE + cell[:, 1]) * SIDE + cell[:, 0]] = True
    return pictures.reshape(count, SIDE, SIDE)


def _widen(thin: np.ndarray) -> np.ndarray:
    """Return pictures whose lines are 4 pixels wide: each pixel becomes a square of 4 without its corners."""
    two = thin.copy()
    two[:, :, 1:] |= thin[:, :, :-1]
    four = two.copy()
    four[:, :, :-1] |= two[:, :, 1:]
    four[:, :, 1:] |= two[:, :, :-1]
    wide = four.copy()
    wide[:, 1:] |= four[:, :-1]
    wide[:, :-1] |= two[:, 1:]
    wide[:, 2:] |= two[:, :-2]
    return wide
