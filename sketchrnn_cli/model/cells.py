"""Single steps of the recurrent cells, for any array namespace `xp`.

A cell is a record, looked up by name. Its `project` computes what depends on the inputs alone, in one matmul for the
entire sequence; its `step` does the rest. Gates are ordered i, f, c, o. Recurrent dropout applies to the candidate
only, so that the cell state is kept (Semeniuta et al. 2016).
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import HParams

Array = Any
State = tuple[Array, Array]
LAYER_NORM_EPSILON = 1e-3
FORGET_BIAS = 1.0
HYPER_UNITS = 256
"""Units of a hyper cell's inner LSTM (Magenta's default)."""
HYPER_EMBEDDING = 32
"""Size of the embeddings from which a hyper cell's gate scales are computed (Magenta's default)."""


@dataclass(frozen=True)
class Cell:
    """A kind of recurrent cell."""

    shapes: Callable[[int, int], dict[str, tuple[int, ...]]]
    """``(inputs, units)`` to the shapes of its tensors, by name."""
    step: Callable[..., State]
    """``(xp, weights, projected, state, gate, mask)`` to the next (h, c).

    `projected` is the output of `project` for this step, `[batch, ...]`; `state` is (h, c), each `[batch, state size]`;
    `gate` names the gates' activation, configurable for `lstm` only; `mask` is the recurrent dropout of the candidate,
    `[batch, units]`, with kept entries 1 / keep, or None."""
    forget_biases: tuple[str, ...] = ()
    """Biases that include the forget gate's 1; a normalized cell adds it after the normalization."""
    inner_units: int = 0
    """Units of an inner cell, whose state is concatenated to the outer one's."""

    def state_size(self, units: int) -> int:
        """Return the size of h, and of c."""
        return units + self.inner_units

    def input_kernel(self, xp: Any, weights: Mapping[str, Array]) -> Array:
        """Return the input kernel `[inputs, ...]`, with an inner cell's concatenated."""
        kernel = weights["kernel"]
        if not self.inner_units:
            return kernel
        return xp.concatenate([kernel, weights["hyper.kernel"][: kernel.shape[0]]], axis=-1)

    def project(self, xp: Any, weights: Mapping[str, Array], inputs: Array) -> Array:
        """Project inputs `[..., inputs]` to gates `[..., 4 * units]`, with an inner cell's concatenated."""
        projected = xp.matmul(inputs, self.input_kernel(xp, weights))
        if self.forget_biases == ("bias",):
            return projected + weights["bias"]
        if self.forget_biases:
            zeros = xp.zeros(weights["bias"].shape, dtype="float32")  # The outer bias is added after scaling.
            return projected + xp.concatenate([zeros, weights["hyper.bias"]], axis=-1)
        return projected


def of(name: str, hparams: HParams) -> Cell:
    """Return a cell by name.

    Raises:
        UsageError: unknown.
    """
    cell = CELLS.get("plain_hyper" if (name, hparams.hyper_inner) == ("hyper", "lstm") else name)
    if cell is None:
        raise UsageError(f"no recurrent cell {name!r}; there are {', '.join(CELLS)}")
    return cell


def sigmoid(xp: Any, x: Array) -> Array:
    """Return the logistic function, computed with tanh, which does not overflow."""
    return 0.5 * xp.tanh(0.5 * x) + 0.5


def hard_sigmoid(xp: Any, x: Array) -> Array:
    """Return Keras 2's piecewise linear sigmoid, clip(0.2 x + 0.5, 0, 1)."""
    return xp.clip(0.2 * x + 0.5, 0.0, 1.0)


GATES: dict[str, Callable[[Any, Array], Array]] = {"sigmoid": sigmoid, "hard_sigmoid": hard_sigmoid}


def lstm_gates(
    xp: Any, gates: Array, c: Array, activation: Callable[[Any, Array], Array] = sigmoid, mask: Array | None = None
) -> State:
    """Return (h, c) from pre-activation gates `[batch, 4 * units]` and the previous c."""
    units = gates.shape[-1] // 4
    candidate = xp.tanh(gates[..., 2 * units : 3 * units])
    if mask is not None:
        candidate = candidate * mask
    opened = activation(xp, gates)  # Includes the unused candidate: in NumPy, one call is cheaper.
    c = opened[..., units : 2 * units] * c + opened[..., :units] * candidate
    return opened[..., 3 * units :] * xp.tanh(c), c


def _normalize(xp: Any, x: Array, gamma: Array, beta: Array) -> Array:
    """Apply layer normalization over the last axis (Ba et al. 2016)."""
    centered = x - xp.mean(x, axis=-1, keepdims=True)
    variance = xp.mean(centered * centered, axis=-1, keepdims=True)
    return gamma * centered / xp.sqrt(variance + LAYER_NORM_EPSILON) + beta


def _normalized_gates(xp: Any, weights: Mapping[str, Array], gates: Array, c: Array, mask: Array | None) -> State:
    """Return (h, c) of an LSTM with layer normalization of the four gates, and of c for the output."""
    normalized = [
        _normalize(xp, x, gamma, beta)
        for x, gamma, beta in zip(
            xp.split(gates, 4, axis=-1),
            xp.split(weights["gamma"], 4),
            xp.split(weights["beta"], 4),
            strict=True,
        )
    ]
    i, f, candidate, o = normalized
    candidate = xp.tanh(candidate)
    if mask is not None:
        candidate = candidate * mask
    c = sigmoid(xp, f + FORGET_BIAS) * c + sigmoid(xp, i) * candidate
    h = sigmoid(xp, o) * xp.tanh(_normalize(xp, c, weights["cell_gamma"], weights["cell_beta"]))
    return h, c


