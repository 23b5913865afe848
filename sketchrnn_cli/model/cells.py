"""The recurrent cells, one step at a time, for any array namespace `xp`.

`project` does what depends on the input alone, for a whole sequence in one product; `step` does the rest. Gates come in
the order i, f, c, o. Recurrent dropout acts on the candidate only, so that no memory is lost (Semeniuta et al. 2016).
"""

from collections.abc import Callable, Mapping
from typing import Any

from sketchrnn_cli.model import weights as tensors

Array = Any
State = tuple[Array, Array]
LAYER_NORM_EPSILON = 1e-3


def sigmoid(xp: Any, x: Array) -> Array:
    """Return the logistic function, by tanh: no overflow, and in every namespace."""
    return 0.5 * xp.tanh(0.5 * x) + 0.5


def hard_sigmoid(xp: Any, x: Array) -> Array:
    """Return Keras 2's piecewise linear sigmoid, clip(0.2 x + 0.5, 0, 1)."""
    return xp.clip(0.2 * x + 0.5, 0.0, 1.0)


GATES: dict[str, Callable[[Any, Array], Array]] = {"sigmoid": sigmoid, "hard_sigmoid": hard_sigmoid}


def project(xp: Any, cell: str, weights: Mapping[str, Array], inputs: Array) -> Array:
    """Return what a cell needs of its inputs `[..., inputs]`: `[..., 4 * units]`, a hyper cell's inner part behind."""
    projected = xp.matmul(inputs, input_kernel(xp, cell, weights))
    if cell == "lstm":
        return projected + weights["bias"]
    if "hyper.bias" in weights:  # Of a plain inner LSTM.
        bias = weights["hyper.bias"]
        return projected + xp.concatenate([xp.zeros(weights["bias"].shape, dtype="float32"), bias], axis=-1)
    return projected


def input_kernel(xp: Any, cell: str, weights: Mapping[str, Array]) -> Array:
    """Return the kernel `[inputs, ...]` that `project` multiplies the inputs with."""
    kernel = weights["kernel"]
    if cell == "hyper":
        return xp.concatenate([kernel, weights["hyper.kernel"][: kernel.shape[0]]], axis=-1)
    return kernel


def step(
    xp: Any,
    cell: str,
    weights: Mapping[str, Array],
    projected: Array,
    state: State,
    gate: str = "sigmoid",
    mask: Array | None = None,
) -> State:
    """Advance one step.

    Args:
        xp: array namespace.
        cell: lstm, layer_norm or hyper.
        weights: the cell's tensors.
        projected: `project` of this step's input, `[batch, ...]`.
        state: (h, c), each `[batch, state size]`.
        gate: activation of the gates.
        mask: recurrent dropout on the candidate, `[batch, units]`, kept entries 1 / keep; None in use.

    Returns:
        The next (h, c).
    """
    if cell == "lstm":
        gates = projected + xp.matmul(state[0], weights["recurrent_kernel"])
        return lstm_gates(xp, gates, state[1], GATES[gate], mask)
    if cell == "layer_norm":
        gates = projected + xp.matmul(state[0], weights["recurrent_kernel"])
        return _normalised_gates(xp, weights, gates, state[1], mask)
    return _hyper_step(xp, weights, projected, state, mask)


def lstm_gates(
    xp: Any, gates: Array, c: Array, activation: Callable[[Any, Array], Array] = sigmoid, mask: Array | None = None
) -> State:
    """Return (h, c) from pre-activation gates `[batch, 4 * units]` and the last c."""
    i, f, candidate, o = xp.split(gates, 4, axis=-1)
    candidate = xp.tanh(candidate)
    if mask is not None:
        candidate = candidate * mask
    c = activation(xp, f) * c + activation(xp, i) * candidate
    return activation(xp, o) * xp.tanh(c), c


def _normalise(xp: Any, x: Array, gamma: Array, beta: Array) -> Array:
    """Return layer normalisation over the last axis (Ba et al. 2016)."""
    centred = x - xp.mean(x, axis=-1, keepdims=True)
    variance = xp.mean(centred * centred, axis=-1, keepdims=True)
    return gamma * centred / xp.sqrt(variance + LAYER_NORM_EPSILON) + beta


def _normalised_gates(xp: Any, weights: Mapping[str, Array], gates: Array, c: Array, mask: Array | None) -> State:
    """Return (h, c) of an LSTM whose four gates, and c before the output, are layer-normalised."""
    normalised = [
        _normalise(xp, x, gamma, beta)
        for x, gamma, beta in zip(
            xp.split(gates, 4, axis=-1),
            xp.split(weights["gamma"], 4),
            xp.split(weights["beta"], 4),
            strict=True,
        )
    ]
    i, f, candidate, o = normalised
    candidate = xp.tanh(candidate)
    if mask is not None:
        candidate = candidate * mask
    c = sigmoid(xp, f + tensors.FORGET_BIAS) * c + sigmoid(xp, i) * candidate
    h = sigmoid(xp, o) * xp.tanh(_normalise(xp, c, weights["cell_gamma"], weights["cell_beta"]))
    return h, c


def _hyper_step(xp: Any, weights: Mapping[str, Array], projected: Array, state: State, mask: Array | None) -> State:
    """Advance a HyperLSTM (Ha, Dai & Le 2016): a small LSTM scales the gates of the large one at every step.

    The small one is layer-normalised, or plain where its tensors have a bias (`HParams.hyper_inner`).
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
        inner_h, inner_c = _normalised_gates(xp, tensors.part(weights, "hyper"), inner_gates, inner_c, None)
    gates = (
        projected[:, : 4 * units] * _hyper_scale(xp, weights, "input", inner_h)
        + xp.matmul(h, weights["recurrent_kernel"]) * _hyper_scale(xp, weights, "recurrent", inner_h)
        + _hyper_scale(xp, weights, "bias", inner_h)
        + weights["bias"]
    )
    h, c = _normalised_gates(xp, weights, gates, c, mask)
    return xp.concatenate([h, inner_h], axis=-1), xp.concatenate([c, inner_c], axis=-1)


def _hyper_scale(xp: Any, weights: Mapping[str, Array], path: str, inner_h: Array) -> Array:
    """Return the factors (for `bias`: the summands) `[batch, 4 * units]` of one path into the gates."""
    embedding = xp.matmul(inner_h, weights[f"hyper.{path}.embedding"])
    if path != "bias":
        embedding = embedding + weights[f"hyper.{path}.embedding_bias"]
    scale = weights[f"hyper.{path}.scale"]
    gates = [xp.matmul(part, scale[gate]) for gate, part in enumerate(xp.split(embedding, 4, axis=-1))]
    return xp.concatenate(gates, axis=-1)
