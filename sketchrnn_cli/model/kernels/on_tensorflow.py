"""The training kernels on TensorFlow: see `on_jax` for what each function promises."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from keras import ops

from sketchrnn_cli.model import cells

Array = Any


def lstm(projected: Array, recurrent: Array, h: Array, c: Array, mask: Array | None) -> Array:
    """Run LSTMs over time, `directions` of them side by side."""

    def step(state: tuple[Array, Array], inputs: Any) -> tuple[Array, Array]:
        now, keep = (inputs, None) if mask is None else inputs
        gates = now + tf.matmul(state[0], recurrent)
        return cells.lstm_gates(ops, gates, state[1], mask=keep)

    return tf.scan(step, projected if mask is None else (projected, mask), (h, c))[0]


def scan(step: Callable, state: Any, inputs: Any) -> Array:
    """Run ``state = step(state, inputs[t])`` over time; return every ``state[0]``, `[time, ...]`."""
    return tf.scan(step, inputs, state)[0]


def uniform(shape: Sequence[int], seed: int, step: Array, stream: int) -> Array:
    """Return numbers in [0, 1) that derive from (seed, step, stream) alone."""
    return tf.random.stateless_uniform(shape, _seed(seed, step, stream))


def normal(shape: Sequence[int], seed: int, step: Array, stream: int) -> Array:
    """Return standard normal numbers that derive from (seed, step, stream) alone."""
    return tf.random.stateless_normal(shape, _seed(seed, step, stream))


def _seed(seed: int, step: Array, stream: int) -> Array:
    return tf.stack([tf.constant(seed * 16 + stream, tf.int64), tf.cast(step, tf.int64)])


def value_and_gradients(function: Callable, weights: dict[str, Array]) -> tuple[Array, Any, dict[str, Array]]:
    """Return value, extras and gradients of ``function(weights) -> (value, extras)``."""
    with tf.GradientTape() as tape:
        tape.watch(weights)
        value, extras = function(weights)
    return value, extras, tape.gradient(value, weights)


def compile_step(function: Callable) -> Callable:
    """Compile a function of arrays once for each set of shapes; its first argument may be overwritten."""
    return tf.function(function, jit_compile=bool(tf.config.list_physical_devices("GPU")))


compile_evaluation = compile_step


def device() -> str:
    """Return what the arrays live on, for people."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "CPU (TensorFlow)"
    name = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")
    return f"{name} (TensorFlow)"
