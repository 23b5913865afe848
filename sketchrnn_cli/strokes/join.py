"""Join strokes that a program cut into pieces.

Drawing programs and plotters write a line as hundreds of short paths that begin where another ends. To a model each
would be a pen lift: a drawing of twelve strokes would have two hundred.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

TOLERANCE = 0.002
"""Largest distance between touching ends, as a share of the drawing's larger side: half a pixel of 255."""
MIN_PIECES = 8
"""A drawing of fewer strokes was not cut into pieces."""


def join(strokes: Sequence[np.ndarray], tolerance: float = TOLERANCE) -> list[np.ndarray]:
    """Join strokes whose ends touch, in either direction.

    A stroke is continued by the next one in the file that begins or ends where it ends; if there is none, it is
    extended at its start. Strokes are ordered by their first pieces. All points are kept, shared ones once.

    Args:
        strokes: polylines `[points, 2]`, in any unit.
        tolerance: see `TOLERANCE`.
    """
    pieces = [np.asarray(stroke, dtype=np.float64) for stroke in strokes if len(stroke)]
    if not pieces:
        return []
    side = float(np.ptp(np.concatenate(pieces), axis=0).max())
    ends = _Ends(pieces, tolerance * side)
    return [_chain(first, pieces, ends) for first in _unused(ends)]


def was_cut(strokes: Sequence[np.ndarray], joined: Sequence[np.ndarray]) -> bool:
    """Return whether strokes were cut into pieces: joining leaves at most half of them."""
    return len(strokes) >= MIN_PIECES and 2 * len(joined) <= len(strokes)


class _Ends:
    """The ends of unused pieces, in a grid of cells as wide as the tolerance."""

    def __init__(self, pieces: Sequence[np.ndarray], reach: float) -> None:
        self.free = dict.fromkeys(range(len(pieces)))
        self._pieces, self._reach = pieces, max(reach, 1e-12)
        self._cells: dict[tuple[int, int], list[int]] = defaultdict(list)
        for number, piece in enumerate(pieces):
            for cell in {self._cell(piece[0]), self._cell(piece[-1])}:
                self._cells[cell].append(number)

    def _cell(self, point: np.ndarray) -> tuple[int, int]:
        x, y = np.floor(point / self._reach)
        return int(x), int(y)

    def touching(self, point: np.ndarray, after: int) -> tuple[int, bool] | None:
        """Return the first free piece after `after` that touches a point, and whether it must be reversed."""
        x, y = self._cell(point)
        near = {number for dx in (-1, 0, 1) for dy in (-1, 0, 1) for number in self._cells.get((x + dx, y + dy), ())}
        for number in sorted(near & self.free.keys(), key=lambda number: (number < after, number)):
            for end, turned in ((0, False), (-1, True)):
                if np.hypot(*(self._pieces[number][end] - point)) <= self._reach:
                    return number, turned
        return None


def _unused(ends: _Ends) -> Iterator[int]:
    while ends.free:
        first = next(iter(ends.free))
        del ends.free[first]
        yield first


def _chain(first: int, pieces: Sequence[np.ndarray], ends: _Ends) -> np.ndarray:
    """Return piece `first` extended at both ends."""
    forwards = [pieces[first], *_follow(pieces[first][-1], first, pieces, ends)]
    backwards = _follow(pieces[first][0], first, pieces, ends)
    parts = [piece[::-1] for piece in reversed(list(backwards))] + forwards
    return np.concatenate([parts[0], *(part[1:] if len(part) > 1 else part for part in parts[1:])])


def _follow(point: np.ndarray, last: int, pieces: Sequence[np.ndarray], ends: _Ends) -> Iterator[np.ndarray]:
    """Yield the pieces that continue from a point, reversed where needed."""
    while (found := ends.touching(point, last)) is not None:
        last, turned = found
        del ends.free[last]
        piece = pieces[last][::-1] if turned else pieces[last]
        yield piece
        point = piece[-1]
