"""The decoders of the drawing engine, in NumPy, behind one interface.

v is `equations.condition`, or None; a state is a tuple of arrays `[batch, ...]`, which `step` may overwrite.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import cells, equations, transformer
from sketchrnn_cli.model.weights import INPUT_SIZE, part

Array = np.ndarray
State = tuple[Array, ...]


class Decoder(Protocol):
    """An autoregressive decoder."""

    def initial_state(self, v: Array | None, batch: int, capacity: int) -> State:
        """Return the state before the first row, for at most `capacity` rows."""

    def prefill(self, rows: Array, v: Array | None, capacity: int) -> tuple[State, Array]:
        """Return state and h `[batch, units]` after rows `[batch, time, 5]`, at least one, in one pass if possible."""

    def step(self, state: State, row: Array) -> tuple[State, Array]:
        """Feed a row `[batch, 5]`; return the next state, and h `[batch, units]`."""

    def sequence(self, rows: Array, v: Array | None) -> Array:
        """Return h after each of the rows `[batch, time, 5]`: `[batch, time, units]`."""


def decoder(hparams: HParams, weights: Mapping[str, Array]) -> Decoder:
    """Return the decoder of a model."""
    return Transformer(hparams, weights) if hparams.dec_model == "transformer" else Recurrent(hparams, weights)


class Recurrent:
    """A recurrent cell; its state is h, c, and the constant contribution of v and bias to the gates."""

    def __init__(self, hparams: HParams, weights: Mapping[str, Array]) -> None:
        """Select the decoder's tensors."""
        self._hparams, self._all, self._weights = hparams, weights, part(weights, "decoder")
        self._cell = cells.of(hparams.dec_model, hparams)
        self._row_kernel = np.ascontiguousarray(self._cell.input_kernel(np, self._weights)[:INPUT_SIZE])

    def initial_state(self, v: Array | None, batch: int, capacity: int) -> State:
        """Return (h, c, constant part of the gates)."""
        if v is not None and self._hparams.first_state == "trained":
            h, c = equations.first_state(np, self._all, v, self._hparams)
        else:
            h = c = np.zeros((batch, self._cell.state_size(self._hparams.dec_rnn_size)), dtype=np.float32)
        inputs = np.zeros((batch, self._weights["kernel"].shape[0]), dtype=np.float32)
        if v is not None:
            inputs[:, INPUT_SIZE:] = v
        return h, c, self._cell.project(np, self._weights, inputs)

    def prefill(self, rows: Array, v: Array | None, capacity: int) -> tuple[State, Array]:
        """Feed the rows one by one."""
        state = self.initial_state(v, len(rows), capacity)
        for row in rows.swapaxes(0, 1):
            state, h = self.step(state, row)
        return state, h

    def step(self, state: State, row: Array) -> tuple[State, Array]:
        """Advance the cell."""
        h, c, constant = state
        projected = constant + row @ self._row_kernel
        h, c = self._cell.step(np, self._weights, projected, (h, c), self._hparams.gate_activation)
        return (h, c, constant), h[:, : self._hparams.dec_rnn_size]

    def sequence(self, rows: Array, v: Array | None) -> Array:
        """Return h after each row."""
        state = self.initial_state(v, len(rows), rows.shape[1])
        outputs = np.empty((*rows.shape[:2], self._hparams.dec_rnn_size), dtype=np.float32)
        for time in range(rows.shape[1]):
            state, outputs[:, time] = self.step(state, rows[:, time])
        return outputs


class Transformer:
    """A causal Transformer; its state is the key-value cache, c₁ ... c_L, and the number of positions filled."""

    def __init__(self, hparams: HParams, weights: Mapping[str, Array]) -> None:
        """Select the decoder's tensors."""
        self._hparams, self._weights = hparams, part(weights, "decoder")
        self._layers = transformer.by_layer(self._weights, hparams)
        self._turns = transformer.rotations(np.arange(0), hparams)

    def initial_state(self, v: Array | None, batch: int, capacity: int) -> State:
        """Return the state after v at position 0."""
        return self._fill(np.zeros((batch, 0, INPUT_SIZE), dtype=np.float32), v, capacity)[0]

    def prefill(self, rows: Array, v: Array | None, capacity: int) -> tuple[State, Array]:
        """Run v and all rows in one pass."""
        state, x = self._fill(rows, v, capacity)
        return state, self._normalized(x[:, -1])

    def step(self, state: State, row: Array) -> tuple[State, Array]:
        """Append one position to the key-value cache, in place."""
        keys, values, added, filled = state
        position = int(filled[0])
        x = transformer.embed(np, self._weights, row, _matmul)[:, None]
        x = self._run(x, list(added.swapaxes(0, 1)), keys, values, position)
        return (keys, values, added, filled + 1), self._normalized(x[:, 0])

    def sequence(self, rows: Array, v: Array | None) -> Array:
        """Return h after each row."""
        return transformer.sequence(np, self._weights, rows, v, self._hparams)

    def _fill(self, rows: Array, v: Array | None, capacity: int) -> tuple[State, Array]:
        """Return the state after v and rows, and the outputs of the last layer `[batch, 1 + time, width]`."""
        hparams, batch, width = self._hparams, len(rows), self._hparams.dec_rnn_size
        if len(self._turns[0]) < capacity + 1:
            self._turns = transformer.rotations(np.arange(capacity + 1), hparams)
        shape = (batch, hparams.dec_layers, hparams.dec_heads, capacity + 1, width // hparams.dec_heads)
        keys, values = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
        first, *added = transformer.conditions(np, self._weights, v, batch, hparams, _matmul)
        x = np.concatenate([first[:, None], transformer.embed(np, self._weights, rows, _matmul)], axis=1)
        x = self._run(x, added, keys, values, 0)
        return (keys, values, np.stack(added, axis=1), np.full(batch, x.shape[1])), x

    def _run(self, x: Array, added: list[Array], keys: Array, values: Array, position: int) -> Array:
        """Run the layers over new positions `[batch, time, width]` after `position` earlier ones."""
        hparams, end = self._hparams, position + x.shape[1]

        def attend(layer: int, q: Array, k: Array, u: Array) -> Array:
            keys[:, layer, :, position:end], values[:, layer, :, position:end] = k, u
            if position == 0:
                return transformer.causal_attention(np, q, k, u, np.matmul)
            seen, given = keys[:, layer, :, :end], values[:, layer, :, :end]
            scores = np.matmul(seen, q.swapaxes(2, 3)) * np.float32(1.0 / np.sqrt(q.shape[3]))
            return np.matmul(transformer.softmax(np, scores.swapaxes(2, 3)), given)

        turn = (self._turns[0][position:end], self._turns[1][position:end])
        return transformer.layers(
            np, self._layers, x, added, turn, attend, hparams.dec_heads, _matmul, lambda x, place: x
        )

    def _normalized(self, x: Array) -> Array:
        return transformer.normalize(np, x, self._weights["norm.gamma"], self._weights["norm.beta"])


def _matmul(a: Array, b: Array) -> Array:
    """Return ``a @ b``; one row per sketch, `[batch, 1, n]`, as one matmul instead of NumPy's many.

    Several rows per sketch stay separate: in a matmul of more than 8 rows a result may depend on its position.
    """
    if b.ndim > 2 or a.ndim < 3 or a.shape[1] != 1:
        return np.matmul(a, b)
    return np.matmul(a[:, 0], b)[:, None]
