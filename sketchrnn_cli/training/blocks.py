"""The compiled step, and its inputs and metrics by the block: `BLOCK` steps share uploads and downloads.

A transfer to the device or from it costs the host as much as a step's dispatch. So schedules (and, on the device feed,
the numbers of the sketches) are uploaded for a block of steps; a step gets its place in it, a scalar that lies on the
device already, and writes its metrics into a history, of which any later one holds the last `BLOCK` steps'.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import Batch
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.training.packing import Packing, State
from sketchrnn_cli.training.step import METRICS, Step, schedule, step_function

Array = Any
BLOCK = 32
"""Steps of a block; step n has place n mod `BLOCK`."""


def block_step(hparams: HParams) -> Callable[[State, Array, Step, Array, Batch], tuple[State, Array]]:
    """Return what is compiled for a padded length: ``(state, history, steps, place, batch) -> (state, history)``.

    `steps` are the `Step` of every place, `[BLOCK]` each; `history` is the metrics of every place, `[BLOCK, METRICS]`.
    """
    take, packing = step_function(hparams), Packing(hparams)

    def take_in_block(state: State, history: Array, steps: Step, place: Array, batch: Batch) -> tuple[State, Array]:
        step = Step(*(values[place] for values in steps))
        (weights, slots), metrics = take(packing.unpack(ops, state), batch, step)
        row = ops.arange(BLOCK, dtype="int32")[:, None]
        return packing.pack(ops, weights, slots), ops.where(row == place, metrics, history)

    return take_in_block


def empty_history() -> Array:
    """Return a history before the first step."""
    return tensor(np.zeros((BLOCK, len(METRICS)), np.float32))


class ScheduleTable:
    """The schedules of each block of steps, on the device."""

    EXAMPLE = (Step(*(np.zeros(BLOCK, kind) for kind in (np.int32, np.float32, np.float32))), np.int32(0))
    """Of the shapes of what `at` returns."""

    def __init__(self, hparams: HParams) -> None:
        self._hparams = hparams
        self._places = [tensor(np.array(place, np.int32)) for place in range(BLOCK)]
        self._block, self._steps = -1, self.EXAMPLE[0]

    def at(self, number: int) -> tuple[Step, Array]:
        """Return the schedules of the block of the step after `number` steps, and its place there."""
        block, place = divmod(number, BLOCK)
        if block != self._block:
            each = [schedule(block * BLOCK + other, self._hparams) for other in range(BLOCK)]
            self._block, self._steps = block, Step(*(tensor(np.array(values)) for values in zip(*each, strict=True)))
        return self._steps, self._places[place]


def tensor(array: np.ndarray) -> Array:
    """Return an array as a tensor, whole on every device."""
    several = kernels.several()
    return ops.convert_to_tensor(array) if several is None else several.replicated(array)
