"""Feed sketches to the compiled step: batches assembled on the host, or indices of sketches on the device.

Both augment with the same code and noise, so a step sees the same batch either way.
"""

import itertools
import os
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sketchrnn_cli.data.augmentation import Padded, augment, to_rows
from sketchrnn_cli.data.batches import Batch, Corpus, Planned, batch_size, make, plan, steps_per_epoch
from sketchrnn_cli.data.noise import epoch_key
from sketchrnn_cli.data.prefetch import mapped, prefetch
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.training.blocks import BLOCK, ScheduleTable, block_step, empty_history, tensor
from sketchrnn_cli.training.evaluation import on_device
from sketchrnn_cli.training.packing import State

Array = Any
WORKERS = 4
"""Maximum threads that assemble batches."""
MEMORY_SHARE = 0.25
"""Maximum fraction of the device's memory for the data set."""
MAX_POINTS = 2**31 - 1
"""Maximum points on the device, where JAX uses int32 indices; larger sets are fed by the host."""


@dataclass(frozen=True)
class Work:
    """The inputs of a step."""

    length: int
    """Padded length of its batch, in points."""
    sketches: int
    """Sketches of its batch, without padding."""
    arguments: tuple
    """Arguments of the compiled function besides state, history and the result of `ScheduleTable.at`."""


class Feed(Protocol):
    """A source of inputs for the compiled step."""

    constants: tuple
    """What `function` computes with besides the hyperparameters and the length."""

    def work(self, step: int) -> Generator[Work, None, None]:
        """Yield the inputs of every step after `step`, prepared in advance."""

    def function(self, length: int) -> Callable[..., tuple[State, Array]]:
        """Return what is compiled for a length: ``(state, history, steps, place, *arguments) -> (state, history)``."""

    def examples(self, length: int) -> tuple:
        """Return arrays of the shapes of what that takes besides state."""


def plans(
    sketches: Corpus, hparams: HParams, lengths: tuple[int, ...], step: int
) -> Generator[tuple[int, Planned], None, None]:
    """Yield epoch and planned batch of every step from `step` on, endlessly."""
    first, done = divmod(step, steps_per_epoch(sketches, hparams))
    for epoch in itertools.count(first):
        for planned in plan(sketches, hparams, lengths, epoch, done):
            yield epoch, planned
        done = 0


class HostFeed:
    """Batches assembled on the host, one per call."""

    constants = ()

    def __init__(self, sketches: Corpus, hparams: HParams, scale: float, lengths: tuple[int, ...]) -> None:
        self._sketches, self._hparams, self._scale, self._lengths = sketches, hparams, scale, lengths
        self._rows = batch_size(sketches, hparams)

    def work(self, step: int) -> Generator[Work, None, None]:
        """See `Feed`; independent of the number of threads."""
        several = kernels.several()
        share = None if several is None else several.share(self._rows)

        def made(item: tuple[int, Planned]) -> Work:
            epoch, planned = item
            batch = make(self._sketches, self._hparams, self._scale, epoch, planned, share)
            return Work(planned.length, len(planned.sketches), (on_device(batch),))

        workers = max(1, min(WORKERS, (os.cpu_count() or 1) - 1))
        return prefetch(mapped(made, plans(self._sketches, self._hparams, self._lengths, step), workers))

    def function(self, length: int) -> Callable[..., tuple[State, Array]]:
        """See `Feed`."""
        return block_step(self._hparams)

    def examples(self, length: int) -> tuple:
        """See `Feed`."""
        number = np.zeros(self._rows, np.int32)
        rows = np.zeros((self._rows, length + 1, 5), np.float32)
        batch = Batch(rows, number, number, np.int32(0))
        return (
            empty_history(),
            *ScheduleTable.EXAMPLE,
            batch if kernels.several() is None else on_device(batch, whole=True),
        )


