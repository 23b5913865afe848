"""Data sets in memory: sketches packed into one array, and their statistics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchrnn_cli.errors import DataError, UsageError
from sketchrnn_cli.strokes.formats import LIMIT, check_pens

SPLITS = ("train", "valid", "test")
FEW = 300
"""Training drawings of a small set, at most."""
OUTLIER_RATIO = 2.0
"""The longest sketch is an outlier beyond this multiple of the 99th percentile of points."""


def check_splits(asked: Sequence[str]) -> None:
    """Refuse the name of a split that archives do not have.

    Raises:
        UsageError: one is unknown.
    """
    if unknown := [split for split in asked if split not in SPLITS]:
        raise UsageError(f"--split {unknown[0]}: expected one of {', '.join(SPLITS)}")


@dataclass(frozen=True)
class Sketches:
    """Stroke-3 sketches packed into one array."""

    points: np.ndarray
    """`[total, 3]`, concatenated, in data units: int16 if all are integers, else float32."""
    offsets: np.ndarray
    """int64 `[sketches + 1]`: the start of each, and the end."""
    labels: np.ndarray | None = None
    """uint16 `[sketches]`, indices into the set's words; None: all are of the first word."""
    key_ids: np.ndarray | None = None
    """uint64 `[sketches]`, the source's ids of the drawings, if it has them."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        """Return one sketch, stroke-3 float32 `[points, 3]`."""
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        return self.points[self.offsets[index] : self.offsets[index + 1]].astype(np.float32)

    def take(self, places: Sequence[int] | np.ndarray) -> "Sketches":
        """Return some of them, without labels and ids."""
        return pack([self[int(place)] for place in places], "sketches")

    def blocks(self, count: int) -> Iterator[list[np.ndarray]]:
        """Yield all sketches in order, `count` at once."""
        for first in range(0, len(self), count):
            yield [self[number] for number in range(first, min(first + count, len(self)))]

    @property
    def lengths(self) -> np.ndarray:
        """Points of each sketch, `[sketches]`."""
        return np.diff(self.offsets)


@dataclass(frozen=True)
class Measures:
    """Statistics of a data set, cached so that training starts without reading all of it."""

    count: int
    """Number of training offsets, x and y pooled."""
    total: float
    """Their sum."""
    squares: float
    """The sum of their squares."""
    longest: int
    """Points of the longest sketch in all splits."""
    sides: np.ndarray
    """Larger side of each training drawing in data units, float32 `[sketches]`."""


@dataclass(frozen=True)
class DataSet:
    """A loaded archive."""

    name: str
    path: Path
    splits: Mapping[str, Sketches]
    measures: Measures
    sha256: str
    """Of the file."""
    provenance: str
    """The origin of the drawings, as text."""
    stored: str
    """The dtypes in the file, such as int16."""
    words: tuple[str, ...] = ()
    """The words of the labels; empty if the file has no labels."""

    @property
    def train(self) -> Sketches:
        """The training split, never empty."""
        return self.splits["train"]

    @property
    def classes(self) -> tuple[str, ...]:
        """The words of the drawings: those of the labels, else the set's name."""
        return self.words or (self.name,)


def pack(sketches: Sequence[np.ndarray], where: str) -> Sketches:
    """Pack `[n, 3]` arrays of any real dtypes, validated and clipped to ± `LIMIT`.

    Raises:
        DataError: one is empty, of another shape, not finite, or has pens other than 0 and 1.
    """
    for number, sketch in enumerate(sketches):
        if sketch.ndim != 2 or sketch.shape[1] != 3 or not len(sketch):
            raise DataError(
                f"{where}: sketch {number} has shape {list(sketch.shape)}; expected [points, 3], points > 0"
            )
    points = np.concatenate(sketches) if sketches else np.zeros((0, 3), np.int16)
    offsets = np.zeros(len(sketches) + 1, dtype=np.int64)
    np.cumsum([len(sketch) for sketch in sketches], out=offsets[1:])
    if points.dtype.kind == "f" and not np.isfinite(points).all():
        worst = int(np.flatnonzero(~np.isfinite(points).all(axis=1))[0])
        number = int(np.searchsorted(offsets, worst, side="right")) - 1
        raise DataError(f"{where}: sketch {number} holds NaN or infinity")
    _check_pens(points, offsets, where)
    return Sketches(_compact(points), offsets)


