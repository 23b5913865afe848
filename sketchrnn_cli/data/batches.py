"""From packed sketches to padded batches: order, augmentation, buckets, padding.

Order and augmentation derive from (seed, epoch) and (seed, epoch, batch) alone, so training can stop and go on
anywhere. An epoch shuffles all sketches, sorts each pool of `POOL` batches by length, and cuts it into batches of one
size, each padded to the smallest bucket that holds it: little work on padding, few shapes to compile, every sketch
exactly once. The last batch is filled up with empty rows (length 0).
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from queue import Full, Queue
from typing import Any, NamedTuple

import numpy as np

from sketchrnn_cli.data.dataset import Sketches
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.hparams import HParams

POOL = 32
"""Batches that are sorted by length together."""
BATCHES_MEASURED = 256
"""Batches at most that the padded lengths are chosen for."""


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

    def gather(self, chosen: np.ndarray) -> np.ndarray:
        """Return the points `[total, 3]` of the chosen sketches, one after another."""
        places = [(self.parts[part], place) for part, place in self.index[chosen]]
        points = [part.points[part.offsets[place] : part.offsets[place + 1]] for part, place in places]
        return np.concatenate(points).astype(np.float32)


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


def bucket_lengths(sketches: Corpus, hparams: HParams) -> tuple[int, ...]:
    """Choose the padded lengths, `hparams.buckets` at most, that waste the fewest rows.

    They are chosen for batches of the first epoch, which augmentation has made shorter; the last holds the longest
    sketch as it is.
    """
    order = _epoch_order(sketches, hparams, 0)[:BATCHES_MEASURED]
    needed = [_augmented(sketches, hparams, 0, number, chosen)[1].max() for number, chosen in enumerate(order)]
    return cheapest_lengths(np.array(needed), int(sketches.lengths.max()), hparams.buckets)


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


def training_batches(
    sketches: Corpus, hparams: HParams, scale: float, buckets: Sequence[int], epoch: int, start: int = 0
) -> Iterator[Batch]:
    """Yield the augmented batches of an epoch from batch number `start` on.

    Args:
        sketches: the training split.
        hparams: batch size, augmentation, seed.
        scale: data units per model unit.
        buckets: padded lengths, the last at least the longest sketch.
        epoch: counted from 0.
        start: batches to leave out at the beginning.
    """
    for number, chosen in enumerate(_epoch_order(sketches, hparams, epoch)):
        if number < start:
            continue
        points, lengths = _augmented(sketches, hparams, epoch, number, chosen)
        rows, length = batch_size(sketches, hparams), _bucket(lengths, buckets)
        yield assemble(points, lengths, scale, length, rows, sketches.labels[chosen])


def plain_batches(
    sketches: Corpus, scale: float, rows: int, buckets: Sequence[int], chosen: np.ndarray | None = None
) -> Iterator[Batch]:
    """Yield all sketches (or the chosen) once, in order, as they are."""
    everything = np.arange(len(sketches)) if chosen is None else chosen
    for first in range(0, len(everything), rows):
        some = everything[first : first + rows]
        lengths = sketches.lengths[some]
        yield assemble(sketches.gather(some), lengths, scale, _bucket(lengths, buckets), rows, sketches.labels[some])


def augment(
    points: np.ndarray, lengths: np.ndarray, rng: np.random.Generator, hparams: HParams
) -> tuple[np.ndarray, np.ndarray]:
    """Scale sketches at random and drop inner points of their strokes; what remains keeps its place.

    Args:
        points: stroke-3 points `[total, 3]` of all sketches, one after another.
        lengths: points of each sketch, `[batch]`.
        rng: source of randomness.
        hparams: ``random_scale_factor`` (x and y are each scaled by 1 ± this) and ``augment_stroke_prob``.

    Returns:
        New points and lengths.
    """
    owner = np.repeat(np.arange(len(lengths)), lengths)
    factor = 1.0 + hparams.random_scale_factor * (2.0 * rng.random((len(lengths), 2)) - 1.0)
    position = np.cumsum(points[:, :2] * factor[owner], axis=0, dtype=np.float64)
    lifted = points[:, 2] > 0.5
    last = np.zeros(len(points), dtype=bool)
    last[np.cumsum(lengths) - 1] = True
    after_lift = np.roll(lifted & ~last, 1)  # The first point of a later stroke; a sketch begins inside its first.
    kept = (rng.random(len(points)) >= hparams.augment_stroke_prob) | lifted | last | after_lift
    new_lengths = np.bincount(owner[kept], minlength=len(lengths))
    position = position[kept]
    starts = np.concatenate([[0], np.cumsum(new_lengths)[:-1]])
    origin = np.concatenate([np.zeros((1, 2)), position[starts[1:] - 1]])
    before = np.roll(position, 1, axis=0)
    before[starts] = origin
    new_points = np.concatenate([position - before, points[kept, 2:]], axis=1)
    return new_points.astype(np.float32), new_lengths


def assemble(
    points: np.ndarray, lengths: np.ndarray, scale: float, length: int, rows: int, labels: np.ndarray | None = None
) -> Batch:
    """Pad sketches to `length` points and one end row, in model units.

    Args:
        points: stroke-3 `[total, 3]` in data units, one sketch after another.
        lengths: points of each sketch.
        scale: data units per model unit.
        length: points that every sketch is padded to.
        rows: sketches that the batch is filled up to.
        labels: of each sketch; None for any.
    """
    batch = np.zeros((rows, length + 1, 5), dtype=np.float32)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(points)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    batch[owner, place, :2] = points[:, :2] / scale
    batch[owner, place, 2] = 1.0 - points[:, 2]
    batch[owner, place, 3] = points[:, 2]
    all_lengths = np.zeros(rows, dtype=np.int32)
    all_lengths[: len(lengths)] = lengths
    batch[:, :, 4] = np.arange(length + 1) >= all_lengths[:, None]
    all_labels = np.zeros(rows, dtype=np.int32)
    all_labels[: len(lengths)] = 0 if labels is None else labels
    return Batch(batch, all_lengths, all_labels, np.int32(len(lengths)))


def prefetch(batches: Iterator[Batch], depth: int = 4) -> Iterator[Batch]:
    """Yield the same batches, made ahead by a thread so that the device does not wait for them."""
    queue: Queue = Queue(depth)
    stop = threading.Event()

    def put(item: object) -> None:
        while not stop.is_set():
            try:
                return queue.put(item, timeout=0.1)
            except Full:
                continue

    def work() -> None:
        try:
            for batch in batches:
                if stop.is_set():
                    return
                put(batch)
            put(None)
        except BaseException as error:  # noqa: BLE001  Raised again by the reader, whatever it is.
            put(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (item := queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()


def _augmented(
    sketches: Corpus, hparams: HParams, epoch: int, number: int, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return points and lengths of a batch of an epoch, augmented."""
    rng = np.random.default_rng([hparams.seed, 2, epoch, number])
    return augment(sketches.gather(chosen), sketches.lengths[chosen], rng, hparams)


def _epoch_order(sketches: Corpus, hparams: HParams, epoch: int) -> list[np.ndarray]:
    """Return the sketches of every batch of an epoch, batches in random order."""
    rng = np.random.default_rng([hparams.seed, 1, epoch])
    rows = batch_size(sketches, hparams)
    order = rng.permutation(len(sketches))
    pools = [order[first : first + rows * POOL] for first in range(0, len(order), rows * POOL)]
    by_length = [pool[np.argsort(sketches.lengths[pool], kind="stable")] for pool in pools]
    batches = [pool[first : first + rows] for pool in by_length for first in range(0, len(pool), rows)]
    return [batches[number] for number in rng.permutation(len(batches))]


def _bucket(lengths: np.ndarray, buckets: Sequence[int]) -> int:
    """Return the smallest padded length that holds every sketch."""
    return buckets[int(np.searchsorted(buckets, lengths.max()))]
