"""A training state as few arrays, so that a compiled step is handed dozens no more.

What an array costs the host at every call, it costs for each: 17 weights and 35 slots cost more than the rest of
the call, and most of them are biases. So the small tensors of each part lie in one flat buffer, which is cut inside the
step. The large ones stay as they are: to cut them out and to join them again would cost the device more.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import initialize, shapes
from sketchrnn_cli.training import optimizer

Array = Any
Part = tuple[Array, ...]
"""A flat buffer of all small tensors, then each large one."""
State = tuple[Part, Part]
"""The model's weights and the optimizer's slots, float32."""
Tensors = dict[str, Array]
LARGE = 1 << 15
"""Numbers in a tensor that stays as it is, at least."""


class Packing:
    """Where each tensor of a state lies."""

    def __init__(self, hparams: HParams, large: int = LARGE) -> None:
        self._hparams = hparams
        weights = shapes(hparams)
        self._tables = tuple(
            sorted(table.items(), key=lambda entry: (math.prod(entry[1]) >= large, entry[0]))
            for table in (weights, optimizer.slot_shapes(weights, hparams))
        )
        self._smalls = [sum(math.prod(shape) < large for _, shape in table) for table in self._tables]

    def initial(self, weights: Mapping[str, np.ndarray] | None, slots: Mapping[str, np.ndarray] | None) -> State:
        """Return the state that training begins with, of NumPy.

        Args:
            weights: as a checkpoint holds them; drawn from the seed where None.
            slots: likewise; of an optimizer that has seen nothing where None.
        """
        weights = initialize(self._hparams) if weights is None else weights
        if slots is None:
            return self.pack(np, weights, optimizer.first_slots(weights, self._hparams))
        return self.pack(np, *optimizer.swap_average(weights, slots, self._hparams))

    def pack(self, xp: Any, weights: Mapping[str, Array], slots: Mapping[str, Array]) -> State:
        """Return the state of these tensors, in the array namespace `xp`."""
        parts = []
        for part, table, small in zip((weights, slots), self._tables, self._smalls, strict=True):
            flat = xp.concatenate([xp.reshape(part[name], (-1,)) for name, _ in table[:small]])
            parts.append((flat, *(part[name] for name, _ in table[small:])))
        return parts[0], parts[1]

    def unpack(self, xp: Any, state: State) -> tuple[Tensors, Tensors]:
        """Return weights and slots by name."""
        parts: list[Tensors] = []
        for (flat, *large), table, small in zip(state, self._tables, self._smalls, strict=True):
            ends = np.cumsum([math.prod(shape) for _, shape in table[:small]]).tolist()
            cut = {
                name: xp.reshape(flat[end - math.prod(shape) : end], shape)
                for (name, shape), end in zip(table[:small], ends, strict=True)
            }
            parts.append(cut | {name: tensor for (name, _), tensor in zip(table[small:], large, strict=True)})
        return parts[0], parts[1]

    def released(self, xp: Any, state: State) -> tuple[Tensors, Tensors]:
        """Return weights and slots as a checkpoint holds them: the average of the weights, where there is one."""
        return optimizer.swap_average(*self.unpack(xp, state), self._hparams)

    def examples(self) -> State:
        """Return arrays of the shapes of a state, which take no memory."""
        zero = np.float32(0.0)
        weights, slots = (
            (
                np.broadcast_to(zero, sum(math.prod(shape) for _, shape in table[:small])),
                *(np.broadcast_to(zero, shape) for _, shape in table[small:]),
            )
            for table, small in zip(self._tables, self._smalls, strict=True)
        )
        return weights, slots


def map_arrays(function: Callable[[Array], Array], state: State) -> State:
    """Return the state of what a function makes of each array."""
    weights, slots = (tuple(map(function, part)) for part in state)
    return weights, slots