def _check_pens(points: np.ndarray, offsets: np.ndarray, where: str) -> None:
    pen = points[:, 2]
    if ((pen == 0) | (pen == 1)).all():
        return
    for number in range(len(offsets) - 1):
        check_pens(points[offsets[number] : offsets[number + 1]], f"{where}: sketch {number}")


def measure(splits: Mapping[str, Sketches]) -> Measures:
    """Compute the statistics of a data set in float64; float32 is inexact in the scale's sixth decimal."""
    training = splits["train"]
    offsets = training.points[:, :2]
    squares = sum(float((part * part).sum()) for part in (offsets[:, axis].astype(np.float64) for axis in (0, 1)))
    return Measures(
        count=offsets.size,
        total=float(offsets.sum(dtype=np.float64)),
        squares=squares,
        longest=max(int(split.lengths.max(initial=0)) for split in splits.values()),
        sides=larger_sides(training).astype(np.float32),
    )


def scale_factor(sets: Sequence[DataSet]) -> float:
    """Return the standard deviation of all training offsets, pooled over x, y and the sets; 1 if it is 0."""
    count = sum(dataset.measures.count for dataset in sets)
    mean = sum(dataset.measures.total for dataset in sets) / count
    variance = sum(dataset.measures.squares for dataset in sets) / count - mean**2
    return float(np.sqrt(max(variance, 0.0))) or 1.0


def longest(sets: Sequence[DataSet]) -> int:
    """Return N_max: the points of the longest sketch in all splits."""
    return max(dataset.measures.longest for dataset in sets)


def outliers(sets: Sequence[DataSet]) -> tuple[int, int] | None:
    """Return the 99th percentile of points and the number of longer sketches, if outliers determine N_max.

    None if the longest has at most `OUTLIER_RATIO` times the percentile.
    """
    lengths = np.concatenate([split.lengths for dataset in sets for split in dataset.splits.values()])
    usual = int(np.percentile(lengths, 99, method="lower"))
    return (usual, int((lengths > usual).sum())) if lengths.max() > OUTLIER_RATIO * usual else None


def canvas_size(sets: Sequence[DataSet]) -> float:
    """Return the median larger side of the training drawings, in data units; at least 1."""
    return max(1.0, float(np.median(np.concatenate([dataset.measures.sides for dataset in sets]))))


def words_of(sets: Sequence[DataSet]) -> tuple[str, ...]:
    """Return the distinct words of all sets, in order of first occurrence."""
    return tuple(dict.fromkeys(word for dataset in sets for word in dataset.classes))


def label_rows(dataset: DataSet, split: str, words: Sequence[str]) -> np.ndarray:
    """Return each sketch's row in a model's label table, int32 `[sketches]`: 1 + its word's index, 0 without one."""
    row_of = {word: row for row, word in enumerate(words, 1)}
    rows = np.array([row_of.get(word, 0) for word in dataset.classes], dtype=np.int32)
    sketches = dataset.splits[split]
    if sketches.labels is None:
        return np.full(len(sketches), rows[0], dtype=np.int32)
    return rows[sketches.labels]


def larger_sides(sketches: Sketches) -> np.ndarray:
    """Return the larger side of each drawing's bounding box in data units, `[sketches]`."""
    if not len(sketches):
        return np.zeros(0)
    starts = sketches.offsets[:-1]
    sides = np.zeros((2, len(sketches)))
    for axis in (0, 1):
        moves = sketches.points[:, axis]
        position = np.cumsum(moves, dtype=np.float64)
        origin = position[starts] - moves[starts]  # Where the first stroke starts.
        low = np.minimum(np.minimum.reduceat(position, starts), origin)
        sides[axis] = np.maximum(np.maximum.reduceat(position, starts), origin) - low
    return sides.max(axis=0)


def _compact(points: np.ndarray) -> np.ndarray:
    """Return points clipped, with pen values 0 or 1, as int16 if lossless, else float32."""
    pen = points[:, 2] > 0.5
    if points.dtype.kind == "u":
        points = points.astype(np.int64)  # Unsigned types have no -LIMIT.
    limit = LIMIT if points.dtype.kind == "f" else int(LIMIT)
    clipped = np.clip(points, -limit, limit) if points.dtype != np.int8 else points
    compact = clipped.astype(np.int16, copy=False)
    if points.dtype.kind == "f" and not (compact[:, :2] == clipped[:, :2]).all():
        compact = clipped.astype(np.float32)
    compact[:, 2] = pen
    return compact
