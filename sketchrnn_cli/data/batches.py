"""From packed sketches to padded batches: order, padded lengths, augmentation.

Everything derives from (seed, epoch) and the number of a sketch, so training can stop and go on anywhere. An epoch
shuffles all sketches, sorts each pool of `POOL` batches by length, and cuts it into batches of one size, each padded to
the smallest of a few lengths that holds it: little work on padding, few shapes to compile, every sketch exactly once.
Where there is one length, sorting wins nothing, and batches of mixed lengths teach a little more: they stay shuffled.
The last batch is filled up with empty rows (length 0).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sketchrnn_cli.data.augmentation import Padded, augment, kept_points, to_rows
from sketchrnn_cli.data.dataset import Sketches
from sketchrnn_cli.data.noise import epoch_key
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.hparams import HParams

POOL = 32
"""Batches that are sorted by length together, where they are padded to several lengths."""
BATCHES_MEASURED = 256
"""Batches at most that the padded lengths are chosen for."""
LENGTHS = (31, 63, 95, 127)
"""Padded lengths below N_max outside of training, in points; each is compiled once."""
BATCHES_PLANNED = 16
"""Batches whose lengths after augmentation are found together."""


class Batch(NamedTuple):
    """Sketches as a model is trained on them; NumPy arrays here, tensors inside a compiled step."""

    rows: Any
    """S₁ ... S_T: stroke-5 float32 `[batch, length + 1, 5]` in model units, at least one end row a sketch."""
    lengths: Any
    """Points of each sketch, int32 `[batch]`; 0 marks a row that only fills the batch."""
    labels: Any
    """The label of each sketch, int32 `[batch]`; 0 means any."""
    count: Any
    """Number of real sketches, int32 scalar."""


class Planned(NamedTuple):
    """A batch before it is made."""

    sketches: np.ndarray
    """Numbers of its sketches in the corpus, int32."""
    length: int
    """Points that it is padded to."""


@dataclass(frozen=True)
class Corpus:
    """The sketches of one split of one or several data sets that are no longer than N_max."""

    parts: tuple[Sketches, ...]
    index: np.ndarray
    """int32 `[sketches, 2]`: part, and place in it."""
    lengths: np.ndarray
    """Points of each sketch, int32 `[sketches]`."""
    labels: np.ndarray
    """Label of each sketch, int32 `[sketches]`; 0 means any."""

    def __len__(self) -> int:
        return len(self.index)

    def padded(self, chosen: np.ndarray) -> Padded:
        """Return the chosen sketches padded to the longest of them; past its length a sketch holds anything."""
        points = self._gathered(chosen, slice(None))
        return Padded(points[:, :, :2], points[:, :, 2] > 0, self.lengths[chosen])

    def pens(self, chosen: np.ndarray) -> np.ndarray:
        """Return `padded` without the offsets: whether the pen lifts after a point, bool `[sketches, time]`."""
        return self._gathered(chosen, 2) > 0

    def _gathered(self, chosen: np.ndarray, columns: int | slice) -> np.ndarray:
        """Return columns of the points of sketches, `[sketches, time, ...]`."""
        time = np.arange(self.lengths[chosen].max(initial=1))
        owners, places = self.index[chosen].T
        dtype = np.result_type(*(part.points.dtype for part in self.parts))
        points = np.zeros((len(chosen), len(time), *self.parts[0].points[:0, columns].shape[1:]), dtype)
        for owner in np.unique(owners):
            part, rows = self.parts[owner], np.flatnonzero(owners == owner)
            at = part.offsets[places[rows], None] + time
            points[rows] = part.points[:, columns][np.minimum(at, len(part.points) - 1)]
        return points


def corpus(parts: Sequence[Sketches], max_points: int, labels: Sequence[np.ndarray] | None = None) -> Corpus:
    """Join splits of several sets, without the sketches of more than `max_points` points."""
    lengths = [part.lengths for part in parts]
    places = [np.flatnonzero(part <= max_points) for part in lengths]
    numbers = np.repeat(np.arange(len(parts)), [len(some) for some in places])
    flat = np.concatenate([part[some] for part, some in zip(lengths, places, strict=True)])
    index = np.stack([numbers, np.concatenate(places)], axis=1).astype(np.int32)
    rows = np.zeros(len(flat), np.int32)
    if labels is not None:
        rows = np.concatenate([part[some] for part, some in zip(labels, places, strict=True)]).astype(np.int32)
    return Corpus(tuple(parts), index, flat.astype(np.int32), rows)


def batch_size(sketches: Corpus, hparams: HParams) -> int:
    """Return the rows of every batch: as asked for, or the whole set where that is smaller.

    Raises:
        DataError: there is no sketch.
    """
    if not len(sketches):
        raise DataError(f"no sketch to train on has at most max_seq_len = {hparams.max_seq_len} points")
    return min(hparams.batch_size, len(sketches))


def padded_lengths(sketches: Corpus, hparams: HParams, steps: float, compiling: float) -> tuple[int, ...]:
    """Choose the padded lengths, `hparams.buckets` at most, that cost the least.

    They are chosen for batches of the first epoch, which augmentation has made shorter; the last holds the longest
    sketch as it is. A length more saves padding and costs a compilation, so a short run gets fewer.

    Args:
        sketches: the training split.
        hparams: batches, augmentation, seed.
        steps: how many will be taken, about.
        compiling: what compiling a length costs, in steps.
    """
    longest = int(sketches.lengths.max())
    if hparams.conditional and not hparams.mask_encoder:
        return (hparams.max_seq_len,)  # Such an encoder sees the padding, so it gets all of it.
    order = _Order(sketches, hparams, 0, POOL)
    some = [order[number] for number in range(min(len(order), BATCHES_MEASURED))]
    needed = np.array([_augmented_lengths(sketches, [chosen], hparams, 0)[0] for chosen in some])
    choices = [cheapest_lengths(needed, longest, count) for count in range(1, hparams.buckets + 1)]

    def cost(lengths: tuple[int, ...]) -> float:
        rows = np.array(lengths)[np.searchsorted(lengths, needed)].mean()
        return steps * float(rows) + len(lengths) * compiling * float(needed.mean())

    return min(choices, key=cost)


def cheapest_lengths(needed: np.ndarray, longest: int, buckets: int) -> tuple[int, ...]:
    """Return the lengths, at most `buckets` and the longest among them, that pad batches the least.

    The lengths that batches need, sorted, are cut into runs, each padded to its longest: solved exactly by dynamic
    programming.
    """
    sizes, counts = np.unique(np.append(needed, longest), return_counts=True)
    total = np.concatenate([[0], np.cumsum(counts)])
    cost = np.where(np.arange(len(sizes) + 1) == 0, 0.0, np.inf)
    choices = []
    for _ in range(min(buckets, len(sizes))):
        step = cost[:, None] + (total[None, 1:] - total[:, None]) * sizes[None, :]
        step[np.arange(len(sizes) + 1)[:, None] > np.arange(len(sizes))[None, :]] = np.inf
        choices.append(step.argmin(axis=0))
        cost = np.concatenate([[np.inf], step.min(axis=0)])
    ends, last = [], len(sizes)
    for choice in reversed(choices):
        ends.append(int(sizes[last - 1]))
        last = int(choice[last - 1])
    return tuple(sorted(ends))


def steps_per_epoch(sketches: Corpus, hparams: HParams) -> int:
    """Return the number of batches in which every sketch comes once."""
    return -(-len(sketches) // batch_size(sketches, hparams))


def plan(sketches: Corpus, hparams: HParams, lengths: Sequence[int], epoch: int, start: int = 0) -> Iterator[Planned]:
    """Yield the batches of an epoch, planned, from batch number `start` on.

    Args:
        sketches: the training split.
        hparams: batch size, augmentation, seed.
        lengths: padded lengths, the last at least the longest sketch.
        epoch: counted from 0.
        start: batches to leave out at the beginning.
    """
    order = _Order(sketches, hparams, epoch, POOL if len(lengths) > 1 else 1)
    for first in range(start, len(order), BATCHES_PLANNED):
        some = [order[number] for number in range(first, min(first + BATCHES_PLANNED, len(order)))]
        for chosen, longest in zip(some, _augmented_lengths(sketches, some, hparams, epoch), strict=True):
            yield Planned(chosen, fitting(longest, lengths))


def make(
    sketches: Corpus, hparams: HParams, scale: float, epoch: int, planned: Planned, share: slice | None = None
) -> Batch:
    """Make a planned batch, augmented; `scale` is in data units per model unit.

    With a `share`, only these rows of it are made, and are what they would be in the whole batch.
    """
    share = share or slice(0, batch_size(sketches, hparams))
    chosen = planned.sketches[share]
    key = epoch_key(hparams.seed, epoch)
    augmented = augment(np, sketches.padded(chosen), chosen, key, planned.length, hparams)
    batch = _filled(augmented, sketches.labels[chosen], scale, share.stop - share.start)
    return batch._replace(count=np.int32(len(planned.sketches)))


def plain_batches(sketches: Corpus, scale: float, rows: int, length: int) -> Iterator[Batch]:
    """Yield all sketches once, in order, as they are, padded to `length` points."""
    for first in range(0, len(sketches), rows):
        yield filled(sketches, np.arange(first, min(first + rows, len(sketches))), scale, rows, length)


def by_length(lengths: np.ndarray, rows: int, hparams: HParams) -> Iterator[tuple[np.ndarray, int]]:
    """Yield up to `rows` sketches of similar length and the points to pad them to, until each has come once."""
    reads_padding = hparams.conditional and not hparams.mask_encoder
    shorter = [] if reads_padding else [length for length in LENGTHS if length < hparams.max_seq_len]
    order = np.argsort(lengths, kind="stable")
    for first in range(0, len(order), rows):
        some = order[first : first + rows]
        yield some, fitting(int(lengths[some[-1]]), [*shorter, hparams.max_seq_len])


def filled(sketches: Corpus, chosen: np.ndarray, scale: float, rows: int, length: int) -> Batch:
    """Return the chosen sketches as they are, padded to `length` points, with empty ones up to `rows`."""
    given = sketches.padded(chosen)
    xy, pen = (_to_length(part, length) for part in given[:2])
    return _filled(Padded(xy, pen, given.lengths), sketches.labels[chosen], scale, rows)


def fitting(points: int, lengths: Sequence[int]) -> int:
    """Return the smallest padded length that holds so many points."""
    return int(lengths[int(np.searchsorted(lengths, points))])


def _filled(given: Padded, labels: np.ndarray, scale: float, rows: int) -> Batch:
    """Return a batch of sketches, filled up to `rows` with empty ones."""
    count = len(labels)
    real = np.arange(given.pen.shape[1]) < given.lengths[:, None]
    xy, pen, lengths, labels = (
        np.concatenate([part, np.zeros((rows - count, *part.shape[1:]), part.dtype)]) if rows > count else part
        for part in (np.where(real[:, :, None], given.xy, 0), given.pen, given.lengths, labels)
    )
    return Batch(to_rows(np, Padded(xy, pen, lengths), scale), lengths, labels, np.int32(count))


def _to_length(array: np.ndarray, length: int) -> np.ndarray:
    """Return `[batch, time, ...]` cut or filled with zeros to `[batch, length, ...]`."""
    missing = max(0, length - array.shape[1])
    return np.pad(array[:, :length], [(0, 0), (0, missing)] + [(0, 0)] * (array.ndim - 2))


def _augmented_lengths(sketches: Corpus, batches: list[np.ndarray], hparams: HParams, epoch: int) -> list[int]:
    """Return the points of the longest sketch of each batch, as the augmentation of an epoch leaves it."""
    chosen = np.concatenate(batches)
    pen, key = sketches.pens(chosen), epoch_key(hparams.seed, epoch)
    kept = kept_points(np, pen, sketches.lengths[chosen], chosen, key, hparams).sum(axis=1)
    ends = np.cumsum([len(batch) for batch in batches])
    return [int(kept[end - len(batch) : end].max()) for batch, end in zip(batches, ends, strict=True)]


class _Order:
    """The sketches of every batch of an epoch, batches in random order; 4 bytes a sketch."""

    def __init__(self, sketches: Corpus, hparams: HParams, epoch: int, pool: int) -> None:
        rng = np.random.default_rng([hparams.seed, 1, epoch])
        self._rows = batch_size(sketches, hparams)
        self._order = rng.permutation(len(sketches)).astype(np.int32)
        for first in range(0, len(sketches), self._rows * pool):
            some = self._order[first : first + self._rows * pool]
            some[:] = some[np.argsort(sketches.lengths[some], kind="stable")]
        self._batches = rng.permutation(steps_per_epoch(sketches, hparams)).astype(np.int32)

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, number: int) -> np.ndarray:
        first = int(self._batches[number]) * self._rows
        return self._order[first : first + self._rows]