def _lstm_step(
    xp: Any, weights: Mapping[str, Array], projected: Array, state: State, gate: str = "sigmoid", mask: Any = None
) -> State:
    gates = projected + xp.matmul(state[0], weights["recurrent_kernel"])
    return lstm_gates(xp, gates, state[1], GATES[gate], mask)


def _layer_norm_step(
    xp: Any, weights: Mapping[str, Array], projected: Array, state: State, gate: str = "sigmoid", mask: Any = None
) -> State:
    gates = projected + xp.matmul(state[0], weights["recurrent_kernel"])
    return _normalized_gates(xp, weights, gates, state[1], mask)


def _hyper_step(
    xp: Any, weights: Mapping[str, Array], projected: Array, state: State, gate: str = "sigmoid", mask: Any = None
) -> State:
    """Return (h, c) of a HyperLSTM (Ha, Dai & Le 2016): an inner LSTM scales the gates of the outer one.

    The inner LSTM is layer-normalized, or plain if it has a bias (`HParams.hyper_inner`).
    """
    units = weights["recurrent_kernel"].shape[0]
    h, inner_h = state[0][:, :units], state[0][:, units:]
    c, inner_c = state[1][:, :units], state[1][:, units:]
    from_h = weights["hyper.kernel"][weights["kernel"].shape[0] :]
    inner_gates = (
        projected[:, 4 * units :] + xp.matmul(h, from_h) + xp.matmul(inner_h, weights["hyper.recurrent_kernel"])
    )
    if "hyper.bias" in weights:
        inner_h, inner_c = lstm_gates(xp, inner_gates, inner_c)
    else:
        inner = {name: weights[f"hyper.{name}"] for name in NORMS}
        inner_h, inner_c = _normalized_gates(xp, inner, inner_gates, inner_c, None)
    gates = (
        projected[:, : 4 * units] * _hyper_scale(xp, weights, "input", inner_h)
        + xp.matmul(h, weights["recurrent_kernel"]) * _hyper_scale(xp, weights, "recurrent", inner_h)
        + _hyper_scale(xp, weights, "bias", inner_h)
        + weights["bias"]
    )
    h, c = _normalized_gates(xp, weights, gates, c, mask)
    return xp.concatenate([h, inner_h], axis=-1), xp.concatenate([c, inner_c], axis=-1)


def _hyper_scale(xp: Any, weights: Mapping[str, Array], path: str, inner_h: Array) -> Array:
    """Return the scales `[batch, 4 * units]` of one path into the gates; those of `bias` are added."""
    embedding = xp.matmul(inner_h, weights[f"hyper.{path}.embedding"])
    if path != "bias":
        embedding = embedding + weights[f"hyper.{path}.embedding_bias"]
    scale = weights[f"hyper.{path}.scale"]
    gates = [xp.matmul(part, scale[gate]) for gate, part in enumerate(xp.split(embedding, 4, axis=-1))]
    return xp.concatenate(gates, axis=-1)


NORMS = ("gamma", "beta", "cell_gamma", "cell_beta")


def _lstm_shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
    gates = 4 * units
    return {"kernel": (inputs, gates), "recurrent_kernel": (units, gates), "bias": (gates,)}


def _layer_norm_shapes(inputs: int, units: int) -> dict[str, tuple[int, ...]]:
    gates = 4 * units
    norms = dict(zip(NORMS, ((gates,), (gates,), (units,), (units,)), strict=True))
    return {"kernel": (inputs, gates), "recurrent_kernel": (units, gates), **norms}


def _hyper_shapes(inner: Callable[[int, int], dict], inputs: int, units: int) -> dict[str, tuple[int, ...]]:
    hyper = {f"hyper.{name}": shape for name, shape in inner(inputs + units, HYPER_UNITS).items()}
    for path in ("input", "recurrent", "bias"):
        hyper[f"hyper.{path}.embedding"] = (HYPER_UNITS, 4 * HYPER_EMBEDDING)
        if path != "bias":
            hyper[f"hyper.{path}.embedding_bias"] = (4 * HYPER_EMBEDDING,)
        hyper[f"hyper.{path}.scale"] = (4, HYPER_EMBEDDING, units)
    return {**_layer_norm_shapes(inputs, units), "bias": (4 * units,), **hyper}


CELLS = {
    "lstm": Cell(_lstm_shapes, _lstm_step, forget_biases=("bias",)),
    "layer_norm": Cell(_layer_norm_shapes, _layer_norm_step),
    "hyper": Cell(functools.partial(_hyper_shapes, _layer_norm_shapes), _hyper_step, inner_units=HYPER_UNITS),
    "plain_hyper": Cell(
        functools.partial(_hyper_shapes, _lstm_shapes),
        _hyper_step,
        forget_biases=("hyper.bias",),
        inner_units=HYPER_UNITS,
    ),
}
"""The recurrent cells; `plain_hyper` is a `hyper` with a plain inner LSTM."""