class DeviceFeed:
    """The data set on the device, on JAX: a call takes the indices of its sketches and assembles the batch inside."""

    def __init__(self, sketches: Corpus, hparams: HParams, scale: float, lengths: tuple[int, ...]) -> None:
        self._sketches, self._hparams, self._scale, self._lengths = sketches, hparams, scale, lengths
        self._rows = batch_size(sketches, hparams)
        self._longest = int(sketches.lengths.max())
        self.constants = (scale, self._longest)
        bases = np.cumsum([0, *(len(part.points) for part in sketches.parts)])
        starts = np.zeros(len(sketches), np.int32)
        for number, part in enumerate(sketches.parts):
            own = sketches.index[:, 0] == number
            starts[own] = bases[number] + part.offsets[sketches.index[own, 1]]
        points = np.concatenate([part.points for part in sketches.parts])
        self._data = tuple(map(tensor, (points, starts, sketches.lengths, sketches.labels)))

    def work(self, step: int) -> Generator[Work, None, None]:
        """See `Feed`."""
        with closing(prefetch(self._blocks(step), depth=2)) as blocks:
            for block in blocks:
                yield from block

    def _blocks(self, step: int) -> Generator[list[Work], None, None]:
        """Yield the work of every block, its numbers uploaded together."""
        planned = plans(self._sketches, self._hparams, self._lengths, step)
        while True:
            first = step % BLOCK
            block = list(itertools.islice(planned, BLOCK - first))
            keys = {epoch: epoch_key(self._hparams.seed, epoch) for epoch in {epoch for epoch, _ in block}}
            keys_of, chosen = np.zeros((BLOCK, 2), np.uint32), np.full((BLOCK, self._rows), -1, np.int32)
            for place, (epoch, batch) in enumerate(block, first):
                keys_of[place] = keys[epoch]
                chosen[place, : len(batch.sketches)] = batch.sketches
            arguments = (self._data, tensor(keys_of), self._spread(chosen))
            yield [Work(batch.length, len(batch.sketches), arguments) for _, batch in block]
            step += len(block)

    def _spread(self, chosen: np.ndarray) -> Array:
        """Return the numbers of the sketches of a block, `[BLOCK, batch]`, each on the device that gets the sketch."""
        several = kernels.several()
        return tensor(chosen) if several is None else several.spread(chosen[:, several.share(self._rows)], axis=1)

    def function(self, length: int) -> Callable[..., tuple[State, Array]]:
        """See `Feed`."""
        take = block_step(self._hparams)

        def gather_and_take(
            state: State, history: Array, steps: Any, place: Array, data: tuple[Array, ...], keys: Array, chosen: Array
        ) -> tuple[State, Array]:
            return take(state, history, steps, place, self._gathered(data, chosen[place], keys[place], length))

        return gather_and_take

    def _gathered(self, data: tuple[Array, ...], chosen: Array, key: Array, length: int) -> Batch:
        """Return an augmented batch of the chosen sketches; -1 marks an empty row."""
        from jax import numpy as jnp

        points, starts, lengths, labels = data
        real = chosen >= 0
        chosen = jnp.maximum(chosen, 0)
        at = starts[chosen][:, None] + jnp.arange(self._longest, dtype=jnp.int32)
        raw = points[jnp.minimum(at, len(points) - 1)]
        given = Padded(raw[:, :, :2], raw[:, :, 2] > 0, jnp.where(real, lengths[chosen], 0))
        made = augment(jnp, given, chosen, key, length, self._hparams)
        count = real.sum().astype(jnp.int32)
        return Batch(to_rows(jnp, made, self._scale), made.lengths, jnp.where(real, labels[chosen], 0), count)

    def examples(self, length: int) -> tuple:
        """See `Feed`."""
        chosen = self._spread(np.zeros((BLOCK, self._rows), np.int32))
        return empty_history(), *ScheduleTable.EXAMPLE, self._data, np.zeros((BLOCK, 2), np.uint32), chosen


def fits_device(sketches: Corpus) -> bool:
    """Return whether a data set fits on the device: on JAX and a GPU, within a fraction of its memory."""
    engine = kernels.engine()
    if not hasattr(engine, "memory") or not engine.has_gpu():
        return False
    points = sum(len(part.points) for part in sketches.parts)
    size = sum(part.points.nbytes for part in sketches.parts) + 12 * len(sketches)
    return points <= MAX_POINTS and size <= MEMORY_SHARE * engine.memory()


FEEDS: dict[str, type] = {"host": HostFeed, "device": DeviceFeed}
