"""How sketches reach the compiled step: as batches made on the host, or as numbers of sketches that lie on the device.

Both augment by the same statement with the same noise, so a step sees the same batch either way.
"""

import itertools
import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from keras import ops

from sketchrnn_cli.data.augmentation import Padded, augment, to_rows
from sketchrnn_cli.data.batches import Batch, Corpus, Planned, batch_size, make, plan, steps_per_epoch
from sketchrnn_cli.data.noise import epoch_key
from sketchrnn_cli.data.prefetch import mapped, prefetch
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.training.evaluation import on_device
from sketchrnn_cli.training.step import State, Step, step_function

Array = Any
WORKERS = 4
"""Threads at most that make batches."""
MEMORY_SHARE = 0.25
"""Of the device's memory, at most, for the data set."""
MAX_POINTS = 2**31 - 1
"""Points at most on the device, where JAX counts in int32; more are fed by the host."""


@dataclass(frozen=True)
class Work:
    """A step to be taken."""

    length: int
    """Points that its batch is padded to."""
    sketches: int
    """Real sketches of its batch."""
    arguments: tuple
    """What the compiled function takes besides state and `Step`."""


class Feed(Protocol):
    """A way to the compiled step."""

    def work(self, step: int) -> Generator[Work, None, None]:
        """Yield the work after `step` steps, epoch after epoch, made ahead."""

    def function(self, length: int) -> Callable[..., tuple[State, Array]]:
        """Return what is compiled for a length: ``(state, step, *arguments) -> (state, METRICS)``."""

    def examples(self, length: int) -> tuple:
        """Return arrays of the shapes of `step` and `arguments`."""


STEP_EXAMPLE = Step(np.int32(0), np.float32(0), np.float32(0))


def plans(
    sketches: Corpus, hparams: HParams, lengths: tuple[int, ...], step: int
) -> Generator[tuple[int, Planned], None, None]:
    """Yield epoch and planned batch of every step from `step` on, without end."""
    first, done = divmod(step, steps_per_epoch(sketches, hparams))
    for epoch in itertools.count(first):
        for planned in plan(sketches, hparams, lengths, epoch, done):
            yield epoch, planned
        done = 0


class HostFeed:
    """Batches made on the host, one a call."""

    def __init__(self, sketches: Corpus, hparams: HParams, scale: float, lengths: tuple[int, ...]) -> None:
        self._sketches, self._hparams, self._scale, self._lengths = sketches, hparams, scale, lengths
        self._rows = batch_size(sketches, hparams)

    def work(self, step: int) -> Generator[Work, None, None]:
        """See `Feed`; any number of threads makes the same batches."""
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
        take = step_function(self._hparams)
        return lambda state, step, batch: take(state, batch, step)

    def examples(self, length: int) -> tuple:
        """See `Feed`."""
        number = np.zeros(self._rows, np.int32)
        rows = np.zeros((self._rows, length + 1, 5), np.float32)
        batch = Batch(rows, number, number, np.int32(0))
        return STEP_EXAMPLE, batch if kernels.several() is None else on_device(batch, whole=True)


class DeviceFeed:
    """The data set on the device, on JAX: a call gets the numbers of its sketches and does the rest inside."""

    def __init__(self, sketches: Corpus, hparams: HParams, scale: float, lengths: tuple[int, ...]) -> None:
        self._sketches, self._hparams, self._scale, self._lengths = sketches, hparams, scale, lengths
        self._rows = batch_size(sketches, hparams)
        self._longest = int(sketches.lengths.max())
        bases = np.cumsum([0, *(len(part.points) for part in sketches.parts)])
        starts = np.zeros(len(sketches), np.int32)
        for number, part in enumerate(sketches.parts):
            own = sketches.index[:, 0] == number
            starts[own] = bases[number] + part.offsets[sketches.index[own, 1]]
        points = np.concatenate([part.points for part in sketches.parts])
        self._data = tuple(map(tensor, (points, starts, sketches.lengths, sketches.labels)))

    def work(self, step: int) -> Generator[Work, None, None]:
        """See `Feed`."""
        return prefetch(self._numbers(step), depth=16)

    def _numbers(self, step: int) -> Generator[Work, None, None]:
        several = kernels.several()
        for epoch, planned in plans(self._sketches, self._hparams, self._lengths, step):
            chosen = np.full(self._rows, -1, np.int32)
            chosen[: len(planned.sketches)] = planned.sketches
            if several is not None:
                chosen = several.spread(chosen[several.share(self._rows)])
            key = epoch_key(self._hparams.seed, epoch)
            yield Work(planned.length, len(planned.sketches), (self._data, key, chosen))

    def function(self, length: int) -> Callable[..., tuple[State, Array]]:
        """See `Feed`."""
        take = step_function(self._hparams)

        def gather_and_take(
            state: State, step: Step, data: tuple[Array, ...], key: Array, chosen: Array
        ) -> tuple[State, Array]:
            return take(state, self._gathered(data, chosen, key, length), step)

        return gather_and_take

    def _gathered(self, data: tuple[Array, ...], chosen: Array, key: Array, length: int) -> Batch:
        """Return an augmented batch of the chosen sketches; -1 stands for an empty row."""
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
        chosen, several = np.zeros(self._rows, np.int32), kernels.several()
        if several is not None:
            chosen = several.spread(chosen[several.share(self._rows)])
        return STEP_EXAMPLE, self._data, np.zeros(2, np.uint32), chosen


def tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Array]:
    """Return arrays as tensors, whole on every device."""
    return {name: tensor(value) for name, value in arrays.items()}


def tensor(array: np.ndarray) -> Array:
    """Return an array as a tensor, whole on every device."""
    several = kernels.several()
    return ops.convert_to_tensor(array) if several is None else several.replicated(array)


def fits_device(sketches: Corpus) -> bool:
    """Return whether a data set may lie on the device: on JAX and a GPU, in a share of its memory."""
    engine = kernels.engine()
    if not hasattr(engine, "memory") or not engine.has_gpu():
        return False
    points = sum(len(part.points) for part in sketches.parts)
    size = sum(part.points.nbytes for part in sketches.parts) + 12 * len(sketches)
    return points <= MAX_POINTS and size <= MEMORY_SHARE * engine.memory()


FEEDS: dict[str, type] = {"host": HostFeed, "device": DeviceFeed}
