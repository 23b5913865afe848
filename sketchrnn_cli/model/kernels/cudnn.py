"""cuDNN's LSTM, by way of Keras' layer: GPU only, no recurrent dropout, the same weights as the scan."""

import functools
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import shapes

Array = Any


@functools.cache
def _layer(units: int, inputs: int) -> keras.layers.LSTM:
    """Return the layer that runs an LSTM of these sizes; its own weights are never used."""
    layer = keras.layers.LSTM(units, return_sequences=True, use_cudnn=True)
    layer.build((None, None, inputs))
    return layer


def prepare(hparams: HParams) -> None:
    """Build the layers of a model, which cannot be done while a step is being compiled."""
    for name, shape in shapes(hparams).items():
        if name.endswith(".kernel") and f"{name[:-7]}.recurrent_kernel" in shapes(hparams):
            _layer(shape[1] // 4, shape[0])


def lstm(inputs: Array, weights: Mapping[str, Array], h: Array, c: Array) -> Array:
    """Return every h `[time, batch, units]` for inputs `[time, batch, n]` and a first state `[batch, units]`."""
    layer = _layer(weights["recurrent_kernel"].shape[0], inputs.shape[-1])
    outputs, _ = layer.stateless_call(
        [weights["kernel"], weights["recurrent_kernel"], weights["bias"]],
        layer.non_trainable_variables,
        ops.transpose(inputs, (1, 0, 2)),
        initial_state=[h, c],
    )
    return ops.transpose(outputs, (1, 0, 2))
